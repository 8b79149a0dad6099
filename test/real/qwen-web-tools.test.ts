// Which tools the real Qwen Code has with `chat.web`: the search where its service has one, nothing else, and why it fetches nothing.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { bootQwen } from '../../src/providers/qwen/boot.ts'
import { findQwen } from '../../src/providers/qwen/executable.ts'
import { toConversation } from '../../src/providers/qwen/history.ts'
import { resolveParameters } from '../../src/providers/qwen/parameters.ts'
import { SELF_TEST_MODEL, selfTestSettings, turnSettings } from '../../src/providers/qwen/settings.ts'
import { runWebTurn } from '../../src/providers/qwen/web-turn.ts'
import { answerTo, failureOf, textOf, user } from '../providers/claude/requests.ts'
import { ask, bodiesOf, MODEL, qwenWorld, toolsIn, type World } from '../providers/qwen/world.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { searched } from '../upstream/replies/web-search.ts'
import { startUpstream, type Upstream } from '../upstream/upstream.ts'
import { nodeOfLaterQwen } from './harness/later-qwen.ts'
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

  test.each([
    ['web_fetch', []],
    ['run_shell_command', []],
    ['read_file', [{ name: 'web_search', arguments: { query: 'rome' } }]],
  ])('no other tool: a call of %s runs nothing, and nobody is asked again', async (name, others) => {
    const args = { url: `${secret.url}/other`, prompt: 'x', command: 'ls', file_path: '/etc/hostname' }
    world.upstream.next(toolCalls([...others, { name, arguments: args }]))
    world.upstream.default = searched('rome', [], 'Sunny.')
    expect(await failureOf(world.driver, ask('hi'))).toMatchObject({ code: 'provider_error' })
    await Bun.sleep(300)
    expect(secret.asked).not.toContain('/other')
    expect(world.upstream.requests.filter(({ path }) => path === '/v1/chat/completions')).toHaveLength(1)
  })

  test('the self-test tries a session that has the search, so that it sees what comes with it', async () => {
    const installation = findQwen({ configured: realCli('qwen'), path: process.env['PATH'], node: undefined })!
    const { signal } = new AbortController()
    const worker = await bootQwen(world.options, installation, signal)
    expect(worker.noSearch).toBeUndefined()
    const settings = (logFolder: string) => selfTestSettings(`${world.upstream.url}/v1`, logFolder, true)
    const conversation = toConversation([], [user('hi')])
    const session = await worker.open({ conversation, model: SELF_TEST_MODEL, settings, web: true }, signal)
    const answering = { model: SELF_TEST_MODEL, maxTokens: undefined }
    for await (const batch of runWebTurn(session, answering, signal)) void batch
    await session.close()
    await worker.dispose()
    expect(bodiesOf(world).map(toolsIn)).toEqual([['web_search']])
  })

  test('without chat.web it has none', async () => {
    await using plain = await qwenWorld({ environment: service.environment })
    expect(textOf(await answerTo(plain.driver, ask('hi')))).toBe('Hello from the simulated model.')
    // The service that the name leads to is the first world's.
    expect(bodiesOf(world).map(toolsIn)).toEqual([['unavailable']])
  })
})

describe('a version that has one tool more where it may search', () => {
  let world: World
  let service: SimulatedDashScope
  let folder: Awaited<ReturnType<typeof temporaryHome>>
  beforeAll(async () => {
    folder = await temporaryHome()
    service = startDashScope(() => world.upstream.url)
    const node = await nodeOfLaterQwen(folder.path, 'list_directory')
    world = await qwenWorld({ web: true, node, environment: service.environment })
  })
  afterAll(async () => {
    await world[Symbol.asyncDispose]()
    service.stop()
    await folder[Symbol.asyncDispose]()
  })

  test('does not search, and chats on', async () => {
    expect(textOf(await answerTo(world.driver, ask('hi')))).toBe('Hello from the simulated model.')
    expect(bodiesOf(world).map(toolsIn)).toEqual([['unavailable']])
    expect(world.logged.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  test('is said to be so in the status', async () => {
    const { state, notes } = await world.driver.status(new AbortController().signal)
    expect(state).toBe('ready')
    expect(notes).toEqual([expect.stringMatching(/^chat\.web has no effect: .*\(tools: .*list_directory/)])
  })
})
