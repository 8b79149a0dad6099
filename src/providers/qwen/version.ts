/** Whether `version` is `minimum` or newer. One that is not known counts as newer: the self-test tells. */
export function isAtLeast(version: string | undefined, minimum: string): boolean {
  return version === undefined || Bun.semver.order(version, minimum) >= 0
}
