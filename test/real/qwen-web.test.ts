// `chat.web` with the real Qwen Code: it searches where the service is Alibaba Cloud's, and why it fetches nothing.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { assertOrder } from '../../src/core/assert-order.ts'
import type { ChatEvent } from '../../src/core/event.ts'
import { resolveParameters } from '../../src/providers/qwen/parameters.ts'
import { turnSettings } from '../../src/providers/qwen/settings.ts'
import { answerTo, failureOf, run, textOf, tool } from '../providers/claude/requests.ts'
import { ask, type Body, MODEL, qwenWorld, type World } from '../providers/qwen/world.ts'
import { rateLimited } from '../upstream/replies/failures.ts'
import { hang } from '../upstream/replies/faults.ts'
import { stopped } from '../upstream/replies/stops.ts'
import { text } from '../upstream/replies/text.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { searched } from '../upstream/replies/web-search.ts'
import { startUpstream, type Upstream } from '../upstream/upstream.ts'
import { realCli, temporaryHome } from './harness/real-cli.ts'
import { SECRET, type SecretService, startSecretService } from './harness/secret-service.ts'
import { type SimulatedDashScope, startDashScope } from './harness/simulated-dashscope.ts'

setDefaultTimeout(90_000)

async function disposable(started: Promise<Upstream>): Promise<Upstream & AsyncDisposable> {
  const upstream = await started
  return Object.assign(upstream, { [Symbol.asyncDispose]: () => upstream.stop() })
}

let secret: SecretService
beforeAll(() => {
  secret = startSecretService()
})
afterAll(() => secret.stop())

