// The real Claude Code behind POST /chat: its lines byte for byte, and what it may and may not do.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../http/gate.ts'
import { text, ticks } from '../upstream/replies/text.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { UNICODE_SAMPLE, unicode } from '../upstream/replies/unicode.ts'
import { processesUnder } from './harness/processes.ts'
import { allEvents, eventsOf, messagesOf, rawWorld, type RawWorld, recorded } from './harness/raw-world.ts'
import { realCli } from './harness/real-cli.ts'

setDefaultTimeout(60_000)

const MODEL = 'claude-haiku-4-5'
const claudeWith = (agent: (home: string) => object) => (home: string) => ({
  agent: agent(home),
  providers: { claude: { path: recorded(realCli('claude'), home), warm: { size: 0 } } },
})

type Body = {
  system: { text: string }[]
  tools: { name: string }[]
  messages: { content: string | { type: string; text?: string }[] }[]
}
const bodyOf = (world: RawWorld) => world.upstream.turns.at(-1)?.json as Body
const toolNames = (world: RawWorld) => bodyOf(world).tools.map(({ name }) => name)
const parse = (line: string) => JSON.parse(line) as Record<string, unknown>

describe('without roots: a plain chat', () => {
  let world: RawWorld
  beforeAll(async () => {
    world = await rawWorld({ config: claudeWith(() => ({})) })
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(() => world.upstream.reset())

  test('the events are what the CLI printed, byte for byte, and then done', async () => {
    world.upstream.next(unicode())
    const before = (await world.printed().catch(() => '')).length
    const response = await world.post({ prompt: 'Say it.', model: MODEL })
    expect(response.status).toBe(200)
    const id = response.headers.get('x-cligate-process-id')
    const events = await allEvents(response)
    expect(messagesOf(events)).toBe((await world.printed()).slice(before))
    expect(events.map(({ event }) => event).filter((name) => name !== 'message')).toEqual(['done'])
    expect(parse(events.at(-1)!.data)).toEqual({ process_id: id, exit_code: 0, signal: null })
    const lines = events.slice(0, -1).map(({ data }) => parse(data))
    expect(lines[0]).toMatchObject({ type: 'system', subtype: 'init', tools: [], mcp_servers: [] })
    expect(lines.at(-1)).toMatchObject({ type: 'result', is_error: false, result: UNICODE_SAMPLE })
    expect(lines.some(({ type }) => type === 'stream_event')).toBe(true)
  })

  test('there is one request, with the prompt and no tools, and nothing of the machine', async () => {
    await allEvents(await world.post({ prompt: '/help me with @/etc/hostname', model: MODEL }))
    expect(world.upstream.turns).toHaveLength(1)
    expect(toolNames(world)).toEqual([])
    const content = bodyOf(world).messages.at(-1)!.content
    const texts = typeof content === 'string' ? [content] : content.map((block) => block.text ?? '')
    expect(texts.at(-1)).toBe('/help me with @/etc/hostname')
    expect(
      bodyOf(world)
        .system.map((part) => part.text)
        .join('\n'),
    ).not.toContain('You are an interactive')
  })

  test('system prompts reach the model, and no text of the caller is in argv', async () => {
    const secret = 'hush-4711'
    await allEvents(
      await world.post({
        prompt: `${secret} prompt`,
        system_prompt: `${secret} system`,
        append_system_prompt: `${secret} behind`,
        model: MODEL,
      }),
    )
    const system = bodyOf(world)
      .system.map((part) => part.text)
      .join('\n')
    expect(system).toContain(`${secret} system`)
    expect(system).toContain(`${secret} behind`)
    expect(await Bun.file(join(world.home, 'arguments')).text()).not.toContain(secret)
  })

  test('a schema is kept to, and the answer to the gateway is no line of the caller', async () => {
    world.upstream.next(toolCalls([{ name: 'StructuredOutput', arguments: { city: 'Oslo' } }]))
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    }
    const events = await allEvents(await world.post({ prompt: 'Where?', model: MODEL, json_schema: schema }))
    const lines = events.slice(0, -1).map(({ data }) => parse(data))
    expect(lines.at(-1)).toMatchObject({ type: 'result', structured_output: { city: 'Oslo' } })
    expect(lines.map(({ type }) => type)).not.toContain('control_response')
    expect(toolNames(world)).toEqual(['StructuredOutput'])
    expect(await Bun.file(join(world.home, 'arguments')).text()).not.toContain('city')
  })

  test('an error of the service is a line like others', async () => {
    world.upstream.next({ type: 'failure', status: 403, message: 'not allowed', headers: {} })
    const events = await allEvents(await world.post({ prompt: 'x', model: MODEL }))
    expect(parse(events.at(-2)!.data)).toMatchObject({ type: 'result', is_error: true })
    expect(events.at(-1)!.event).toBe('done')
  })

  test.each([
    ['cwd', { cwd: '/tmp' }],
    ['tools', { tools: ['Bash'] }],
    ['allowed_tools', { allowed_tools: ['Bash(ls)'] }],
    ['add_dirs', { add_dirs: ['/tmp'] }],
    ['session_id', { session_id: 'abc' }],
    ['permission_mode', { permission_mode: 'bypassPermissions' }],
    ['mcp_config', { mcp_config: { mcpServers: {} } }],
  ])('%s is refused, and nothing runs', async (param, field) => {
    const response = await world.post({ prompt: 'x', ...field })
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ error: { code: 'permission_denied', param } })
    expect(world.upstream.requests).toHaveLength(0)
  })

  test('only tools that are refused is still no tool', async () => {
    await allEvents(await world.post({ prompt: 'x', model: MODEL, disallowed_tools: ['Read'], tools: [] }))
    expect(toolNames(world)).toEqual([])
  })

  test('DELETE stops it: the process and its request are gone, and the stream has an end', async () => {
    world.upstream.next(ticks({ between: 20 }))
    const response = await world.post({ prompt: 'count', model: MODEL })
    const id = response.headers.get('x-cligate-process-id')!
    await eventually(() => world.upstream.turns.length === 1, 20_000)
    const listed = (await (await world.send('GET', '/processes')).json()) as {
      data: { turn?: string; provider: string; pid: number }[]
    }
    expect(listed.data).toContainEqual(expect.objectContaining({ turn: id, provider: 'claude' }))
    const stopped = await world.send('DELETE', `/chat/${id}`)
    expect(await stopped.json()).toEqual({ process_id: id, stopped: true })
    await eventually(() => processesUnder(join(world.home, 'state')).length === 0)
    expect(parse((await allEvents(response)).at(-1)!.data)).toEqual({
      process_id: id,
      exit_code: null,
      signal: 'SIGKILL',
    })
    await world.upstream.turns[0]!.closed
    expect(world.upstream.turns).toHaveLength(1)
    expect((await world.send('DELETE', `/chat/${id}`)).status).toBe(404)
  })

  test('who leaves stops it', async () => {
    world.upstream.next(ticks({ between: 20 }))
    const client = new AbortController()
    const response = await world.post({ prompt: 'count', model: MODEL }, client.signal)
    const reader = response.body!.getReader()
    await eventually(() => world.upstream.turns.length === 1, 20_000)
    client.abort()
    await world.upstream.turns[0]!.closed
    expect(world.upstream.turns[0]!.outcome).toBe('dropped')
    await eventually(() => world.gateway.processes().length === 0)
    await reader.cancel().catch(() => {})
  })

  test('nothing is left in the folders of the gateway', async () => {
    await allEvents(await world.post({ prompt: 'x', model: MODEL }))
    const folders = () => [
      ...new Bun.Glob('*/raw-*').scanSync({ cwd: join(world.home, 'state/run'), onlyFiles: false }),
    ]
    await eventually(() => folders().length === 0)
  })
})

