import { defineCommand } from 'citty'
import { cliLoginOf } from './auth.ts'
import { CLI_LOGINS } from './cli-login.ts'
import { EXIT } from './exit-code.ts'
import { configOf, folderFlags } from './state-folder.ts'
import { UsageError } from './usage.ts'

const list = defineCommand({
  meta: { name: 'list', description: 'The accounts of each provider, and which one is used' },
  args: { ...folderFlags, json: { type: 'boolean', description: 'As JSON' } },
  async run({ args }) {
    const { state_dir: folder } = await configOf(args)
    const { activeAccount, listAccounts } = await import('../accounts/account.ts')
    const accounts = CLI_LOGINS.flatMap(({ provider }) =>
      listAccounts(folder, provider).map((name) => ({
        provider,
        name,
        active: activeAccount(folder, provider) === name,
      })),
    )
    if (args.json) console.log(JSON.stringify({ accounts }, null, 2))
    else for (const { provider, name, active } of accounts) console.log(`${active ? '*' : ' '} ${provider}/${name}`)
    return EXIT.ok
  },
})

const use = defineCommand({
  meta: { name: 'use', description: 'Has the turns of a provider run by another account, from the next start on' },
  args: {
    ...folderFlags,
    provider: { type: 'positional', description: 'claude, codex, gemini or qwen', required: true },
    account: { type: 'positional', description: 'Its name; default is your own', required: true },
    json: { type: 'boolean', description: 'As JSON' },
  },
  async run({ args }) {
    const { provider, settings } = cliLoginOf(args.provider)
    const config = await configOf(args)
    const { listAccounts, useAccount } = await import('../accounts/account.ts')
    const known = listAccounts(config.state_dir, provider)
    if (!known.includes(args.account)) {
      throw new UsageError(
        `${provider} has no account ${JSON.stringify(args.account)}; it has ${known.join(', ')}. See: cligate auth login`,
      )
    }
    if (settings(config).home !== undefined) {
      throw new UsageError(`The configuration names the home of ${provider}; that counts, whatever account is used.`)
    }
    useAccount(config.state_dir, provider, args.account)
    if (args.json) console.log(JSON.stringify({ provider, account: args.account }))
    else console.log(`${provider} is run by ${args.account}. A running server has to be restarted: cligate restart`)
    return EXIT.ok
  },
})

export const account = defineCommand({
  meta: { name: 'account', description: 'Lists and chooses accounts' },
  subCommands: { list, use },
})
