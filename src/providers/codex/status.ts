// What can be said of Codex on this machine without asking a model.
import type { GatewayError } from '../../core/error.ts'
import { isAtLeast } from '../version.ts'
import type { ProviderStatus } from '../driver.ts'
import { notInstalledStatus } from '../installation.ts'
import type { Login } from './auth.ts'
import { CLI, LOGIN } from './options.ts'

export type Facts = {
  path: string | undefined
  /** Set where the path comes from the configuration. */
  configured: string | undefined
  version: string | undefined
  minimum: string
  /** Undefined where no process could be started. */
  login: Login | undefined
  /** Why not. */
  error: GatewayError | undefined
  notes: readonly string[]
  /** Codex's own folder, where the configuration names one. */
  home?: string
}

const KEYRING =
  'A login that Codex keeps in the keyring of the system is not seen. To have it in a file: ' +
  'codex -c cli_auth_credentials_store=file login'

export function toStatus(facts: Facts): ProviderStatus {
  const { path, configured, version, minimum, login, error } = facts
  const notes = [...facts.notes]
  if (path === undefined) return notInstalledStatus(CLI, configured, notes)
  const known = { provider: 'codex', path, ...(version === undefined ? {} : { version }) }
  if (!isAtLeast(version, minimum)) {
    notes.unshift(`Version ${version} is older than ${minimum}, the oldest that cligate can drive.`)
    return { ...known, state: 'degraded', notes, fix: CLI.update }
  }
  if (login === undefined) {
    notes.unshift(error?.message ?? 'Codex did not start.')
    return { ...known, state: 'degraded', notes, fix: CLI.update }
  }
  if (login.kind === 'none') {
    notes.unshift('Codex is not logged in.', KEYRING)
    return { ...known, state: 'not-logged-in', notes, fix: loginCommand(facts.home) }
  }
  return { ...known, state: 'ready', authMethod: login.method, notes }
}

function loginCommand(home: string | undefined): string {
  if (home === undefined) return LOGIN
  const quoted = /^[\w./-]+$/.test(home) ? home : `'${home.replaceAll("'", String.raw`'\''`)}'`
  return `CODEX_HOME=${quoted} ${LOGIN}`
}
