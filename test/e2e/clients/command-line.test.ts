// The real CLIs in front of cligate, set up by what `cligate connect` says, with a model of another provider behind it. Each
// finishes a task that takes two calls of its own tools: it writes a file, and reads it.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from '../../upstream/replies/text.ts'
import { toolCalls } from '../../upstream/replies/tool-calls.ts'
import type { ReplySource } from '../../upstream/reply.ts'
import { type AllProviders, MODELS, startAllProviders } from '../all-providers.ts'
import { type Real, shown, toldTo } from '../functions/told.ts'
import { CLIENTS, runClient } from './command-line.ts'

setDefaultTimeout(120_000)

let all: AllProviders
beforeAll(async () => {
  all = await startAllProviders()
}, 120_000)
afterAll(() => all?.stop())
beforeEach(() => all.upstream.reset())

const NOTE = 'canary-note, said the model: "ü"'

type Called = [name: string, args: Record<string, unknown>]
const files =
  (write: string, read: string) =>
  (file: string): [Called, Called] => [
    [write, { file_path: file, content: NOTE }],
    [read, { file_path: file }],
  ]
/** How the model behind it writes and reads a file with the tools of each client. */
const TASKS = {
  claude: files('Write', 'Read'),
  codex: (file: string): [Called, Called] => [
    ['exec_command', { cmd: `cat > '${file}' <<'END'\n${NOTE}\nEND` }],
    ['exec_command', { cmd: `cat '${file}'` }],
  ],
  gemini: files('write_file', 'read_file'),
  qwen: files('write_file', 'read_file'),
}

/** A model that calls one of the tools that it is offered, by the caller's name for it. */
function calls(provider: Real, [name, args]: Called, id: string): ReplySource {
  return (request) => {
    // Names that a CLI keeps for itself get something in front.
    const offered = toldTo(provider, request).offered.find(
      (tool) => tool.name === name || tool.name.endsWith(`_${name}`),
    )
    if (!offered) throw new Error(`${name} was not offered`)
    return toolCalls([{ name: shown(provider, offered.name), arguments: args, id }])
  }
}

describe.each([
  ['its settings file', true],
  ['the lines that are printed', false],
])('set up by %s', (_, write) => {
  const pairs: [keyof typeof CLIENTS, Real][] = write
    ? [
        ['claude', 'gemini'],
        ['codex', 'claude'],
        ['gemini', 'qwen'],
        ['qwen', 'codex'],
      ]
    : [
        ['claude', 'codex'],
        ['codex', 'qwen'],
        ['gemini', 'claude'],
        ['qwen', 'helper'],
      ]
  test.each(pairs)('%s, with a model of %s', async (client, provider) => {
    const folder = join(all.gate.home, crypto.randomUUID())
    const file = join(folder, 'work/note.txt')
    const [first, second] = TASKS[client](file)
    all.upstream.next(calls(provider, first, 'call_1'), calls(provider, second, 'call_2'), text('The note is there.'))
    const run = await runClient(CLIENTS[client], { folder, url: all.gate.url, model: MODELS[provider], write })
    expect(run, run.stderr).toMatchObject({ said: expect.stringContaining('The note is there.'), code: 0 })
    expect(readFileSync(file, 'utf8').trim()).toBe(NOTE)

    // Three requests of the client were three to the service, whose last one has all that was done.
    expect(all.upstream.turns).toHaveLength(3)
    const { history } = toldTo(provider, all.upstream.turns[2]!)
    const ids = history.flatMap((entry) => ('called' in entry ? [entry.id] : []))
    expect(ids).toEqual([expect.stringContaining('call_1'), expect.stringContaining('call_2')])
    expect(history).toMatchObject([
      { called: expect.stringContaining(first[0]), arguments: first[1] },
      { id: ids[0] },
      { called: expect.stringContaining(second[0]), arguments: second[1] },
      { id: ids[1], gave: expect.stringContaining(NOTE) },
    ])
    expect(all.strangers()).toEqual([])
  })
})

test('claude: what it gives to a smaller model goes to the chosen one too', async () => {
  const folder = join(all.gate.home, crypto.randomUUID())
  const task = { description: 'Look', prompt: 'canary-task', subagent_type: 'general-purpose', model: 'haiku' }
  // Its helper works beside it: who of both asks first is open.
  all.upstream.next(calls('codex', ['Agent', task], 'call_1'))
  const run = await runClient(CLIENTS.claude, { folder, url: all.gate.url, model: MODELS.codex, write: true })
  expect(run, run.stderr).toMatchObject({ said: expect.stringContaining('Ready.'), code: 0 })
  const { turns } = all.upstream
  const helpers = turns.filter(({ body }) => body.includes('canary-task') && !body.includes('call_1'))
  expect(helpers).toHaveLength(1)
  // Not one was asked of the Claude Code that is behind the gate as well.
  expect(new Set(turns.map(({ json }) => (json as { model: string }).model))).toEqual(new Set([MODELS.codex]))
  expect(all.strangers()).toEqual([])
})
