// The self-test with the real Claude Code, and what happens with versions that no longer do what the fast way needs.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Output } from '../../src/core/request.ts'
import {
  answerTo,
  assistant,
  call,
  failureOf,
  request,
  result,
  textOf,
  tool,
  user,
} from '../providers/claude/requests.ts'
import { claudeWorld, SUBSCRIPTION, type World, type WorldOptions } from '../providers/claude/world.ts'
import { eventually } from '../support/cligate.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { forgetful } from './harness/forgetful-claude.ts'
import { realCli } from './harness/real-cli.ts'

setDefaultTimeout(40_000)

const { signal } = new AbortController()

/** What is lost on the way to the real CLI, as code over the `frame` of one line. */
const LOSSES = {
  'the late system prompt': 'delete frame.request?.system_prompt',
  'the environment in settings': 'if (frame.request?.settings) delete frame.request.settings.env',
  'the model in settings': 'if (frame.request?.settings) delete frame.request.settings.model',
  'answers in the history': "if (frame.type === 'assistant') return ''",
  'commands as text': 'delete frame.client_composed',
  'the news of other functions': "if (frame.request?.message?.method?.endsWith('list_changed')) return ''",
} as const

const untested = (options: WorldOptions = {}) => claudeWorld({ tested: false, ...options })
/** What is logged where a slower way has to do. */
const slower = (world: World) =>
  world.logged.filter(({ message }) => message.endsWith('not driven in the fastest way.'))
const body = (world: World) => world.upstream.turns.at(-1)?.json as { system: { text: string }[]; messages: object[] }

describe('this version', () => {
  test('passes, asks nobody but itself, and is remembered', async () => {
    await using world = await untested()
    const answer = await answerTo(world.driver, request('hi', { system: 'S' }))
    expect(textOf(answer)).toBe('Hello from the simulated model.')
    expect(world.upstream.requests).toHaveLength(1)
    expect(await world.driver.status(signal)).toMatchObject({ state: 'ready', notes: [] })
    const file = join(world.home, 'self-test.json')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await Bun.file(file).json()).toMatchObject({
      passed: { path: realCli('claude'), version: '2.1.329' },
      way: 'warmed',
    })
    expect(world.logged.filter(({ level }) => level === 'warn')).toEqual([])
  })

  test('does not make the first request wait long', async () => {
    await using world = await untested()
    const since = performance.now()
    await answerTo(world.driver, request('hi'))
    const withTest = performance.now() - since
    await using tested = await claudeWorld()
    const again = performance.now()
    await answerTo(tested.driver, request('hi'))
    // Two processes start for it side by side: under a second on an idle machine, and several on a loaded one.
    expect(slower(world)).toEqual([])
    expect(withTest - (performance.now() - again)).toBeLessThan(15_000)
  })

  test('with an API key alone looks for nothing else, and is remembered for that', async () => {
    await using world = await untested()
    await answerTo(world.driver, request('hi'))
    expect(await Bun.file(join(world.home, 'self-test.json')).json()).toMatchObject({ passed: { bare: true } })
    await eventually('the next process is there', () => world.driver.processes().length > 0)
    const arguments_ = await Bun.file(`/proc/${world.driver.processes()[0]!.pid}/cmdline`).text()
    expect(arguments_.split('\0')).toContain('--bare')
  })

  test('needs no login for it', async () => {
    await using world = await untested({ environment: { ANTHROPIC_API_KEY: undefined } })
    world.driver.start?.()
    await world.driver.models(signal)
    expect(await world.driver.status(signal)).toMatchObject({ state: 'not-logged-in' })
    expect(world.upstream.requests).toEqual([])
  })
})

describe('another version that lost', () => {
  test.each(Object.keys(LOSSES) as (keyof typeof LOSSES)[])('%s: answers all the same, and says so', async (loss) => {
    await using cli = await forgetful(LOSSES[loss])
    await using world = await untested({ executable: cli.path, environment: SUBSCRIPTION })
    const messages = [user('first question'), assistant('first answer'), user('/last question')]
    const asked = request(messages, {
      model: 'claude-haiku-4-5',
      system: 'You are terse.',
      sampling: { maxTokens: 3210, temperature: 0.5 },
      reasoning: { effort: 'low' },
    })
    const answer = await answerTo(world.driver, asked)
    expect(textOf(answer)).toBe('Hello from the simulated model.')
    expect(world.upstream.turns).toHaveLength(1)
    expect(body(world)).toMatchObject({
      model: 'claude-haiku-4-5',
      max_tokens: 3210,
      tools: [],
      thinking: { type: 'enabled' },
    })
    expect(body(world).system.at(-1)?.text).toBe('You are terse.')
    const sent = JSON.stringify(body(world).messages)
    const places = ['first question', 'first answer', '/last question'].map((words) => sent.indexOf(words))
    expect(places.every((place) => place > 0)).toBe(true)
    expect(places).toEqual(places.toSorted((one, other) => one - other))

    const status = await world.driver.status(signal)
    expect(status.state).toBe('degraded')
    expect(status.notes.join()).toContain('self-test')
    expect(world.driver.support(asked, 'claude-haiku-4-5').temperature).toBe('ignored')
    expect(await Bun.file(join(world.home, 'self-test.json')).exists()).toBe(false)
  })
})

test('a version that does not know --bare is started without it', async () => {
  const args = "if (args.includes('--bare')) { console.error('unknown option --bare'); process.exit(1) }"
  await using cli = await forgetful('', args)
  await using world = await untested({ executable: cli.path })
  expect(textOf(await answerTo(world.driver, request('hi')))).toBe('Hello from the simulated model.')
  expect(slower(world)).toMatchObject([{ fields: { way: 'warmed' } }])
  expect(await Bun.file(join(world.home, 'self-test.json')).exists()).toBe(false)
})

