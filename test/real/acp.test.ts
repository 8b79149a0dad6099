// Agents by configuration alone: the real Gemini CLI and Qwen Code, each as nothing but a command that speaks ACP.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { GatewayError } from '../../src/core/error.ts'
import type { ChatRequest, Message } from '../../src/core/request.ts'
import { acpWorld, GEMINI, QWEN, type World, type WorldOptions } from '../providers/acp/world.ts'
import {
  answerTo,
  asEmulated,
  assistant,
  failureOf,
  request as anyRequest,
  run,
  textOf,
  user,
} from '../providers/claude/requests.ts'
import { eventually } from '../support/cligate.ts'
import { echoOf } from '../upstream/replies/echo.ts'
import { failure } from '../upstream/replies/failures.ts'
import { text, ticks } from '../upstream/replies/text.ts'
import { thinking } from '../upstream/replies/thinking.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { answer as answerOf, type Step } from '../upstream/reply.ts'
import { processesUnder } from './harness/processes.ts'

setDefaultTimeout(60_000)

/** Milliseconds: 5 to 30 on an idle machine. */
const SOON = 600

type Changes = Parameters<typeof anyRequest>[1]
const request = (messages: string | Message[], changes: Changes = {}): ChatRequest =>
  anyRequest(messages, { model: 'default', ...changes })
const { signal } = new AbortController()

const AGENTS: [string, WorldOptions, { version: string; model: string; tool: string }][] = [
  ['gemini --acp', GEMINI, { version: '0.61.0', model: 'gemini-2.5-pro', tool: 'google_web_search' }],
  ['qwen --acp', QWEN, { version: '0.24.4', model: 'qwen3-coder-plus', tool: 'get_goal' }],
]

/** These steps, and then others again and again. */
const endless = (first: Step[], again: Step[]) =>
  function* (): Iterable<Step> {
    yield* first
    for (;;) yield* again
  }

