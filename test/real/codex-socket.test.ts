// Codex's own model provider, which asks over a WebSocket: what a ChatGPT login gets. (With a key here: for a ChatGPT login, Codex
// lets nobody but OpenAI say where the service is.)
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import type { Tool } from '../../src/core/request.ts'
import { answerTo, failureOf, request as requestOf, run, textOf } from '../providers/claude/requests.ts'
import { callOf, WEATHER } from '../providers/codex/functions.ts'
import { codexWorld, KEY, MODEL, type World } from '../providers/codex/world.ts'
import { type SocketUpstream, startSocketUpstream } from '../upstream/openai-responses/socket.ts'
import { failsAfter } from '../upstream/replies/faults.ts'
import { text, ticks } from '../upstream/replies/text.ts'
import { thinking } from '../upstream/replies/thinking.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { answer, type Step } from '../upstream/reply.ts'

setDefaultTimeout(30_000)

const request = (words = 'hi', tools: Tool[] = []) => requestOf(words, { model: MODEL, tools })

let upstream: SocketUpstream
let world: World
beforeAll(async () => {
  upstream = startSocketUpstream()
  world = await codexWorld({ provider: 'built-in', baseUrl: upstream.url })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await upstream.stop()
})
beforeEach(() => {
  upstream.requests.length = 0
  upstream.refuse = undefined
  upstream.reply = text('Hello from the socket.')
})

const asked = () => upstream.requests.filter(({ generate }) => generate)
const untilClosed = async () => {
  for (const deadline = performance.now() + 5000; upstream.open > 0 && performance.now() < deadline;) await Bun.sleep(2)
}

test('a turn is one request that generates, with the conversation in it, and its socket is closed after it', async () => {
  upstream.reply = thinking(['Let me think.'], ['Hello', '.'])
  const answer = await answerTo(world.driver, request('canary-one'))
  expect(textOf(answer)).toBe('Hello.')
  expect(asked()).toHaveLength(1)
  expect(JSON.stringify(asked()[0]?.input)).toContain('canary-one')
  expect(asked()[0]?.headers).toMatchObject({ authorization: `Bearer ${KEY}`, originator: 'cligate' })
  expect(upstream.plain).toEqual([])
  await untilClosed()
  expect(upstream.open).toBe(0)
})

test('no socket waits for a turn that nobody has asked for', async () => {
  await answerTo(world.driver, request())
  await untilClosed()
  expect(upstream.open).toBe(0)
  // With a thread that is opened ahead there would be one more request to get ready.
  expect(upstream.requests.filter(({ generate }) => !generate)).toHaveLength(1)
})

test('cancelled in under 200 ms', async () => {
  upstream.reply = ticks({ between: 10 })
  const caller = new AbortController()
  let left = 0
  const read = async () => {
    for await (const batch of run(world.driver, request(), caller.signal)) {
      if (left || !batch.some(({ type }) => type === 'text-delta')) continue
      left = performance.now()
      caller.abort()
    }
  }
  await read().catch(() => {})
  await untilClosed()
  expect(performance.now() - left).toBeLessThan(200)
  expect(upstream.open).toBe(0)
})

test('an answer that has begun is not begun anew for the caller, though Codex does that once without a word', async () => {
  upstream.reply = failsAfter(['One'], 500, 'something failed')
  const said: string[] = []
  const read = async () => {
    for await (const batch of run(world.driver, request())) {
      for (const event of batch) if (event.type === 'text-delta') said.push(event.text)
    }
  }
  await expect(read()).rejects.toMatchObject({ code: 'provider_error' })
  expect(said).toEqual(['One'])
  expect(asked().length).toBeLessThanOrEqual(2)
})

test('a call of the caller’s function, and one that Codex would answer by itself, are one request each', async () => {
  const pause: Step = { type: 'wait', milliseconds: 10_000 }
  const call = { name: 'get_weather', id: 'call_1', arguments: { city: 'Oslo' } }
  upstream.reply = toolCalls([call])
  expect(await answerTo(world.driver, request('hi', [WEATHER]))).toMatchObject({
    content: [{ type: 'tool-call', id: 'call_1', arguments: '{"city":"Oslo"}' }],
    finish: 'tool-calls',
    usage: { input: 17 },
  })
  await untilClosed()
  expect(asked()).toHaveLength(1)
  expect(asked()[0]?.tools).toMatchObject([{ type: 'function', name: 'get_weather' }])
  upstream.reply = answer(() => [callOf({ ...call, arguments: ['{"city":'] }), pause])
  expect(await answerTo(world.driver, request('hi', [WEATHER]))).toMatchObject({ finish: 'tool-calls' })
  await untilClosed()
  expect(asked()).toHaveLength(2)
})

test.each([
  [401, 'provider_login_required'],
  [429, 'rate_limit_exceeded'],
])('a handshake that is refused with %p is told at once', async (status, code) => {
  upstream.refuse = status
  const begun = performance.now()
  expect(await failureOf(world.driver, request())).toMatchObject({ code })
  expect(performance.now() - begun).toBeLessThan(3000)
})