test('with the settings of a turn that searches, it has that tool of its own and no other', async () => {
  await using home = await temporaryHome()
  const service = startDashScope(() => 'http://127.0.0.1:9')
  const request = ask('hi')
  const settings = turnSettings(
    {
      model: MODEL,
      configured: undefined,
      login: { hasKey: true, baseUrl: service.environment['OPENAI_BASE_URL'] },
      parameters: resolveParameters(request, { dashScope: true, completions: true, search: true }, true),
      logFolder: join(home.path, 'log'),
      web: true,
    },
    {},
  )
  const file = join(home.path, 'system.json')
  await Bun.write(file, JSON.stringify(settings))
  const child = Bun.spawn([realCli('qwen'), '--output-format', 'stream-json', 'Look.'], {
    cwd: home.path,
    env: {
      HOME: home.path,
      PATH: process.env['PATH'],
      OPENAI_API_KEY: 'dummy',
      QWEN_CODE_SYSTEM_SETTINGS_PATH: file,
      ...service.environment,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let first = ''
  for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
    first += piece
    if (first.includes('\n')) break
  }
  child.kill('SIGKILL')
  await child.exited
  service.stop()
  expect(JSON.parse(first.split('\n', 1)[0]!)).toMatchObject({ type: 'system', tools: ['web_search'] })
})

test('left to itself, its web_fetch reads the loopback: if it no longer does, chat.web can be thought about anew', async () => {
  await using upstream = await disposable(startUpstream())
  await using home = await temporaryHome()
  upstream.next(toolCalls([{ name: 'web_fetch', arguments: { url: `${secret.url}/alone`, prompt: 'What is it?' } }]))
  const child = Bun.spawn([realCli('qwen'), '--yolo', '--output-format', 'stream-json', 'Look.'], {
    cwd: home.path,
    env: {
      HOME: home.path,
      PATH: process.env['PATH'],
      OPENAI_API_KEY: 'dummy',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      OPENAI_MODEL: 'qwen3-coder-plus',
    },
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  await child.exited
  expect(secret.asked).toContain('/alone')
  expect(upstream.turns.map(({ body }) => body).join('')).toContain(SECRET)
})

const SOURCES = [{ title: 'Rome today', url: 'https://weather.example/rome' }]
const search = (query: string) => ({ id: `call_${query}`, name: 'web_search', arguments: { query } })
const bodiesOf = ({ upstream }: World) => upstream.requests.map(({ json }) => json as Body)
const toolsIn = ({ tools }: Pick<Body, 'tools'>) =>
  (tools as { type: string; function?: { name: string } }[]).map((one) => one.function?.name ?? one.type)

describe('with a service that has no search', () => {
  let world: World
  beforeAll(async () => {
    world = await qwenWorld({ web: true })
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(() => world.upstream.reset())

  test('a turn has no web tool', async () => {
    expect(textOf(await answerTo(world.driver, ask('hi')))).toBe('Hello from the simulated model.')
    const { tools, tool_choice } = bodiesOf(world).at(-1)!
    expect(JSON.stringify(tools)).not.toMatch(/web_?(fetch|search)/i)
    expect(tool_choice).toBe('none')
  })

  test.each(['web_fetch', 'web_search', 'run_shell_command'])('a call of %s reaches nobody', async (name) => {
    const args = { url: `${secret.url}/chat`, prompt: 'x', query: 'weather', command: 'ls' }
    world.upstream.next(toolCalls([{ name, arguments: args }]))
    expect(await failureOf(world.driver, ask('hi'))).toMatchObject({ code: 'provider_error' })
    await Bun.sleep(150)
    expect(secret.asked).not.toContain('/chat')
    expect(world.upstream.requests).toHaveLength(1)
  })

  test('its status says what is on and off', async () => {
    const { notes } = await world.driver.status(new AbortController().signal)
    expect(notes).toEqual([expect.stringContaining('chat.web')])
  })
})

describe('with a service that has one', () => {
  let world: World
  let service: SimulatedDashScope
  beforeAll(async () => {
    service = startDashScope(() => world.upstream.url)
    world = await qwenWorld({ web: true, environment: service.environment })
  })
  afterAll(async () => {
    await world[Symbol.asyncDispose]()
    service.stop()
  })
  beforeEach(() => world.upstream.reset())

  test('one answer from a turn that searches, with the words and tokens of all rounds', async () => {
    world.upstream.next(
      toolCalls([search('rome')], { text: ['Let me see. '] }),
      searched('rome', SOURCES, 'Sunny.'),
      text('It is sunny.'),
    )
    const events: ChatEvent[] = []
    for await (const batch of run(world.driver, ask('Weather?'))) events.push(...batch)
    assertOrder(events)
    expect(events.filter(({ type }) => /-start$|activity|usage|finish/.test(type))).toEqual([
      { type: 'stream-start', model: MODEL, created: expect.any(Number) },
      { type: 'text-start', block: 0 },
      { type: 'tool-activity', name: 'web_search', phase: 'start', detail: { query: 'rome' } },
      { type: 'tool-activity', name: 'web_search', phase: 'end', detail: {} },
      { type: 'text-start', block: 1 },
      { type: 'usage', usage: { input: 34, output: 10, cachedRead: 8, cacheWrite: 0, reasoning: 0 } },
      { type: 'finish', reason: 'stop' },
    ])
    const said = events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : []))
    expect(said.join('')).toBe('Let me see. It is sunny.')
    expect(world.upstream.requests.map(({ path }) => path)).toEqual([
      '/v1/chat/completions',
      '/v1/responses',
      '/v1/chat/completions',
    ])
    expect(bodiesOf(world).map(toolsIn)).toEqual([['web_search'], ['web_search', 'web_extractor'], ['web_search']])
    expect(JSON.stringify(bodiesOf(world)[1])).not.toContain('Weather?')
    expect(JSON.stringify(bodiesOf(world)[2]?.messages)).toContain(SOURCES[0]!.url)
  })

  test('an answer without a search is one request', async () => {
    const said = await answerTo(world.driver, ask('hi'))
    expect(textOf(said)).toBe('Hello from the simulated model.')
    expect(said).toMatchObject({ finish: 'stop', usage: { input: 17, output: 5 } })
    await Bun.sleep(150)
    expect(world.upstream.requests).toHaveLength(1)
  })

  test('several searches in several rounds, and an answer that is cut', async () => {
    world.upstream.next(
      toolCalls([search('one')]),
      searched('one', SOURCES, 'One.'),
      toolCalls([search('two')], { text: ['Once more. '] }),
      searched('two', [], 'Nothing.'),
      stopped('max_tokens', ['It'], { usage: { output: 3000 } }),
    )
    const said = await answerTo(world.driver, ask('Look around.', { sampling: { maxTokens: 3000 } }))
    expect(textOf(said)).toBe('Once more. It')
    expect(said).toMatchObject({ finish: 'length', usage: { input: 51, output: 3010 } })
    await Bun.sleep(150)
    expect(world.upstream.requests).toHaveLength(5)
  })

  test.each([
    ['web_fetch', []],
    ['run_shell_command', []],
    ['read_file', [search('rome')]],
  ])('no other tool: a call of %s runs nothing, and nobody is asked again', async (name, others) => {
    const args = { url: `${secret.url}/other`, prompt: 'x', command: 'ls', file_path: '/etc/hostname' }
    world.upstream.next(toolCalls([...others, { name, arguments: args }]))
    world.upstream.default = searched('rome', SOURCES, 'Sunny.')
    expect(await failureOf(world.driver, ask('hi'))).toMatchObject({ code: 'provider_error' })
    await Bun.sleep(300)
    expect(secret.asked).not.toContain('/other')
    expect(world.upstream.requests.filter(({ path }) => path === '/v1/chat/completions')).toHaveLength(1)
  })

  test('beside functions of the caller it does not search', async () => {
    world.upstream.next(toolCalls([{ id: 'call_a', name: 'get_weather', arguments: { city: 'Rome' } }]))
    const { content, finish } = await answerTo(world.driver, ask('Weather?', { tools: [tool('get_weather')] }))
    expect(finish).toBe('tool-calls')
    expect(content).toMatchObject([{ type: 'tool-call', id: 'call_a', name: 'get_weather' }])
    expect(bodiesOf(world).map(toolsIn)).toEqual([['get_weather']])
  })

  test('a failure behind a search ends the turn at once', async () => {
    world.upstream.next(toolCalls([search('rome')]), searched('rome', SOURCES, 'Sunny.'), rateLimited(7))
    expect(await failureOf(world.driver, ask('Weather?'))).toMatchObject({ code: 'rate_limit_exceeded' })
    await Bun.sleep(150)
    expect(world.upstream.requests).toHaveLength(3)
  })

  test('a caller who leaves while it searches ends the search', async () => {
    world.upstream.next(toolCalls([search('rome')]), hang())
    const leave = new AbortController()
    const left = Array.fromAsync(run(world.driver, ask('Weather?'), leave.signal)).catch((error: unknown) => error)
    const nested = await world.upstream.turn(1)
    leave.abort(new Error('gone'))
    await nested.closed
    expect(nested.outcome).toBe('dropped')
    expect(await left).toMatchObject({ message: 'gone' })
    await Bun.sleep(150)
    expect(world.upstream.requests).toHaveLength(2)
  })

  test('a model that does nothing but search is stopped', async () => {
    let asked = 0
    world.upstream.default = ({ path }) => {
      asked += 1
      return path === '/v1/responses'
        ? searched('again', SOURCES, 'Found.')
        : toolCalls([{ ...search('again'), id: `call_${asked}` }])
    }
    expect(await failureOf(world.driver, ask('hi'))).toMatchObject({
      code: 'provider_error',
      message: 'Qwen Code asked 25 times for searches, and gave no answer.',
    })
    await Bun.sleep(150)
    expect(world.upstream.requests).toHaveLength(50)
  })

  test('without chat.web it has none', async () => {
    await using plain = await qwenWorld({ environment: service.environment })
    expect(textOf(await answerTo(plain.driver, ask('hi')))).toBe('Hello from the simulated model.')
    // The service that the name leads to is the first world's.
    expect(bodiesOf(world).map(toolsIn)).toEqual([['unavailable']])
  })
})
