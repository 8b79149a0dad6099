// What can be said of Gemini CLI on this machine without asking a model.
import type { ProviderStatus } from '../driver.ts'
import { isAtLeast } from '../version.ts'
import { notInstalledStatus } from '../installation.ts'
import type { Login } from './auth.ts'
import type { Installation } from '../installation.ts'
import { CLI, LOGIN } from './options.ts'

export type Facts = {
  installation: Installation | undefined
  /** Set where the path comes from the configuration. */
  configured: string | undefined
  minimum: string
  login: Login
  /** Why the last worker did not start, where it did not. */
  failure: string | undefined
}

export function toStatus({ installation, configured, minimum, login, failure }: Facts): ProviderStatus {
  if (!installation) return notInstalledStatus(CLI, configured)
  const { path, version } = installation
  const known = { provider: 'gemini', path, version }
  const notes: string[] = []
  if (!login.found) {
    const wanted =
      login.type === undefined ? '' : ` It is set to log in by ${login.type}, and what that needs is missing.`
    notes.push(`Gemini CLI is not logged in.${wanted}`)
    return { ...known, state: 'not-logged-in', notes, fix: LOGIN }
  }
  const tooOld = !isAtLeast(version, minimum)
  if (tooOld) notes.push(`Version ${version} is older than ${minimum}, the oldest that cligate knows.`)
  if (failure !== undefined) notes.push(failure)
  const degraded = tooOld || failure !== undefined
  return {
    ...known,
    authMethod: login.type,
    state: degraded ? 'degraded' : 'ready',
    notes,
    ...(tooOld ? { fix: CLI.update } : {}),
  }
}