describe.each(AGENTS)('%s', (_, options, facts) => {
  let world: World
  beforeAll(async () => {
    world = await acpWorld(options)
    await world.driver.models(signal)
  })
  beforeEach(() => world.upstream.reset())
  afterAll(() => world[Symbol.asyncDispose]())

  const idle = () => world.driver.processes().every(({ state }) => state === 'idle')

  test('says what it is and what models it has, without asking one', async () => {
    expect(await world.driver.status(signal)).toMatchObject({ state: 'ready', version: facts.version })
    const ids = (await world.driver.models(signal)).map(({ id }) => id)
    expect(ids[0]).toBe('default')
    expect(ids).toContain(facts.model)
    expect(world.upstream.requests).toEqual([])
  })

  test('answers with text and usage, by one request', async () => {
    const answer = await answerTo(world.driver, request('Hi', { system: 'Be brief.' }))
    expect(answer).toMatchObject({ finish: 'stop', model: 'default', usage: { output: 5 } })
    expect(textOf(answer)).toBe('Hello from the simulated model.')
    expect(world.upstream.turns).toHaveLength(1)
    expect(world.upstream.turns[0]?.body).toContain('<instructions>\\nBe brief.\\n</instructions>')
  })

  test('as it comes', async () => {
    world.upstream.next(text(['one ', 'two ', 'three'], { between: 60 }))
    const deltas: string[] = []
    for await (const events of run(world.driver, request('Hi'))) {
      const said = events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : []))
      if (said.length > 0) deltas.push(said.join(''))
    }
    expect(deltas.join('')).toBe('one two three')
    // A busy machine may bring two at once, but not all.
    expect(deltas.length).toBeGreaterThan(1)
  })

  test('thoughts are reasoning', async () => {
    world.upstream.next(thinking(['hm'], ['Yes.']))
    const { content } = await answerTo(world.driver, request('Hi'))
    expect(content.map(({ type }) => type)).toEqual(['reasoning', 'text'])
  })

  test('the whole conversation is there, with who said what, and the image', async () => {
    const data = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
    const image = { type: 'image' as const, source: { kind: 'data' as const, mediaType: 'image/png', data } }
    const messages = [user('/one'), assistant('two'), user('three 漢字 𠮷野家 👩‍👩‍👧‍👦', image)]
    await answerTo(world.driver, request(messages))
    const body = world.upstream.turns[0]?.body ?? ''
    const parts = ['<user>\\n/one\\n</user>\\n<assistant>\\ntwo\\n</assistant>', 'three 漢字 𠮷野家 👩‍👩‍👧‍👦', data]
    // Not toContain: it would print all of the agent's own instructions.
    expect(parts.filter((part) => !body.includes(part))).toEqual([])
  })

  test('another model', async () => {
    await answerTo(world.driver, request('Hi', { model: facts.model }))
    const [turn] = world.upstream.turns
    expect(`${turn?.path} ${turn?.body}`).toContain(facts.model)
  })

  test('one process serves turn after turn, each in a session of its own', async () => {
    world.upstream.next(text('one'), text('two'))
    await answerTo(world.driver, request('canary-first'))
    await eventually('it waits', idle)
    const pids = world.driver.processes().map(({ pid }) => pid)
    await answerTo(world.driver, request('canary-second'))
    expect(world.driver.processes().map(({ pid }) => pid)).toEqual(pids)
    expect(echoOf(world.upstream.turns[1]!).canaries).toEqual(['canary-second'])
  })

  test('four conversations at once do not mix', async () => {
    const canaries = Array.from({ length: 4 }, () => `canary-${crypto.randomUUID().slice(0, 8)}`)
    await Promise.all(canaries.map((canary) => answerTo(world.driver, request(`I am ${canary}.`))))
    const seen = world.upstream.turns.map((turn) => echoOf(turn).canaries)
    expect(seen.map((all) => all.length)).toEqual([1, 1, 1, 1])
    expect(seen.flat().toSorted()).toEqual(canaries.toSorted())
  })

  test('a tool of its own ends the turn', async () => {
    world.upstream.next(toolCalls([{ name: facts.tool, arguments: { query: 'x' } }], { text: ['Let me see.'] }))
    const error = await failureOf(world.driver, request('Hi'))
    expect(error).toMatchObject({ code: 'provider_error', message: expect.stringContaining('chat mode forbids') })
    expect(textOf(await answerTo(world.driver, request('Hi')))).toBe('Hello from the simulated model.')
  })

  test.each([
    [401, 'provider_login_required'],
    [403, 'permission_denied'],
  ])('a %p of its service', async (status, code) => {
    world.upstream.default = failure(status)
    const error = (await failureOf(world.driver, request('Hi'))) as GatewayError
    expect(error.code).toBe(code as GatewayError['code'])
    expect(error.message).not.toContain('simulated')
  })

  test('that stumbles in mid-answer: its request is closed at once, though the service would go on', async () => {
    const broken: Step = { type: 'bytes', bytes: 'data: {"x\n\n' }
    const wait: Step = { type: 'wait', milliseconds: 20 }
    world.upstream.next(
      answerOf(endless([{ type: 'text', text: 'one' }, broken], [wait, { type: 'text', text: 'tick' }])),
    )
    expect(await failureOf(world.driver, request('Hi'))).toMatchObject({ code: 'provider_error' })
    const since = performance.now()
    const turn = await world.upstream.turn(0)
    await turn.closed
    expect(performance.now() - since).toBeLessThan(SOON)
    expect(turn.outcome).toBe('dropped')
    expect(textOf(await answerTo(world.driver, request('Hi')))).toBe('Hello from the simulated model.')
  })

  test('that its service refused goes on in the same process', async () => {
    await answerTo(world.driver, request('Hi'))
    await eventually('it waits', idle)
    const pids = world.driver.processes().map(({ pid }) => pid)
    world.upstream.next(failure(400))
    expect(await failureOf(world.driver, request('Hi'))).toMatchObject({ code: 'invalid_request' })
    await eventually('it waits', idle)
    expect(world.driver.processes().map(({ pid }) => pid)).toEqual(pids)
  })

  test('cancelled in mid-answer: its request is closed at once, and it goes on with the next turn', async () => {
    world.upstream.next(ticks())
    const stop = new AbortController()
    const iterator = run(world.driver, request('Hi'), stop.signal)[Symbol.asyncIterator]()
    await iterator.next()
    const waiting = iterator.next().catch(() => {})
    const since = performance.now()
    stop.abort()
    const turn = await world.upstream.turn(0)
    await turn.closed
    expect(performance.now() - since).toBeLessThan(SOON)
    expect(turn.outcome).toBe('dropped')
    await waiting
    expect(textOf(await answerTo(world.driver, request('Hi')))).toBe('Hello from the simulated model.')
  })

  test('max_tokens cuts: its request is closed at once, and it goes on with the next turn', async () => {
    world.upstream.next(ticks({ between: 5 }))
    const asks = request('count', { sampling: { maxTokens: 3 } })
    expect(world.driver.support(asks, 'default').maxTokens).toBe('emulated')
    const answer = await answerTo(asEmulated(world.driver, asks), asks)
    const since = performance.now()
    expect([textOf(answer), answer.finish]).toEqual(['tick tick', 'length'])
    expect(answer.usage).toMatchObject({ output: 3, estimated: true })
    const turn = await world.upstream.turn(0)
    await turn.closed
    expect(performance.now() - since).toBeLessThan(SOON)
    expect(turn.outcome).toBe('dropped')
    expect(textOf(await answerTo(world.driver, request('Hi')))).toBe('Hello from the simulated model.')
    expect(world.upstream.turns).toHaveLength(2)
  })

  test('nothing in the home of the user, and at the end no process and no folder', async () => {
    await answerTo(world.driver, request('Hi'))
    expect(processesUnder(world.home).length).toBeGreaterThan(0)
    await world.driver.close()
    // What a killed process had started itself takes a moment to go.
    await eventually('nothing runs', () => processesUnder(world.home).length === 0, 2000)
    expect(world.files().filter((name) => name.includes('agent-'))).toEqual([])
  })
})

test('a program that is not there', async () => {
  await using world = await acpWorld({ command: 'no-such-agent' })
  expect(await world.driver.status(signal)).toMatchObject({ state: 'not-installed' })
  expect(await failureOf(world.driver, request('Hi'))).toMatchObject({ code: 'provider_unavailable', status: 503 })
})

test('an agent that is not logged in', async () => {
  await using world = await acpWorld({ ...GEMINI, environment: { GEMINI_API_KEY: undefined } })
  expect(await world.driver.status(signal)).toMatchObject({ state: 'not-logged-in' })
  expect(await failureOf(world.driver, request('Hi'))).toMatchObject({ code: 'provider_login_required', status: 401 })
})
