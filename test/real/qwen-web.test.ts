// Why `chat.web` does not let Qwen Code fetch, shown with the real CLI; and that it does not.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { answerTo, failureOf, textOf } from '../providers/claude/requests.ts'
import { ask, type Body, qwenWorld, type World } from '../providers/qwen/world.ts'
import { text } from '../upstream/replies/text.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { startUpstream, type Upstream } from '../upstream/upstream.ts'
import { realCli, temporaryHome } from './harness/real-cli.ts'
import { SECRET, type SecretService, startSecretService } from './harness/secret-service.ts'

setDefaultTimeout(90_000)

async function disposable(started: Promise<Upstream>): Promise<Upstream & AsyncDisposable> {
  const upstream = await started
  return Object.assign(upstream, { [Symbol.asyncDispose]: () => upstream.stop() })
}

let secret: SecretService
let world: World
beforeAll(async () => {
  secret = startSecretService()
  world = await qwenWorld({ web: true })
})
afterAll(async () => {
  secret.stop()
  await world[Symbol.asyncDispose]()
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

test('with chat.web a turn has no web tool', async () => {
  world.upstream.next(text('Hello.'))
  expect(textOf(await answerTo(world.driver, ask('hi')))).toBe('Hello.')
  const { tools, tool_choice } = world.upstream.turns.at(-1)?.json as Body
  expect(JSON.stringify(tools)).not.toMatch(/web_?(fetch|search)/i)
  expect(tool_choice).toBe('none')
})

test.each(['web_fetch', 'web_search', 'run_shell_command'])('a call of %s reaches nobody', async (name) => {
  world.upstream.reset()
  const before = secret.asked.length
  world.upstream.next(
    toolCalls([{ name, arguments: { url: `${secret.url}/chat`, prompt: 'x', query: 'x', command: 'ls' } }]),
  )
  expect(await failureOf(world.driver, ask('hi'))).toMatchObject({ code: 'provider_error' })
  await Bun.sleep(150)
  expect(secret.asked).toHaveLength(before)
  expect(world.upstream.turns).toHaveLength(1)
})

test('its status says so', async () => {
  const { notes } = await world.driver.status(new AbortController().signal)
  expect(notes).toEqual([expect.stringContaining('chat.web')])
})
