// Codex, Gemini CLI and Qwen Code behind POST /chat: their own lines, and no tools where there must be none.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../http/gate.ts'
import { text, ticks } from '../upstream/replies/text.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { UNICODE_SAMPLE, unicode } from '../upstream/replies/unicode.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { processesUnder } from './harness/processes.ts'
import { allEvents, messagesOf, rawWorld, type RawWorld } from './harness/raw-world.ts'
import { realCli } from './harness/real-cli.ts'

setDefaultTimeout(90_000)

const off = { enabled: false }
const openai = (upstream: Upstream) => ({ OPENAI_API_KEY: 'sk-dummy', OPENAI_BASE_URL: `${upstream.url}/v1` })

const CLIS = {
  codex: {
    model: 'gpt-5.5',
    providers: (upstream: Upstream) => ({
      codex: { path: realCli('codex'), env: { OPENAI_API_KEY: 'sk-dummy' }, base_url: `${upstream.url}/v1` },
    }),
    answer: (lines: Record<string, unknown>[]) =>
      lines
        .flatMap((line) => (line['type'] === 'item.completed' ? [(line['item'] as { text?: string }).text ?? ''] : []))
        .join(''),
    first: { type: 'thread.started' },
    last: { type: 'turn.completed' },
  },
  gemini: {
    model: 'gemini-2.5-pro',
    providers: (upstream: Upstream) => ({
      gemini: { path: realCli('gemini'), env: { GEMINI_API_KEY: 'dummy', GOOGLE_GEMINI_BASE_URL: upstream.url } },
    }),
    answer: (lines: Record<string, unknown>[]) =>
      lines.flatMap((line) => (line['role'] === 'assistant' ? [String(line['content'])] : [])).join(''),
    first: { type: 'init' },
    last: { type: 'result', status: 'success' },
  },
  qwen: {
    model: 'qwen3-coder-plus',
    providers: (upstream: Upstream) => ({
      qwen: { path: realCli('qwen'), env: { ...openai(upstream), OPENAI_MODEL: 'qwen3-coder-plus' } },
    }),
    answer: (lines: Record<string, unknown>[]) => String(lines.at(-1)?.['result']),
    first: { type: 'system', subtype: 'init', tools: [] },
    last: { type: 'result', is_error: false },
  },
}
const none = { claude: off, codex: off, gemini: off, qwen: off }

describe.each(Object.entries(CLIS))('%s', (provider, cli) => {
  let world: RawWorld
  beforeAll(async () => {
    world = await rawWorld({
      config: (home, upstream) => ({
        agent: { roots: [join(home, 'root')] },
        providers: { ...none, ...cli.providers(upstream) },
      }),
    })
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(() => world.upstream.reset())
  const body = () => JSON.stringify(world.upstream.turns.at(-1)!.json)

  test('gives its own lines, and asks once', async () => {
    world.upstream.next(unicode())
    const events = await allEvents(await world.post({ prompt: 'Say it, hush-4711.', provider, model: cli.model }))
    const lines = messagesOf(events)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines[0]).toMatchObject(cli.first)
    expect(lines.at(-1)).toMatchObject(cli.last)
    expect(cli.answer(lines)).toContain(UNICODE_SAMPLE.slice(0, 5))
    expect(JSON.parse(events.at(-1)!.data)).toMatchObject({ exit_code: 0 })
    expect(world.upstream.turns).toHaveLength(1)
    expect(body()).toContain('Say it, hush-4711.')
    await eventually(() => world.gateway.processes().length === 0)
  })

  test('system prompts reach the model, and none is in argv while it runs', async () => {
    world.upstream.next(ticks({ between: 50 }))
    const response = await world.post({
      prompt: 'hush-1',
      provider,
      model: cli.model,
      system_prompt: 'hush-2',
      append_system_prompt: 'hush-3',
    })
    await eventually(() => world.upstream.turns.length === 1, 30_000)
    expect(body()).toContain('hush-2')
    expect(body()).toContain('hush-3')
    const all = processesUnder(join(world.home, 'state'))
    expect(all.length).toBeGreaterThan(0)
    for (const pid of all)
      expect(
        await Bun.file(`/proc/${pid}/cmdline`)
          .text()
          .catch(() => ''),
      ).not.toContain('hush')
    await world.send('DELETE', `/chat/${response.headers.get('x-cligate-process-id')}`)
    expect((await allEvents(response)).at(-1)!.data).toContain('SIGKILL')
    await eventually(() => processesUnder(join(world.home, 'state')).length === 0, 20_000)
    const folders = () => [...new Bun.Glob('*/*-*').scanSync({ cwd: join(world.home, 'state/run'), onlyFiles: false })]
    await eventually(() => folders().length === 0, 20_000)
  })

  test('a tool that the model calls all the same does nothing', async () => {
    const victim = join(world.root, 'victim')
    world.upstream.next(
      toolCalls([
        { name: 'run_shell_command', arguments: { command: `touch ${victim}` } },
        { name: 'exec_command', arguments: { cmd: `touch ${victim}` } },
        { name: 'write_file', arguments: { file_path: victim, content: 'x' } },
      ]),
    )
    world.upstream.default = text('Done.')
    await allEvents(await world.post({ prompt: 'Do it.', provider, model: cli.model }))
    expect(existsSync(victim)).toBe(false)
  })
})

describe('codex as an agent', () => {
  let world: RawWorld
  beforeAll(async () => {
    world = await rawWorld({
      config: (home, upstream) => ({
        agent: { roots: [join(home, 'root')] },
        providers: { ...none, ...CLIS.codex.providers(upstream) },
      }),
    })
    mkdirSync(join(world.root, 'shop'))
    writeFileSync(join(world.root, 'shop/readme'), 'x')
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(() => world.upstream.reset())
  const work = (more: object = {}) =>
    world.post({ prompt: 'Work.', provider: 'codex', model: 'gpt-5.5', cwd: join(world.root, 'shop'), ...more })
  const toolNames = () =>
    ((world.upstream.turns.at(-1)!.json as { tools: { name?: string }[] }).tools ?? []).map(({ name }) => name)

  test('it has its own tools; no tools is none', async () => {
    await allEvents(await work())
    expect(toolNames()).toContain('exec_command')
    await allEvents(await work({ tools: [] }))
    expect(toolNames()).toEqual([])
  })

  test('a session goes on', async () => {
    const events = await allEvents(await work({ prompt: 'My name is Ada.' }))
    const { thread_id: session } = JSON.parse(events[0]!.data) as { thread_id: string }
    const again = await allEvents(await work({ prompt: 'Who am I?', session_id: session }))
    expect(JSON.parse(again[0]!.data)).toMatchObject({ thread_id: session })
    expect(JSON.stringify(world.upstream.turns.at(-1)!.json)).toContain('My name is Ada.')
  })

  test('a schema is sent', async () => {
    await allEvents(
      await work({
        json_schema: {
          type: 'object',
          properties: { city: { type: 'string' } },
          required: ['city'],
          additionalProperties: false,
        },
      }),
    )
    expect(world.upstream.turns.at(-1)!.json).toMatchObject({
      text: { format: { type: 'json_schema', schema: { required: ['city'] } } },
    })
  })

  test.each([
    ['tools', { tools: ['exec_command'] }],
    ['allowed_tools', { allowed_tools: ['Bash(ls)'] }],
    ['disallowed_tools', { disallowed_tools: ['Bash'] }],
    ['fork', { session_id: 'a', fork: true }],
  ])('%s is refused', async (param, field) => {
    const response = await work(field)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: 'unsupported_parameter', param } })
  })
})

