// Whether Claude Code may be started with `--bare`, which is documented: it then takes an API key from its environment and no other
// login, and looks for nothing on the machine that it was not told. Its requests are the same, and sent 6 ms sooner (2.1.329).
import { existsSync } from 'node:fs'
import { type Account, claudeEnvironment } from './command.ts'

/** Any of these, and it is not the key that pays. */
const OTHER_LOGINS = /^(?:ANTHROPIC_AUTH_TOKEN|CLAUDE_CODE_OAUTH_TOKEN|CLAUDE_CODE_USE_\w+)$/

/** Where an organisation's settings may be: they may name another login. */
const MANAGED_SETTINGS = {
  darwin: ['/Library/Application Support/ClaudeCode', '/Library/Managed Preferences/com.anthropic.claudecode.plist'],
  win32: ['C:\\Program Files\\ClaudeCode', 'C:\\ProgramData\\ClaudeCode'],
  linux: ['/etc/claude-code'],
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
  /** For tests. */
  managedSettings?: readonly string[]
}

export function canBeBare({ environment, account, web = false, managedSettings }: BareOptions): boolean {
  const env = claudeEnvironment(environment, account, '')
  if (web || !env['ANTHROPIC_API_KEY'] || Object.keys(env).some((name) => OTHER_LOGINS.test(name))) return false
  const { platform } = process
  const places =
    managedSettings ??
    (platform === 'darwin' || platform === 'win32' ? MANAGED_SETTINGS[platform] : MANAGED_SETTINGS.linux)
  return !places.some((place) => existsSync(place))
}
