// Whose an opaque piece of reasoning is. Providers check what they sealed themselves and refuse what they did not, so that a
// conversation which moves from one to another must not bring along what the first one sealed.

const MARK = /^([a-z][a-z0-9-]*):/

/** What a provider sealed, as callers get it and send it back. */
export function sealedBy(provider: string, opaque: string): string {
  return `${provider}:${opaque}`
}

/**
 * What callers sent back, as the provider sealed it. Undefined for what another provider sealed.
 * @param unmarked whether a piece that says nobody's name may be the provider's own: one that it was told without this gateway
 */
export function sealOf(
  provider: string,
  opaque: string | undefined,
  unmarked: (opaque: string) => boolean = () => false,
): string | undefined {
  if (opaque === undefined) return undefined
  const owner = MARK.exec(opaque)?.[1]
  if (owner === provider) return opaque.slice(provider.length + 1)
  return owner === undefined && unmarked(opaque) ? opaque : undefined
}
