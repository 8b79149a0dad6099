// What can be said of Claude Code on this machine without asking a model.
import type { ProviderStatus } from '../driver.ts'
import { notInstalledStatus } from '../installation.ts'
import type { Login } from './auth.ts'
import { CLI } from './options.ts'
import type { SelfTestResult } from './self-test.ts'
import { isAtLeast } from '../version.ts'

const LOGIN = 'claude auth login'
export const WEB_NOTE =
  'The model may search the web (chat.web). Fetching pages stays off: it would reach the network of this machine.'

export type Facts = {
  path: string | undefined
  /** Set where the path comes from the configuration. */
  configured: string | undefined
  version: string | undefined
  minimum: string
  login: Login | undefined
  /** What the self-test came to; undefined while it has not run. */
  tested: Pick<SelfTestResult, 'way' | 'failed'> | undefined
  notes: readonly string[]
}

export function toStatus(facts: Facts): ProviderStatus {
  const { path, configured, version, minimum, login, tested } = facts
  const notes = [...facts.notes]
  if (path === undefined) return notInstalledStatus(CLI, configured, notes)
  const known = { provider: 'claude', path, version, authMethod: login?.loggedIn ? login.method : undefined }
  const tooOld = !isAtLeast(version, minimum)
  if (tooOld) notes.push(`Version ${version} is older than ${minimum}, the oldest that cligate knows.`)
  if (tested?.way === 'documented') {
    notes.push(`The self-test failed, so that answers begin later than they could: ${tested.failed.join(', ')}.`)
  }
  if (tested?.way === 'none') {
    notes.unshift(`This version cannot be used: the self-test failed (${tested.failed.join(', ')}).`)
    return { ...known, state: 'disabled', notes, fix: CLI.update }
  }
  if (login?.loggedIn === false) {
    notes.unshift('Claude Code is not logged in.')
    return { ...known, state: 'not-logged-in', notes, fix: LOGIN }
  }
  if (login === undefined) notes.push('Claude Code did not say whether it is logged in.')
  const degraded = tooOld || login === undefined || tested?.way === 'documented'
  return { ...known, state: degraded ? 'degraded' : 'ready', notes, ...(degraded ? { fix: CLI.update } : {}) }
}