describe('agent mode', () => {
  let world: RawWorld
  beforeAll(async () => {
    world = await rawWorld({ config: claudeWith((home) => ({ roots: [join(home, 'root')] })) })
    mkdirSync(join(world.root, 'shop'))
    mkdirSync(join(world.root, 'more'))
    mkdirSync(join(world.home, 'elsewhere'))
    writeFileSync(join(world.home, 'elsewhere/secret'), 'hush-4711')
    writeFileSync(join(world.root, 'shop/readme'), 'Here is the shop.')
    symlinkSync(join(world.home, 'elsewhere'), join(world.root, 'link'))
    symlinkSync(join(world.root, 'shop'), join(world.home, 'in'))
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(() => world.upstream.reset())
  const work = (more: object = {}) =>
    world.post({ prompt: 'Work.', model: MODEL, cwd: join(world.root, 'shop'), ...more })
  /** What the model was told of the tools that it called. */
  const results = () => JSON.stringify(bodyOf(world).messages.at(-1)!.content)

  test.each([
    ['a folder elsewhere', () => join(world.home, 'elsewhere')],
    ['a link that leads elsewhere', () => join(world.root, 'link')],
    ['the way up', () => join(world.root, 'shop/../../elsewhere')],
    ['a neighbour with a longer name', () => `${world.root}-2`],
    ['what is not there', () => join(world.root, 'nothing')],
    ['a file', () => join(world.root, 'shop/readme')],
    ['a relative path', () => 'shop'],
    ['a NUL', () => `${world.root}/shop\0`],
  ])('%s is no folder to work in, nor to add', async (_, path) => {
    for (const field of [{ cwd: path() }, { cwd: world.root, add_dirs: [path()] }]) {
      const response = await world.post({ prompt: 'x', ...field })
      expect(response.status).toBe(403)
      expect(await response.text()).not.toContain(world.home)
    }
    expect(world.upstream.requests).toHaveLength(0)
  })

  test('a link that leads below a root is a folder to work in', async () => {
    const events = await allEvents(await work({ cwd: join(world.home, 'in') }))
    expect(parse(events[0]!.data)).toMatchObject({ subtype: 'init', cwd: join(world.root, 'shop') })
  })

  test('it works in the folder with file tools, and has none that runs commands', async () => {
    world.upstream.next(toolCalls([{ name: 'Read', arguments: { file_path: join(world.root, 'shop/readme') } }]))
    world.upstream.next(text('Read.'))
    const events = await allEvents(await work())
    expect(parse(events.at(-2)!.data)).toMatchObject({ type: 'result', result: 'Read.' })
    expect(results()).toContain('Here is the shop.')
    expect(toolNames(world)).toContain('Edit')
    expect(toolNames(world)).not.toContain('Bash')
  })

  test('no tools is none', async () => {
    await allEvents(await work({ tools: [] }))
    expect(toolNames(world)).toEqual([])
  })

  test('the tools that are named are those there are', async () => {
    await allEvents(await work({ tools: ['Read', 'Bash'] }))
    expect(toolNames(world).toSorted()).toEqual(['Bash', 'Read'])
  })

  test.each(['default', 'Default tools', '', '--help', 'a b'])('"%s" is no name of a tool', async (name) => {
    const response = await work({ tools: [name] })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { param: 'tools[0]' } })
  })

  test('a command runs only where it is allowed; that others are refused allows nothing', async () => {
    const touch = (name: string) =>
      toolCalls([{ name: 'Bash', arguments: { command: `touch ${name}`, description: 'x' } }])
    const did = async (name: string, more: object) => {
      world.upstream.next(touch(name))
      world.upstream.next(text('Done.'))
      await allEvents(await work({ tools: ['Bash'], ...more }))
      return existsSync(join(world.root, 'shop', name))
    }
    expect(await did('one', {})).toBe(false)
    expect(await did('two', { disallowed_tools: ['Write'] })).toBe(false)
    expect(await did('three', { allowed_tools: ['Bash(touch *)'] })).toBe(true)
    expect(await did('four', { allowed_tools: ['Bash'], disallowed_tools: ['Bash(touch *)'] })).toBe(false)
  })

  test('its file tools do not leave the folders, though they are allowed', async () => {
    world.upstream.next(toolCalls([{ name: 'Read', arguments: { file_path: join(world.home, 'elsewhere/secret') } }]))
    world.upstream.next(text('Done.'))
    await allEvents(await work({ allowed_tools: ['Read'] }))
    expect(results()).not.toContain('hush-4711')
  })

  test('folders may be added', async () => {
    writeFileSync(join(world.root, 'more/list'), 'More is here.')
    world.upstream.next(toolCalls([{ name: 'Read', arguments: { file_path: join(world.root, 'more/list') } }]))
    world.upstream.next(text('Done.'))
    await allEvents(await work({ add_dirs: [join(world.root, 'more')] }))
    expect(results()).toContain('More is here.')
  })

  test('a session goes on, and a fork leaves it as it was', async () => {
    const sessionOf = async (response: Response) => parse((await allEvents(response))[0]!.data)['session_id']
    const first = await sessionOf(await work({ prompt: 'My name is Ada.' }))
    expect(await sessionOf(await work({ prompt: 'Who am I?', session_id: first }))).toBe(first!)
    expect(JSON.stringify(bodyOf(world).messages)).toContain('My name is Ada.')
    const forked = await sessionOf(await work({ prompt: 'Fork.', session_id: first, fork: true }))
    expect(forked).not.toBe(first)
    expect(JSON.stringify(bodyOf(world).messages)).toContain('Who am I?')
  })

  test('turns have a limit', async () => {
    world.upstream.default = toolCalls([{ name: 'Glob', arguments: { pattern: '*' } }])
    const events = await allEvents(await work({ max_turns: 2 }))
    world.upstream.default = text('Hello from the simulated model.')
    expect(parse(events.at(-2)!.data)).toMatchObject({ subtype: 'error_max_turns' })
  })

  test('all permissions at once only by the configuration', async () => {
    const response = await work({ permission_mode: 'bypassPermissions' })
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ error: { param: 'permission_mode' } })
  })

  test.each([
    ['session_id', { session_id: '../x' }],
    ['fork', { fork: true }],
    ['permission_mode', { permission_mode: 'root' }],
    ['model', { model: '--help' }],
    ['max_turns', { max_turns: 0 }],
    ['allowed_tools[0]', { allowed_tools: ['Bash(a)\nx'] }],
    ['settings', { settings: '/etc/passwd' }],
    ['prompt', { prompt: '' }],
    ['provider', { provider: 'nobody' }],
  ])('%s that cannot be is a 400', async (param, field) => {
    const response = await work(field)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { param } })
  })

  test('a command dies with its agent', async () => {
    const command = { name: 'Bash', arguments: { command: 'sleep 300', description: 'x' } }
    world.upstream.next(toolCalls([command]))
    const response = await work({ tools: ['Bash'], allowed_tools: ['Bash'] })
    const sleeping = () => processesUnder(join(world.root, 'shop')).length
    await eventually(() => sleeping() >= 2, 20_000)
    await world.send('DELETE', `/chat/${response.headers.get('x-cligate-process-id')}`)
    await eventually(() => sleeping() === 0, 20_000)
    expect(eventsOf(await response.text()).at(-1)!.event).toBe('done')
  })
})
