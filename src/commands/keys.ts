import { defineCommand } from 'citty'
import { join } from 'node:path'
import type { Scope } from '../policy/caller.ts'
import type { StoredKey } from '../store/key-file.ts'
import { EXIT } from './exit-code.ts'
import { configOf, folderFlags } from './state-folder.ts'
import { UsageError } from './usage.ts'

const options = {
  ...folderFlags,
  json: { type: 'boolean', description: 'As JSON' },
} as const

async function fileOf(args: Readonly<Record<string, unknown>>): Promise<string> {
  const { KEY_FILE } = await import('../store/key-file.ts')
  return join((await configOf(args)).state_dir, KEY_FILE)
}

const create = defineCommand({
  meta: { name: 'create', description: 'Makes a key and shows it once; a running server takes it within a second' },
  args: {
    ...options,
    name: { type: 'string', description: 'Who or what it is for', valueHint: 'name', required: true },
    scopes: {
      type: 'string',
      description: 'infer: ask models; read: see processes and logins; admin: everything',
      valueHint: 'infer,read,admin',
      default: 'infer',
    },
  },
  async run({ args }) {
    const [{ issueKey }, { changeKeyFile }] = await Promise.all([
      import('../policy/issued-keys.ts'),
      import('../store/key-file.ts'),
    ])
    const scopes = await scopesOf(args.scopes)
    const name = args.name.trim()
    if (name === '' || name.length > 100) throw new UsageError('A name has 1 to 100 characters.')
    const { secret, record } = issueKey(name, scopes, Date.now())
    changeKeyFile(await fileOf(args), (keys) => {
      if (keys.some((key) => key.name === name && key.revokedAt === undefined)) {
        throw new UsageError(
          `There is a key named ${JSON.stringify(name)} already. Revoke it first, or take another name.`,
        )
      }
      return [...keys, { ...record, scopes }]
    })
    if (args.json) {
      console.log(JSON.stringify({ ...shown({ ...record, scopes }), key: secret }, null, 2))
      return EXIT.ok
    }
    // Alone on standard output, so that it can be piped to where it is kept.
    console.log(secret)
    console.error(`This key (${record.id}) is shown this once. From now on every request needs a key.`)
    return EXIT.ok
  },
})

const list = defineCommand({
  meta: { name: 'list', description: 'All keys that were given out, without the keys themselves' },
  args: options,
  async run({ args }) {
    const { readKeyFile } = await import('../store/key-file.ts')
    const keys = readKeyFile(await fileOf(args)).map(shown)
    if (args.json) console.log(JSON.stringify({ keys }, null, 2))
    else if (keys.length === 0) console.log('No key was given out. Make one: cligate keys create --name NAME')
    else {
      const { tableLines } = await import('./text-table.ts')
      const rows = keys.map(({ id, name, prefix, scopes, created, last_used: used, revoked }) => [
        id,
        name,
        `${prefix}...`,
        scopes.join(','),
        created ?? '',
        revoked ? `revoked ${revoked}` : (used ?? 'never used'),
      ])
      for (const line of tableLines([['ID', 'NAME', 'KEY', 'SCOPES', 'CREATED', 'LAST USED'], ...rows]))
        console.log(line)
    }
    return EXIT.ok
  },
})

const revoke = defineCommand({
  meta: { name: 'revoke', description: 'Makes a key worthless; a running server refuses it within a second' },
  args: { ...options, key: { type: 'positional', description: 'Its id or its name', required: true } },
  async run({ args }) {
    const { changeKeyFile } = await import('../store/key-file.ts')
    let revoked: StoredKey | undefined
    changeKeyFile(await fileOf(args), (keys) =>
      keys.map((key) => {
        if (key.revokedAt !== undefined || (key.id !== args.key && key.name !== args.key)) return key
        revoked = { ...key, revokedAt: Date.now() }
        return revoked
      }),
    )
    if (!revoked)
      throw new UsageError(`No valid key has the id or the name ${JSON.stringify(args.key)}. See: cligate keys list`)
    console.log(args.json ? JSON.stringify(shown(revoked), null, 2) : `${revoked.id} is revoked.`)
    return EXIT.ok
  },
})

export const keys = defineCommand({
  meta: { name: 'keys', description: 'Makes, lists and revokes API keys' },
  subCommands: { create, list, revoke },
})

async function scopesOf(text: string): Promise<Scope[]> {
  const { SCOPES } = await import('../policy/caller.ts')
  const scopes = text.split(',').map((scope) => scope.trim())
  const wrong = scopes.find((scope) => !(SCOPES as readonly string[]).includes(scope))
  if (wrong !== undefined)
    throw new UsageError(`There is no scope ${JSON.stringify(wrong)}; there are ${SCOPES.join(', ')}.`)
  return [...new Set(scopes)] as Scope[]
}

/** A key for people and programs: all but its hash. */
function shown({ id, name, prefix, scopes, createdAt, lastUsedAt, revokedAt }: StoredKey) {
  const date = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString())
  return { id, name, prefix, scopes, created: date(createdAt), last_used: date(lastUsedAt), revoked: date(revokedAt) }
}
