import { defineCommand } from 'citty'
import { nearest } from '../config/nearest.ts'
import { CLI_LOGINS, type CliLogin } from './cli-login.ts'
import { configFlags, loadOptions } from './config-flags.ts'
import { CommandError, EXIT } from './exit-code.ts'
import { announce, progressFor } from './progress.ts'
import { configOf, folderFlags } from './state-folder.ts'
import { UsageError } from './usage.ts'

const loginFlags = {
  ...folderFlags,
  provider: { type: 'positional', description: 'claude, codex, gemini or qwen', required: true },
  account: { type: 'string', description: 'An account beside your own, with a home of its own', valueHint: 'name' },
} as const

const login = defineCommand({
  meta: { name: 'login', description: 'Runs the login of the CLI itself, in the home of the account' },
  args: loginFlags,
  run: ({ args }) => runCli(args, ({ login: words }) => words),
})

const logout = defineCommand({
  meta: { name: 'logout', description: 'Runs the logout of the CLI itself, in the home of the account' },
  args: loginFlags,
  run: ({ args }) =>
    runCli(args, ({ logout: words, title, hint }) => {
      if (!words) throw new CommandError(hint ?? `${title} has no command to log out.`)
      return words
    }),
})

const status = defineCommand({
  meta: { name: 'status', description: 'Who is logged in, without calling a model; exit code 1 when nobody is' },
  args: { ...configFlags, json: { type: 'boolean', description: 'As JSON' } },
  async run({ args }) {
    const { loadCheckedConfig } = await import('./load-config.ts')
    const loaded = loadCheckedConfig(loadOptions(args))
    const [{ examineAll }, { tableLines }] = await Promise.all([import('./doctor.ts'), import('./text-table.ts')])
    const { providers, ok } = await progressFor(args)((step) => examineAll(loaded, step))
    const rows = providers.map(({ provider, state, authMethod, fix }) => [
      provider,
      state,
      authMethod ?? '-',
      fix ?? '',
    ])
    if (args.json) console.log(JSON.stringify({ providers }, null, 2))
    else for (const line of tableLines([['PROVIDER', 'STATE', 'LOGIN', 'RUN'], ...rows])) console.log(line)
    return ok ? EXIT.ok : EXIT.failed
  },
})

export const auth = defineCommand({
  meta: { name: 'auth', description: 'Logs the CLIs in and out, by their own commands' },
  subCommands: { login, logout, status },
})

/** The login of a provider that a person named. @throws UsageError */
export function cliLoginOf(provider: string): CliLogin {
  const names = CLI_LOGINS.map((cli) => cli.provider)
  const found = CLI_LOGINS.find((cli) => cli.provider === provider)
  if (found) return found
  const near = nearest(provider, names)
  const hint = near ? ` Did you mean ${near}?` : ` There are ${names.join(', ')}.`
  throw new UsageError(`There is no login for ${JSON.stringify(provider)}.${hint}`)
}

async function runCli(
  args: { provider: string; account?: string },
  wordsOf: (cli: CliLogin) => readonly string[],
): Promise<number> {
  const cli = cliLoginOf(args.provider)
  const words = wordsOf(cli)
  const [config, { findExecutable }, { childEnvironment }, { runInTerminal }, accounts] = await Promise.all([
    configOf(args),
    import('../process/find-executable.ts'),
    import('../process/environment.ts'),
    import('../process/spawn.ts'),
    import('../accounts/account.ts'),
  ])
  const { path: configured, home } = cli.settings(config)
  const path = findExecutable(cli.executable, { path: process.env['PATH'], configured })
  if (path === undefined) throw new CommandError(`${cli.title} is not installed. See: cligate doctor`)
  const name = args.account ?? accounts.OWN_ACCOUNT
  if (!accounts.isAccountName(name)) throw new UsageError('The name of an account has letters, digits, - and _.')
  const folder = accounts.createAccount(config.state_dir, cli.provider, name) ?? home
  if (cli.hint) console.error(cli.hint)
  announce(`Starting ${cli.title}`)
  const env = childEnvironment(process.env, TERMINAL, folder === undefined ? {} : { [cli.homeVariable]: folder })
  return await runInTerminal([path, ...words], env)
}

/** What a login needs of a terminal and a desktop beside the basics. */
const TERMINAL = [
  'TERM',
  'COLORTERM',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XDG_RUNTIME_DIR',
  'BROWSER',
  'SSH_CONNECTION',
  'SSH_TTY',
]
