// The real Qwen Code when something goes wrong: the service refuses, breaks off or is not there; nobody is logged in.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import type { ChatEvent } from '../../src/core/event.ts'
import { answerTo, assistant, failureOf, run, textOf, user } from '../providers/claude/requests.ts'
import { ask, qwenWorld, type World } from '../providers/qwen/world.ts'
import { failure, rateLimited } from '../upstream/replies/failures.ts'
import { cut, cutAfter, failsAfter, hang, truncatedAfter } from '../upstream/replies/faults.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'

setDefaultTimeout(60_000)

const { signal } = new AbortController()

describe('a service that fails', () => {
  let world: World
  beforeAll(async () => {
    world = await qwenWorld({ warm: true })
    world.driver.start?.()
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(() => world.upstream.reset())

  test.each([
    [400, { code: 'invalid_request', status: 400, message: 'The model service refused the request: simulated 400' }],
    [401, { code: 'provider_login_required', status: 401 }],
    [402, { code: 'billing', status: 402 }],
    [403, { code: 'permission_denied', status: 403 }],
    [404, { code: 'model_not_found', status: 404 }],
    [413, { code: 'request_too_large', status: 413 }],
    [429, { code: 'rate_limit_exceeded', status: 429, retryAfter: undefined }],
    [500, { code: 'provider_error', status: 502 }],
    [503, { code: 'overloaded', status: 503 }],
  ])('with status %d is asked once, and the error says it at once', async (status, error) => {
    world.upstream.default = failure(status)
    const at = performance.now()
    expect(await failureOf(world.driver, ask('hi'))).toMatchObject(error)
    // By itself Qwen Code would go on asking for 73 seconds.
    expect(performance.now() - at).toBeLessThan(30_000)
    expect(world.upstream.requests).toHaveLength(1)
  })

  test('is not asked again later, behind the back of the caller', async () => {
    for (const status of [429, 500, 503]) {
      world.upstream.default = failure(status)
      await failureOf(world.driver, ask('hi'))
    }
    // The first of its own attempts comes after 1.5 s and less than a third more.
    await Bun.sleep(2_500)
    expect(world.upstream.requests).toHaveLength(3)
  })

  test('says how long to wait where the service says it', async () => {
    world.upstream.next(failure(429, { message: 'Rate limit reached. Please try again in 7.2s.' }), rateLimited(3))
    expect(await failureOf(world.driver, ask('hi'))).toMatchObject({ code: 'rate_limit_exceeded', retryAfter: 8 })
    expect(await failureOf(world.driver, ask('hi'))).toMatchObject({ code: 'rate_limit_exceeded' })
  })

  test('for its quota or its context window has an error of its own', async () => {
    world.upstream.next(
      failure(429, { message: 'You exceeded your current quota, please check your plan and billing details.' }),
      failure(400, { message: "This model's maximum context length is 131072 tokens." }),
    )
    expect(await failureOf(world.driver, ask('hi'))).toMatchObject({ code: 'usage_limit_reached', status: 429 })
    expect(await failureOf(world.driver, ask('hi'))).toMatchObject({ code: 'context_length_exceeded', status: 400 })
  })

  test('because a conversation is too long is not asked to summarise it', async () => {
    const talk = Array.from({ length: 10 }, (_, n) =>
      n % 2 === 0 ? user('long '.repeat(5000)) : assistant(`answer ${n}`),
    )
    for (const reply of [
      failure(413),
      failure(400, { message: "This model's maximum context length is 131072 tokens." }),
    ]) {
      world.upstream.reset()
      world.upstream.default = reply
      await failureOf(world.driver, ask([...talk, user('and now?')]))
      await Bun.sleep(1000)
      expect(world.upstream.requests).toHaveLength(1)
    }
  })

  test("with a proxy's page shows none of it", async () => {
    world.upstream.next(failure(502, { body: '<html>secret proxy 10.0.0.1</html>' }))
    const error = await failureOf(world.driver, ask('hi'))
    expect(error).toMatchObject({ code: 'provider_error', status: 502 })
    expect(String(error)).not.toContain('html')
  })

  test('before it answers', async () => {
    world.upstream.default = cut()
    expect(await failureOf(world.driver, ask('hi'))).toMatchObject({ code: 'provider_error' })
    expect(world.upstream.requests).toHaveLength(1)
  })

  test.each([
    ['the connection breaks', () => cutAfter(['one ', 'two '])],
    ['the stream ends without its end', () => truncatedAfter(['one ', 'two '])],
    ['the service says so', () => failsAfter(['one ', 'two '], 503, 'busy')],
  ])('in mid-answer, when %s: no word comes twice', async (_, reply) => {
    world.upstream.default = reply()
    const events: ChatEvent[] = []
    const reading = (async () => {
      for await (const batch of run(world.driver, ask('hi'))) events.push(...batch)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'provider_error' })
    expect(events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')).toBe('one two ')
    await Bun.sleep(1_500)
    expect(world.upstream.requests).toHaveLength(1)
  })

  test('to answer at all is left when the caller has waited enough', async () => {
    world.upstream.next(hang())
    const deadline = AbortSignal.timeout(500)
    const reading = (async () => {
      for await (const batch of run(world.driver, ask('hi'), deadline)) void batch
    })()
    await expect(reading).rejects.toThrow()
    await (
      await world.upstream.turn(0)
    ).closed
  })

  test('by calling a tool that it was not given ends the turn', async () => {
    world.upstream.default = toolCalls([{ name: 'run_shell_command', arguments: { command: 'id' } }])
    const error = await failureOf(world.driver, ask('hi'))
    expect(error).toMatchObject({ code: 'provider_error', message: expect.stringContaining('run_shell_command') })
  })

  test('does no harm to the next turn', async () => {
    expect(textOf(await answerTo(world.driver, ask('hi')))).toBe('Hello from the simulated model.')
    expect(world.driver.processes()).toHaveLength(1)
  })
})

test('a service that nobody can reach', async () => {
  await using world = await qwenWorld({ environment: { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' } })
  const message = 'Qwen Code could not reach the model service.'
  expect(await failureOf(world.driver, ask('hi'))).toMatchObject({ code: 'provider_error', message })
})

test('without a login, a turn and the status say how to get one', async () => {
  await using world = await qwenWorld({ environment: { OPENAI_API_KEY: undefined } })
  expect(await failureOf(world.driver, ask('hi'))).toMatchObject({
    code: 'provider_login_required',
    message: expect.stringContaining('/auth'),
  })
  expect(await world.driver.status(signal)).toMatchObject({ state: 'not-logged-in', fix: 'qwen', version: '0.24.4' })
  await expect(world.driver.models(signal)).rejects.toMatchObject({ code: 'provider_login_required' })
  expect(world.upstream.requests).toHaveLength(0)
})

test('where it is not installed, a turn and the status say how to install it', async () => {
  await using world = await qwenWorld({ executable: undefined, environment: { PATH: '/nowhere' } })
  const fix = 'npm install -g @qwen-code/qwen-code'
  expect(await failureOf(world.driver, ask('hi'))).toMatchObject({
    code: 'provider_unavailable',
    message: expect.stringContaining(fix),
  })
  expect(await world.driver.status(signal)).toMatchObject({ state: 'not-installed', fix })
})

test('a version that is too old is not started', async () => {
  await using world = await qwenWorld({ minimumVersion: '99.0.0' })
  expect(await failureOf(world.driver, ask('hi'))).toMatchObject({
    code: 'provider_unavailable',
    message: expect.stringContaining('older'),
  })
  expect(await world.driver.status(signal)).toMatchObject({
    state: 'degraded',
    fix: 'npm install -g @qwen-code/qwen-code@latest',
  })
  expect(world.driver.processes()).toEqual([])
})

test('a program that is no agent is told apart from one that is slow', async () => {
  await using world = await qwenWorld({ executable: '/bin/false' })
  expect(await failureOf(world.driver, ask('hi'))).toMatchObject({
    code: 'provider_unavailable',
    message: expect.stringContaining('cligate doctor'),
  })
  expect(await world.driver.status(signal)).toMatchObject({ state: 'degraded' })
})

test('a process that dies fails its turn, and another one takes the next', async () => {
  await using world = await qwenWorld()
  world.upstream.next(hang())
  const failing = failureOf(world.driver, ask('hi'))
  await world.upstream.turn(0)
  const [first] = world.driver.processes()
  process.kill(first!.pid, 'SIGKILL')
  expect(await failing).toMatchObject({ code: 'provider_error', message: expect.stringContaining('SIGKILL') })
  expect(textOf(await answerTo(world.driver, ask('hi')))).toBe('Hello from the simulated model.')
  expect(world.driver.processes().map(({ pid }) => pid)).not.toContain(first!.pid)
  expect(world.logged.map(({ message }) => message)).toContain('A process of Qwen Code has ended by itself.')
})

test('nothing of the host reaches the process but what it needs', async () => {
  await using world = await qwenWorld({
    environment: { AWS_SECRET_ACCESS_KEY: 'canary-aws', NODE_OPTIONS: '--title=canary' },
  })
  await answerTo(world.driver, ask('hi'))
  const environment = readFileSync(`/proc/${world.driver.processes()[0]!.pid}/environ`, 'utf8')
  expect(environment).toContain('OPENAI_API_KEY=dummy')
  expect(environment).not.toContain('canary')
})