describe('functions in the documented way', () => {
  const tools = [tool('get_weather', { type: 'object', properties: { city: { type: 'string' } } }), tool('Bash')]
  type Body = { tools: { name: string; input_schema: object }[]; messages: object[] }

  test.each([
    ['by their names', ''],
    ['also where the CLI puts its server’s name in front', 'delete process.env.CLAUDE_AGENT_SDK_MCP_NO_PREFIX'],
  ])('are offered, called and answered, with one request each: %s', async (_, args) => {
    await using cli = await forgetful(LOSSES['the late system prompt'], args)
    await using world = await untested({ executable: cli.path })
    world.upstream.default = (asked) => {
      const { name } = (asked.json as Body).tools.find((one) => one.name.endsWith('get_weather'))!
      return toolCalls([{ id: 'toolu_1', name, arguments: { city: 'Paris' } }])
    }
    const first = await answerTo(world.driver, request('weather?', { tools }))
    const wanted = call('toolu_1', 'get_weather', '{"city":"Paris"}')
    expect(first).toMatchObject({ finish: 'tool-calls', content: [wanted] })
    expect((body(world) as unknown as Body).tools).toHaveLength(2)
    expect((body(world) as unknown as Body).tools.at(-1)?.input_schema).toEqual(tools[0]!.parameters)

    const second = [user('weather?'), assistant(wanted), result({ toolu_1: 'sunny' })]
    expect(await answerTo(world.driver, request(second, { tools }))).toMatchObject({ finish: 'tool-calls' })
    const sent = JSON.stringify(body(world).messages)
    for (const words of ['weather?', 'get_weather', 'Paris', 'sunny']) expect(sent).toContain(words)
    expect(world.upstream.requests).toHaveLength(2)
  })

  test('what needs the body of the request is left to the gateway, and no call is no function', async () => {
    await using cli = await forgetful(LOSSES['the late system prompt'])
    await using world = await untested({ executable: cli.path })
    const output: Output = { type: 'json-schema', name: 'x', schema: { type: 'object' }, strict: true }
    const none = request('hi', { tools, toolChoice: { type: 'none' }, output })
    await answerTo(world.driver, none)
    expect(body(world)).toMatchObject({ tools: [] })
    expect(world.driver.support(none, none.model)).toMatchObject({ toolChoice: 'native', output: 'emulated' })
    const forced = request('hi', { tools, toolChoice: { type: 'required' }, parallelToolCalls: false })
    await answerTo(world.driver, forced)
    expect(body(world)).not.toHaveProperty('tool_choice')
    expect(world.driver.support(forced, forced.model)).toMatchObject({
      tools: 'native',
      toolChoice: 'emulated',
      parallelToolCalls: 'emulated',
    })
  })
})

test('a version that takes no session of ours is fast all the same, and says a little more to the model', async () => {
  await using cli = await forgetful('', "if (args.includes('--resume')) args.splice(args.indexOf('--resume'), 2)")
  await using world = await untested({ executable: cli.path, environment: SUBSCRIPTION })
  await answerTo(world.driver, request([user('q'), assistant('a'), user('r')], { system: 'S' }))
  expect(world.upstream.turns).toHaveLength(1)
  expect(await world.driver.status(signal)).toMatchObject({ state: 'ready' })
  expect(slower(world)).toMatchObject([{ fields: { way: 'plain' } }])
  // Another start looks for a better way again.
  expect(await Bun.file(join(world.home, 'self-test.json')).exists()).toBe(false)
  expect(JSON.stringify(body(world).messages)).toContain('# Environment')
})

test.each([
  [
    'cannot be asked beside its conversation',
    "if (frame.request?.subtype === 'side_question') frame.request.subtype = 'x'",
  ],
  ['keeps what it was told', "if (frame.request?.subtype === 'rewind_conversation') frame.request.subtype = 'x'"],
  ['keeps its credential', 'delete frame.request?.settings?.env?.ANTHROPIC_API_KEY'],
])('a version that %s is not warmed up, and is fast all the same', async (_, loss) => {
  await using cli = await forgetful(loss)
  await using world = await untested({ executable: cli.path })
  await answerTo(world.driver, request([user('q'), assistant('a'), user('r')], { system: 'S' }))
  expect(world.upstream.turns).toHaveLength(1)
  expect(await world.driver.status(signal)).toMatchObject({ state: 'ready' })
  expect(slower(world)).toMatchObject([{ fields: { way: 'seeded' } }])
})

test('a session of ours that Claude Code refuses is no reason to be slow', async () => {
  await using cli = await forgetful('', "if (args.includes('--resume')) process.exit(1)")
  await using world = await untested({ executable: cli.path })
  await answerTo(world.driver, request('hi'))
  expect(await world.driver.status(signal)).toMatchObject({ state: 'ready' })
})

test('one that adds to what the caller says, whatever it is told, is not used at all', async () => {
  await using cli = await forgetful(
    'delete frame.request?.system_prompt',
    "args.splice(args.indexOf('--system-prompt'), 2, '--append-system-prompt', 'You are a pirate.')",
  )
  await using world = await untested({ executable: cli.path })
  const error = await failureOf(world.driver, request('hi', { system: 'S' }))
  expect(error).toMatchObject({ code: 'provider_unavailable', status: 503 })
  expect(String(error)).toContain('npm install -g @anthropic-ai/claude-code@latest')
  expect(world.upstream.requests).toEqual([])
  expect(await world.driver.status(signal)).toMatchObject({ state: 'disabled' })
})
