// Functions of the caller through agents that are known by their configuration alone: what reached the model, and what came back.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { AssistantPart, ChatRequest, Message, Tool, ToolResultPart } from '../../src/core/request.ts'
import { acpWorld, GEMINI, QWEN, type World, type WorldOptions } from '../providers/acp/world.ts'
import {
  answerTo,
  assistant,
  failureOf,
  request as anyRequest,
  run,
  textOf,
  user,
} from '../providers/claude/requests.ts'
import { eventually } from '../support/cligate.ts'
import { text } from '../upstream/replies/text.ts'
import { thinking } from '../upstream/replies/thinking.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { UNICODE_SAMPLE } from '../upstream/replies/unicode.ts'
import { answer as reply } from '../upstream/reply.ts'

setDefaultTimeout(60_000)

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const CITY = { type: 'object', properties: { city: { type: 'string' } } }
const tool = (name: string, changes: Partial<Tool> = {}): Tool => ({
  name,
  description: `What ${name} does`,
  parameters: CITY,
  strict: false,
  ...changes,
})
type Changes = Parameters<typeof anyRequest>[1]
const asking = (messages: string | Message[], changes: Changes = {}): ChatRequest =>
  anyRequest(messages, { model: 'default', tools: [tool('get_weather')], ...changes })
const call = (id: string, args: string): AssistantPart => ({
  type: 'tool-call',
  id,
  name: 'get_weather',
  arguments: args,
})
const { signal } = new AbortController()

type Facts = { named(name: string): string; own: string }
const AGENTS: [string, WorldOptions, Facts][] = [
  ['gemini --acp', GEMINI, { named: (name) => `mcp_client_${name}`, own: 'google_web_search' }],
  ['qwen --acp', QWEN, { named: (name) => `mcp__client__${name}`, own: 'get_goal' }],
]

