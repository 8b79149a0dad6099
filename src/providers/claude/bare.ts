// Whether Claude Code may be started with `--bare`, which is documented: it then takes an API key from its environment and no other
// login, and looks for nothing on the machine that it was not told. Its requests are the same, and sent 6 ms sooner (2.1.329).
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { type Account, claudeEnvironment } from './command.ts'
import { configFolder } from './leftovers.ts'

/** Any of these, and it is not the key that pays. */
const OTHER_LOGINS = /^(?:ANTHROPIC_AUTH_TOKEN|CLAUDE_CODE_OAUTH_TOKEN|CLAUDE_CODE_USE_\w+)$/

/** Where an organisation's settings may be (2.1.329): they may name another login. On Windows they may be in the registry as well. */
function managedSettings(config: string | undefined): string[] {
  const preferences = '/Library/Managed Preferences'
  const name = 'com.anthropic.claudecode.plist'
  return [
    ...(process.platform === 'darwin'
      ? [
          '/Library/Application Support/ClaudeCode',
          join(preferences, name),
          join(preferences, userInfo().username, name),
        ]
      : // The second as Linux within Windows sees it.
        ['/etc/claude-code', '/mnt/c/Program Files/ClaudeCode']),
    // Those that the service has sent.
    ...(config === undefined ? [] : [join(config, 'remote-settings.json')]),
  ]
}

/**
 * Tools for such a process. It would tell the model the first paragraph of each description (2.1.329): with a blank between the line
 * breaks, there is only one. `list` is JSON, and so is what comes back.
 */
export function inOneParagraph(list: string): string {
  const tools = JSON.parse(list) as { description: string }[]
  for (const tool of tools) tool.description = tool.description.replaceAll(/\n(?=\n)/g, '\n ')
  return JSON.stringify(tools)
}

export type BareOptions = {
  environment: Readonly<Record<string, string | undefined>>
  account: Account
  web?: boolean | undefined
  /** For tests: where settings of an organisation may be. */
  managed?: readonly string[]
}

export function canBeBare({ environment, account, web = false, managed }: BareOptions): boolean {
  if (web || process.platform === 'win32') return false
  const env = claudeEnvironment(environment, account, '')
  if (!env['ANTHROPIC_API_KEY'] || Object.keys(env).some((name) => OTHER_LOGINS.test(name))) return false
  return !(managed ?? managedSettings(configFolder(env))).some((place) => existsSync(place))
}
