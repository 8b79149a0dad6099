// Who pays for a turn, as far as Claude Code says so without asking the service.
import { asFields, type Fields, fieldsAt, textAt } from '../fields.ts'

export type Login = { loggedIn: boolean; method: string }

/** What `claude auth status --json` says. Undefined where it says nothing that can be read. */
export function parseLogin(said: string): Login | undefined {
  try {
    const status = asFields(JSON.parse(said))
    if (typeof status?.['loggedIn'] !== 'boolean') return undefined
    return { loggedIn: status['loggedIn'], method: textAt(status, 'authMethod') ?? 'unknown' }
  } catch {
    return undefined
  }
}

/**
 * How a process is logged in. `key`: an API key, or the token of another gateway. `token`: a subscription's, from the
 * environment. `login`: a stored one, which Claude Code renews itself. `cloud`: Bedrock and the like. `none`: a turn would fail.
 */
export type Credential = 'key' | 'token' | 'login' | 'cloud' | 'none'

/** By the report of a process at its start. */
export function credentialOf(report: Fields): Credential {
  const account = fieldsAt(report, 'account')
  const provider = textAt(account, 'apiProvider')
  if (provider !== undefined && provider !== 'firstParty') return 'cloud'
  const source = textAt(account, 'tokenSource')
  if (textAt(account, 'apiKeySource') !== undefined || source === 'ANTHROPIC_AUTH_TOKEN') return 'key'
  if (source === 'CLAUDE_CODE_OAUTH_TOKEN') return 'token'
  return source === 'none' ? 'none' : 'login'
}
