// A CLI on this machine; and that it is not there, or too old, in the same words for each.
import { GatewayError } from '../core/error.ts'
import type { ProviderStatus } from './driver.ts'
import { isAtLeast } from './version.ts'

/** How a CLI is called, and how one gets it. */
export type Cli = {
  /** The driver's name. */
  provider: string
  /** The CLI's own, for people. */
  title: string
  /** Its program on PATH. */
  program: string
  /** Commands for a terminal. */
  install: string
  update: string
}

/** How to start one that is a package of npm. */
export type Installation = {
  /** What was found on PATH or named by the configuration. */
  path: string
  /** Absolute. */
  command: string
  /** What stands before its own arguments. */
  args: readonly string[]
  /** Undefined where the package cannot be found. */
  version: string | undefined
}

export function notInstalled({ title, install }: Cli): GatewayError {
  return new GatewayError('provider_unavailable', `${title} is not installed. Run: ${install}`)
}

/** @throws GatewayError `provider_unavailable` where it is older than what can be driven */
export function checkVersion({ title, update }: Cli, version: string | undefined, minimum: string): void {
  if (isAtLeast(version, minimum)) return
  const message = `${title} ${version} is older than ${minimum}, the oldest that cligate can drive. Run: ${update}`
  throw new GatewayError('provider_unavailable', message)
}

/** `configured` is the path of the configuration, where there is one. */
export function notInstalledStatus(
  { provider, title, program, install }: Cli,
  configured: string | undefined,
  more: readonly string[] = [],
): ProviderStatus {
  const note =
    configured === undefined
      ? `${title} is not installed: there is no \`${program}\` on PATH.`
      : `There is no program at the configured path of ${title}.`
  return { provider, state: 'not-installed', notes: [note, ...more], fix: install }
}
