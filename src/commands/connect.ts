import { defineCommand } from 'citty'
import { homedir } from 'node:os'
import { nearest } from '../config/nearest.ts'
import type { Client, GatewayFacts } from './connect/client.ts'
import { EXIT } from './exit-code.ts'
import { configOf, folderFlags } from './state-folder.ts'
import { UsageError } from './usage.ts'

export const connect = defineCommand({
  meta: {
    name: 'connect',
    description: 'How a client is pointed at this gateway; without a name, which clients there are',
  },
  args: {
    ...folderFlags,
    client: { type: 'positional', description: 'claude-code, codex, cline, ...', required: false },
    model: { type: 'string', description: 'The model it shall use', valueHint: 'name', default: 'sonnet' },
    key: { type: 'string', description: 'The key it shall present', valueHint: 'key' },
    url: { type: 'string', description: 'Where it reaches the gateway', valueHint: 'url' },
    write: { type: 'boolean', description: 'Changes its settings file; what was there is kept beside it' },
    copy: { type: 'boolean', description: 'Also puts the text into the clipboard of the terminal' },
    json: { type: 'boolean', description: 'As JSON' },
  },
  async run({ args }) {
    const [{ COMMAND_LINE_CLIENTS }, { OTHER_CLIENTS }] = await Promise.all([
      import('./connect/command-line-clients.ts'),
      import('./connect/other-clients.ts'),
    ])
    const clients = [...COMMAND_LINE_CLIENTS, ...OTHER_CLIENTS]
    if (args.client === undefined) {
      printClients(clients, args.json === true)
      return EXIT.ok
    }
    const client = clients.find(({ name }) => name === args.client)
    if (!client) {
      const near = nearest(
        args.client,
        clients.map(({ name }) => name),
      )
      throw new UsageError(`There is no client ${JSON.stringify(args.client)}.${near ? ` Did you mean ${near}?` : ''}`)
    }
    const facts = await factsOf(args)
    const text = client.show(facts)
    const written = args.write ? await write(client, facts) : undefined
    if (args.json) console.log(JSON.stringify({ client: client.name, ...facts, text, written }, null, 2))
    else console.log(written?.map(writtenText).join('\n') ?? text)
    // OSC 52: the terminal's own clipboard, through ssh and tmux too.
    if (args.copy) process.stderr.write(`\u001B]52;c;${Buffer.from(text).toString('base64')}\u0007`)
    return EXIT.ok
  },
})

function printClients(clients: readonly Client[], json: boolean): void {
  if (json) {
    console.log(
      JSON.stringify(
        { clients: clients.map(({ name, title, changes }) => ({ name, title, write: changes !== undefined })) },
        null,
        2,
      ),
    )
    return
  }
  for (const { name, title, changes } of clients) {
    console.log(`${name.padEnd(14)}${title}${changes ? '   (--write changes its settings)' : ''}`)
  }
}

async function factsOf(args: Readonly<Record<string, unknown>>): Promise<GatewayFacts> {
  const config = await configOf(args)
  const { runningServer } = await import('./server-record.ts')
  const { host, port, api_keys: keys } = config.server
  const own = runningServer(config.state_dir)?.url ?? `http://${host}:${port}`
  const [key] = keys
  return {
    url: (typeof args['url'] === 'string' ? args['url'] : own).replace(/\/$/, ''),
    // Clients insist on one, also where the gateway asks for none.
    key: typeof args['key'] === 'string' ? args['key'] : (key ?? 'none'),
    model: String(args['model']),
  }
}

async function write(client: Client, facts: GatewayFacts) {
  const changes = client.changes?.(facts)
  if (!changes) throw new UsageError(`${client.title} has no settings file for this. Run the command without --write.`)
  const { writeSettings } = await import('./connect/write-settings.ts')
  const [home, now] = [process.env['HOME'] || homedir(), new Date()]
  return changes.map((change) => writeSettings(home, change, now))
}

function writtenText({ path, backup, changed }: Awaited<ReturnType<typeof write>>[number]): string {
  if (!changed) return `${path} says it already.`
  return backup ? `Changed ${path}; before, it was ${backup}` : `Made ${path}`
}