describe.each(AGENTS)('%s', (_, options, { named, own }) => {
  let world: World
  beforeAll(async () => {
    world = await acpWorld({ ...options, pool: { maxQueue: 16 } })
    await world.driver.models(signal)
  })
  beforeEach(() => world.upstream.reset())
  afterAll(() => world[Symbol.asyncDispose]())

  const answered = (...parameters: Parameters<typeof asking>) => answerTo(world.driver, asking(...parameters))
  const idle = () => world.driver.processes().every(({ state }) => state === 'idle')
  const sent = (turn: number) => JSON.stringify(world.upstream.turns[turn]?.json ?? null)

  /** No request but these, not even late; and the worker goes on. */
  async function askedTimes(count: number): Promise<void> {
    await eventually('it waits', idle)
    await Bun.sleep(200)
    expect(world.upstream.turns).toHaveLength(count)
    expect(world.driver.processes().length).toBeGreaterThan(0)
  }

  test('functions are supported', () => {
    expect(world.driver.support(asking('hi'), 'default')).toMatchObject({ tools: 'native', toolChoice: 'native' })
    expect(
      world.driver.support(
        asking('hi', {
          toolChoice: { type: 'required' },
          parallelToolCalls: false,
          output: { type: 'json' },
        }),
        'default',
      ),
    ).toMatchObject({ toolChoice: 'emulated', parallelToolCalls: 'emulated', output: 'emulated' })
  })

  test('a call ends the turn, with what was said before it', async () => {
    world.upstream.next(
      reply(
        () => [
          { type: 'thinking', text: 'I should look.' },
          { type: 'text', text: 'Let me see.' },
          { type: 'tool-call', id: 'call_7', name: named('get_weather'), pieces: ['{"city":', '"Paris"}'] },
        ],
        { stop: { reason: 'tool_use' } },
      ),
    )
    const answer = await answered('weather?', { system: 'Be brief.' })
    expect(answer.content).toEqual([
      { type: 'reasoning', text: expect.stringContaining('I should look.') },
      { type: 'text', text: 'Let me see.' },
      { type: 'tool-call', id: expect.stringContaining('call_7'), name: 'get_weather', arguments: '{"city":"Paris"}' },
    ])
    expect(answer).toMatchObject({ finish: 'tool-calls', usage: { output: 5 } })
    expect(sent(0)).toContain(`"name":"${named('get_weather')}","description":"What get_weather does"`)
    await askedTimes(1)
  })

  test('calls that were made together: the first one at least, and one request', async () => {
    world.upstream.next(
      toolCalls([
        { name: named('get_weather'), arguments: { city: 'a' }, id: 'call_a' },
        { name: named('get_weather'), arguments: { city: 'b' }, id: 'call_b' },
      ]),
    )
    const { content, finish } = await answered('weather?')
    expect(content[0]).toMatchObject({ type: 'tool-call', name: 'get_weather', arguments: '{"city":"a"}' })
    expect(finish).toBe('tool-calls')
    await askedTimes(1)
  })

  test.each<[string, string[], string]>([
    ['none', ['{}'], '{}'],
    ['any characters', [JSON.stringify({ city: UNICODE_SAMPLE })], JSON.stringify({ city: UNICODE_SAMPLE })],
    ['more than the schema has', ['{"city":"x","n":[1,{"a":null}]}'], '{"city":"x","n":[1,{"a":null}]}'],
  ])('arguments: %s', async (__, pieces, expected) => {
    world.upstream.next(toolCalls([{ name: named('get_weather'), arguments: pieces }]))
    expect((await answered('weather?')).content).toMatchObject([{ type: 'tool-call', arguments: expected }])
    await askedTimes(1)
  })

  test('text alone, though there are functions; and no functions where none are wanted', async () => {
    world.upstream.next(text('No need.'))
    expect(textOf(await answered('hi'))).toBe('No need.')
    await answered('hi', { toolChoice: { type: 'none' } })
    expect(sent(1)).not.toContain('get_weather')
    await askedTimes(2)
  })

  test('a hundred functions with odd names and schemas', async () => {
    const tools = [
      tool('größe messen', { parameters: {} }),
      tool('größe.messen', { description: '' }),
      tool('odd', { parameters: { properties: { a: true, b: { $ref: '#/$defs/b' } }, $defs: { b: { enum: [1] } } } }),
      ...Array.from({ length: 97 }, (__, n) => tool(`tool_${n}`)),
    ]
    world.upstream.next(toolCalls([{ name: named('gr__e_messen_2'), arguments: { city: 'x' } }]))
    expect((await answered('hi', { tools })).content).toMatchObject([{ type: 'tool-call', name: 'größe.messen' }])
    const missing = ['gr__e_messen', 'odd', 'tool_96'].filter((name) => !sent(0).includes(`"${named(name)}"`))
    expect(missing).toEqual([])
    await askedTimes(1)
  })

  test('three rounds: calls, results, an error and an image are there, behind a beginning that stays', async () => {
    const talk: Message[] = [user('weather?')]
    const results: ToolResultPart['content'][] = [
      [{ type: 'text', text: 'sunny' }],
      [{ type: 'text', text: 'no such city' }],
      [
        { type: 'text', text: 'a picture' },
        { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: PNG } },
      ],
    ]
    for (const [round, content] of results.entries()) {
      world.upstream.next(toolCalls([{ name: named('get_weather'), arguments: { city: `c${round}` } }]))
      const answer = await answered(talk)
      expect(answer.finish).toBe('tool-calls')
      talk.push(assistant(call(`call_${round}`, `{"city":"c${round}"}`)), {
        role: 'tool',
        content: [{ type: 'tool-result', id: `call_${round}`, content, isError: round === 1 }],
      })
    }
    world.upstream.next(thinking(['hm'], ['Done.']))
    expect(textOf(await answered(talk))).toBe('Done.')
    const turns = world.upstream.turns.map((turn) => turn.body)
    expect(turns).toHaveLength(4)
    const expected = [
      '<tool_call id="call_0" name="get_weather">{"city":"c0"}</tool_call>',
      '<tool_result id="call_0">\nsunny\n</tool_result>',
      '<tool_error id="call_1">\nno such city\n</tool_error>',
    ]
    expect(expected.filter((part) => !turns[3]!.includes(JSON.stringify(part).slice(1, -1)))).toEqual([])
    expect(turns[3]!.includes(PNG)).toBe(true)
    const texts = turns.map((body) => /<conversation>.*?<\/conversation>/.exec(body)?.[0] ?? '')
    for (const [n, part] of texts.entries()) {
      if (n > 0 && n < 3) expect(part.startsWith(texts[n - 1]!.slice(0, -'</conversation>'.length))).toBe(true)
    }
    await askedTimes(4)
  })

  test('a function that nobody offered, and a tool of its own, end the turn with an error', async () => {
    for (const name of [named('other'), own]) {
      world.upstream.reset()
      world.upstream.next(toolCalls([{ name, arguments: { query: 'x' } }], { text: ['So.'] }))
      expect(await failureOf(world.driver, asking('hi'))).toMatchObject({ code: 'provider_error' })
    }
    await eventually('it waits', idle)
    expect(textOf(await answered('hi'))).toBe('Hello from the simulated model.')
  })

  test('a caller who leaves while a call is made leaves nothing behind', async () => {
    world.upstream.next(
      reply(() => [
        { type: 'text', text: 'Let me see.' },
        { type: 'tool-call', id: 'call_1', name: named('get_weather'), pieces: ['{"city":'] },
        { type: 'silence' },
      ]),
    )
    const abort = new AbortController()
    const reading = (async () => {
      for await (const batch of run(world.driver, asking('hi'), abort.signal)) {
        if (batch.some((event) => event.type === 'text-delta')) abort.abort(new Error('left'))
      }
    })()
    await expect(reading).rejects.toThrow('left')
    const turn = await world.upstream.turn(0)
    await turn.closed
    expect(turn.outcome).toBe('dropped')
    await eventually('it waits', idle)
    expect(textOf(await answered('hi'))).toBe('Hello from the simulated model.')
  })

  test('many turns with calls, one request each', async () => {
    world.upstream.default = (got) =>
      toolCalls([{ name: named('get_weather'), arguments: { city: /canary-\d+/.exec(got.body)![0] } }])
    const all = Array.from({ length: 12 }, async (__, n) => {
      const { content } = await answered(`canary-${n}`)
      expect(content).toMatchObject([{ arguments: `{"city":"canary-${n}"}` }])
    })
    await Promise.all(all)
    await askedTimes(12)
  })
})