describe.each(['gemini', 'qwen'] as const)('%s as an agent', (provider) => {
  let world: RawWorld
  const shop = () => join(world.root, 'shop')
  beforeAll(async () => {
    world = await rawWorld({
      config: (home, upstream) => ({
        agent: { roots: [join(home, 'root')] },
        providers: { ...none, ...CLIS[provider].providers(upstream) },
      }),
    })
    for (const folder of ['root/shop', 'root/more', 'elsewhere'])
      mkdirSync(join(world.home, folder), { recursive: true })
    writeFileSync(join(shop(), 'readme'), 'Here is the shop.')
    writeFileSync(join(world.root, 'more/list'), 'More is here.')
    writeFileSync(join(world.home, 'elsewhere/secret'), 'hush-4711')
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(() => world.upstream.reset())
  const work = (more: object = {}) =>
    world.post({ prompt: 'Work.', provider, model: CLIS[provider].model, cwd: shop(), ...more })
  const body = () => JSON.stringify(world.upstream.turns.at(-1)!.json)
  const read = (path: string) => toolCalls([{ name: 'read_file', arguments: { file_path: path } }])
  /** What the service got after the model has called a tool. */
  async function after(call: ReturnType<typeof toolCalls>, more: object = {}): Promise<string> {
    world.upstream.next(call)
    world.upstream.next(text('Done.'))
    await allEvents(await work(more))
    return body()
  }

  test('it reads in its folder and in those that are added, and nowhere else', async () => {
    expect(await after(read(join(shop(), 'readme')))).toContain('Here is the shop.')
    const more = read(join(world.root, 'more/list'))
    expect(await after(more, { add_dirs: [join(world.root, 'more')] })).toContain('More is here.')
    expect(await after(read(join(world.home, 'elsewhere/secret')))).not.toContain('hush-4711')
  })

  test('it changes nothing unless it may', async () => {
    const write = (name: string) =>
      toolCalls([{ name: 'write_file', arguments: { file_path: join(shop(), name), content: 'x' } }])
    await after(write('one'))
    expect(existsSync(join(shop(), 'one'))).toBe(false)
    await after(write('two'), { permission_mode: 'acceptEdits' })
    expect(existsSync(join(shop(), 'two'))).toBe(true)
    const shell = toolCalls([
      { name: 'run_shell_command', arguments: { command: 'touch three', is_background: false } },
    ])
    await after(shell, { permission_mode: 'acceptEdits' })
    expect(existsSync(join(shop(), 'three'))).toBe(false)
  })

  test('no tools is none that works', async () => {
    expect(await after(read(join(shop(), 'readme')), { tools: [] })).not.toContain('Here is the shop.')
  })

  test('all permissions at once only by the configuration', async () => {
    expect((await work({ permission_mode: 'bypassPermissions' })).status).toBe(403)
  })

  test('a folder whose name would be two is refused', async () => {
    mkdirSync(join(world.root, 'a,b'), { recursive: true })
    const response = await work({ add_dirs: [join(world.root, 'a,b')] })
    expect(await response.json()).toMatchObject({ error: { code: 'unsupported_parameter', param: 'add_dirs' } })
  })
})
