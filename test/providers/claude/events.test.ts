import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { assertOrder } from '../../../src/core/assert-order.ts'
import { collect } from '../../../src/core/collect.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import { finishEvents, readLine } from '../../../src/providers/claude/events.ts'
import { type TurnState, turnState } from '../../../src/providers/claude/turn-state.ts'
import type { Fields } from '../../../src/providers/fields.ts'
import { offerTools } from '../../../src/providers/claude/tools.ts'
import { request, tool } from './requests.ts'
import { UNICODE_SAMPLE } from '../../upstream/replies/unicode.ts'

const FIXTURES = join(import.meta.dir, '../../real/fixtures/claude')
const ASKED = '00000000-0000-4000-8000-000000000001'
const NOW = 1_800_000_000_000
/** What the recorded calls were offered. */
const WEATHER = { tools: offerTools(request('hi', { tools: [tool('get_weather')] })) }

/** What the real CLI printed in one turn. */
async function recorded(name: string): Promise<Fields[]> {
  const lines = (await Bun.file(join(FIXTURES, `${name}.jsonl`)).text()).trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Fields)
}

/** The lines, with other fields where `key` has this value. */
function withFields(lines: readonly Fields[], key: string, value: string, fields: Fields): Fields[] {
  return lines.map((line) => (line[key] === value ? Object.assign({}, line, fields) : line))
}

type Played = { state: TurnState; events: ChatEvent[]; phases: string[] }

/** Feeds lines until the turn is over, as the driver does. */
function feed(lines: readonly Fields[], state = turnState(ASKED, NOW)): Played {
  const events: ChatEvent[] = []
  const phases: string[] = [state.phase]
  for (const line of lines) {
    if (state.phase === 'over' || state.phase === 'failed') break
    events.push(...readLine(state, line))
    if (state.phase !== phases.at(-1)) phases.push(state.phase)
  }
  if (state.phase === 'over' || state.phase === 'stopped') events.push(...finishEvents(state))
  return { state, events, phases }
}

const play = async (name: string) => feed(await recorded(name))

async function* asChoice(events: ChatEvent[]) {
  yield { choice: 0, events }
}

describe('recorded answers', () => {
  const text = (value: string) => ({ type: 'text' as const, text: value })
  const cases: [string, { content: object[]; finish: string; stopSequence?: string }][] = [
    ['text', { content: [text('Hello, world.')], finish: 'stop' }],
    ['text-subscription', { content: [text('Hello')], finish: 'stop' }],
    ['unicode', { content: [text(UNICODE_SAMPLE)], finish: 'stop' }],
    ['stop-sequence', { content: [text('One, two')], finish: 'stop', stopSequence: 'END' }],
    ['max-tokens', { content: [text('This goes on')], finish: 'length' }],
    ['context-window-exceeded', { content: [text('This goes on')], finish: 'length' }],
    ['pause-turn', { content: [text('Wait')], finish: 'stop' }],
    ['refusal', { content: [text('I ca')], finish: 'content-filter' }],
    ['empty', { content: [], finish: 'stop' }],
    [
      'thinking',
      {
        content: [{ type: 'reasoning', text: 'Let me think.', signature: 'c2lnbmF0dXJl' }, text('Done.')],
        finish: 'stop',
      },
    ],
    [
      'redacted-thinking',
      { content: [{ type: 'reasoning', text: '', encrypted: 'ZW5jcnlwdGVk' }, text('Done.')], finish: 'stop' },
    ],
  ]
  test.each(cases)('%s', async (name, expected) => {
    const { events } = await play(name)
    assertOrder(events)
    const [answer] = await collect(asChoice(events))
    expect(answer).toMatchObject({ model: 'claude-sonnet-5-5', ...expected })
    expect(answer?.content).toHaveLength(expected.content.length)
  })

  test('the time of the answer is the one given', async () => {
    const { events } = await play('text')
    expect(events[0]).toEqual({ type: 'stream-start', model: 'claude-sonnet-5-5', created: NOW })
  })

  test('each delta of the model is a delta of the answer', async () => {
    const { events } = await play('text')
    expect(events.filter((event) => event.type === 'text-delta').map((event) => event.text)).toEqual([
      'Hello',
      ', ',
      'world',
      '.',
    ])
  })
})

describe('when Claude Code would ask again', () => {
  test.each(['max-tokens', 'context-window-exceeded', 'empty'])('after %s the turn is over at once', async (name) => {
    const { phases, events } = await play(name)
    expect(phases.at(-1)).toBe('over')
    expect(phases).not.toContain('stopped')
    expect(events.filter((event) => event.type === 'stream-start')).toHaveLength(1)
  })

  test.each(['text', 'stop-sequence', 'thinking', 'pause-turn', 'refusal'])(
    'after %s it waits for the cost',
    async (name) => {
      const { phases, state } = await play(name)
      expect(phases).toEqual(['waiting', 'answering', 'stopped', 'over'])
      expect(state.costUsd).toBeNumber()
    },
  )

  test('an answer of thinking alone is an empty one', async () => {
    const lines = (await recorded('thinking')).filter((line) => !JSON.stringify(line).includes('text_delta'))
    expect(feed(lines).phases).not.toContain('stopped')
  })
})

describe('usage', () => {
  test('is what the service counted, the cache included', async () => {
    const { events } = await play('text')
    const usages = events.flatMap((event) => (event.type === 'usage' ? [event.usage] : []))
    expect(usages.at(-1)).toEqual({
      input: 17,
      output: 5,
      cachedRead: 4,
      cacheWrite: 3,
      reasoning: 0,
      costUsd: expect.any(Number),
    })
    expect(usages[0]).toMatchObject({ input: 17, estimated: true })
  })

  test('comes from the stream where there is no result line', async () => {
    const { events } = await play('max-tokens')
    expect(events.at(-2)).toEqual({
      type: 'usage',
      usage: { input: 17, output: 5, cachedRead: 4, cacheWrite: 3, reasoning: 0 },
    })
  })
})

describe('a budget that is used up', () => {
  /** What is printed with --max-budget-usd: the end of a refused answer is missing, and the count of the result is zero. */
  const budgeted = async (name: string) => {
    const lines = (await recorded(name)).filter(
      (line) => !JSON.stringify(line).includes('"stop_reason":"refusal","stop_seq'),
    )
    const zero = { input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 }
    return withFields(lines, 'type', 'result', { subtype: 'error_max_budget_usd', is_error: true, usage: zero })
  }

  test('ends the turn, and the answer is complete', async () => {
    const { events, state } = feed(await budgeted('text'))
    assertOrder(events)
    expect(state.costUsd).toBeNumber()
    expect(events.at(-2)).toMatchObject({ usage: { input: 17, output: 5, cachedRead: 4, cacheWrite: 3 } })
    expect(events.at(-1)).toEqual({ type: 'finish', reason: 'stop' })
  })

  test('a refusal is still one, at its price', async () => {
    const { events } = feed(await budgeted('refusal'))
    assertOrder(events)
    expect(events.at(-1)).toEqual({ type: 'finish', reason: 'content-filter' })
    expect(events.at(-2)).toMatchObject({ usage: { input: 17, output: 5 } })
  })
})

describe('recorded failures', () => {
  const cases: [string, { code: string; status: number; message?: RegExp; retryAfter?: number }][] = [
    ['error-400', { code: 'invalid_request', status: 400, message: /messages\.0: bad$/ }],
    ['error-400-too-long', { code: 'context_length_exceeded', status: 400 }],
    ['error-401', { code: 'provider_login_required', status: 401, message: /claude auth login/ }],
    ['error-401-subscription', { code: 'provider_login_required', status: 401, message: /claude auth login/ }],
    ['error-403', { code: 'permission_denied', status: 403 }],
    ['error-404', { code: 'model_not_found', status: 404 }],
    ['error-429', { code: 'rate_limit_exceeded', status: 429, retryAfter: 1 }],
    ['error-429-retry-after', { code: 'rate_limit_exceeded', status: 429, retryAfter: 2 }],
    [
      'error-429-usage-limit',
      { code: 'usage_limit_reached', status: 429, message: /2033-05-18 03:33 UTC/, retryAfter: 200_000_000 },
    ],
    ['error-500', { code: 'provider_error', status: 502 }],
    ['error-529', { code: 'overloaded', status: 503 }],
    ['error-mid-stream', { code: 'overloaded', status: 503 }],
    ['cut-mid-stream', { code: 'provider_error', status: 502, message: /connection/ }],
    [
      'not-logged-in',
      { code: 'provider_login_required', status: 401, message: /not logged in. Run: claude auth login/ },
    ],
  ]
  test.each(cases)('%s', async (name, expected) => {
    const { state, events } = await play(name)
    expect(state.phase).toBe('failed')
    const { message = /./, ...rest } = expected
    expect(state.error).toMatchObject(rest)
    expect(state.error?.message).toMatch(message)
    // Nothing of this machine, and no text meant for its owner, goes to a caller.
    expect(state.error?.message).not.toMatch(/127\.0\.0\.1|\/home\/|CLAUDE_CODE|--model|API Error/)
    expect(events.some((event) => event.type === 'finish')).toBe(false)
  })

  test('a stream that broke is not said twice', async () => {
    const { events } = await play('cut-mid-stream')
    const said = events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : []))
    expect(said).toEqual(['One', ', two'])
  })

  test('a stored login may be renewed: its first refusal is passed over', async () => {
    const lines = await recorded('error-401-subscription')
    const retries = lines.filter((line) => line['subtype'] === 'api_retry')
    const state = turnState(ASKED, NOW, { renewable: true })
    feed(retries, state)
    expect(state.phase).toBe('waiting')
    expect(feed(retries).state.phase).toBe('failed')
  })

  test('a result for a message of the history ends nothing', () => {
    const state = turnState(ASKED, NOW)
    feed([{ type: 'result', subtype: 'success', is_error: false, user_message_uuid: 'another' }], state)
    expect(state.phase).toBe('waiting')
  })

  test('a result without an answer is an error, though it calls itself a success', () => {
    const { state } = feed([{ type: 'result', subtype: 'success', is_error: false, result: '/x is not available' }])
    expect(state.error?.code).toBe('provider_error')
  })
})

describe('tools', () => {
  test('a report with a tool stops the turn before a word is said', async () => {
    const { state, events } = await play('tool-call')
    expect(events).toEqual([])
    expect(state.error?.code).toBe('internal_error')
    expect(state.error?.message).toContain('get_weather')
  })

  test('an answer without any report is stopped too', async () => {
    const lines = (await recorded('text')).filter((line) => line['subtype'] !== 'init')
    const { state, events } = feed(lines)
    expect(events).toEqual([])
    expect(state.error?.code).toBe('internal_error')
  })

  test('calls are translated, their arguments as they came', async () => {
    const { events, phases } = feed(await recorded('tool-calls-parallel'), turnState(ASKED, NOW, WEATHER))
    assertOrder(events)
    const [answer] = await collect(asChoice(events))
    expect(answer).toMatchObject({
      content: [
        { type: 'tool-call', id: 'toolu_simulated_0', name: 'get_weather', arguments: '{"city":"Paris"}' },
        { type: 'tool-call', id: 'toolu_simulated_1', name: 'get_weather', arguments: '{"city":"Rome"}' },
      ],
      finish: 'tool-calls',
    })
    expect(phases.at(-1)).toBe('over')
  })

  test('a report without the tools that are offered stops the turn too', async () => {
    const lines = withFields(await recorded('tool-call'), 'subtype', 'init', { tools: [] })
    const { state, events } = feed(lines, turnState(ASKED, NOW, WEATHER))
    expect(events).toEqual([])
    expect(state.error?.code).toBe('invalid_request')
  })

  test('names are the caller’s, also where the CLI puts its server’s name in front', async () => {
    const tools = offerTools(request('hi', { tools: [tool('get.weather')] }))
    const text = JSON.stringify(await recorded('tool-call'))
    for (const name of ['get_weather', 'mcp__client__get_weather']) {
      const lines = JSON.parse(text.replaceAll('"get_weather"', JSON.stringify(name))) as Fields[]
      const { events } = feed(lines, turnState(ASKED, NOW, { tools }))
      expect(events).toContainEqual({ type: 'tool-call-start', block: 1, id: expect.any(String), name: 'get.weather' })
    }
  })

  test('a call that nobody offered ends the turn', async () => {
    const lines = JSON.parse(
      JSON.stringify(await recorded('tool-call')).replaceAll('"name":"get_weather"', '"name":"other"'),
    ) as Fields[]
    const { events, state } = feed(lines, turnState(ASKED, NOW, WEATHER))
    expect(events.at(-1)).toEqual({ type: 'text-end', block: 0 })
    expect(state.error).toMatchObject({ code: 'provider_error', message: expect.stringContaining('other') })
  })

  test('what Claude Code says behind it does not take its place', async () => {
    const state = turnState(ASKED, NOW)
    const report = { type: 'system', subtype: 'init', tools: ['Bash'], mcp_servers: [] }
    const result = { type: 'result', subtype: 'error_max_turns', is_error: true, user_message_uuid: ASKED }
    // One read may give both.
    for (const line of [report, result]) readLine(state, line)
    expect(state.error).toMatchObject({ code: 'internal_error', message: expect.stringContaining('Bash') })
  })

  describe('a call that Claude Code refuses before the answer has ended', () => {
    /** Its limit is reached then, and the end of the answer is not told (2.1.329). */
    const cutShort = async (usage: Fields, maxTokens?: number) => {
      const lines = await recorded('tool-call-broken-arguments')
      const end = lines.findIndex(
        (line) => line['type'] === 'stream_event' && JSON.stringify(line).includes('message_delta'),
      )
      const result = {
        type: 'result',
        subtype: 'error_max_budget_usd',
        is_error: true,
        total_cost_usd: 0.5,
        user_message_uuid: ASKED,
        modelUsage: { m: { inputTokens: 10, outputTokens: 7, maxOutputTokens: 32_000, ...usage } },
      }
      const played = feed([...lines.slice(0, end), result], turnState(ASKED, NOW, { ...WEATHER, maxTokens }))
      assertOrder(played.events)
      const [answer] = await collect(asChoice(played.events))
      return answer!
    }
    test('is complete, with its tokens', async () => {
      expect(await cutShort({ thinkingTokens: 2 })).toMatchObject({
        content: [{ type: 'tool-call', name: 'get_weather', arguments: '{"city": "Par' }],
        finish: 'tool-calls',
        usage: { output: 7, reasoning: 2, costUsd: 0.5 },
      })
    })
    test('is cut where all tokens are used up', async () => {
      expect((await cutShort({}, 7)).finish).toBe('length')
      expect((await cutShort({ outputTokens: 32_000 })).finish).toBe('length')
      expect((await cutShort({}, 8)).finish).toBe('tool-calls')
    })
  })

  test('arguments that come with the call itself', () => {
    const state = turnState(ASKED, NOW, WEATHER)
    state.checked = true
    const event = (fields: object): Fields => ({ type: 'stream_event', event: fields })
    const block = { type: 'tool_use', id: 't', name: 'get_weather', input: { city: 'Paris' } }
    const { events } = feed(
      [
        event({ type: 'message_start', message: { model: 'm' } }),
        event({ type: 'content_block_start', index: 0, content_block: block }),
        event({ type: 'content_block_stop', index: 0 }),
        event({ type: 'message_delta', delta: { stop_reason: 'tool_use' } }),
      ],
      state,
    )
    expect(events.filter((one) => one.type === 'tool-call-delta')).toEqual([
      { type: 'tool-call-delta', block: 0, arguments: '{"city":"Paris"}' },
    ])
  })

  test('what a sub-agent says is no answer', async () => {
    const lines = withFields(await recorded('text'), 'type', 'stream_event', { parent_tool_use_id: 'toolu_1' })
    expect(feed(lines).events).toEqual([])
  })
})

test('lines of unknown types and shapes are passed by', async () => {
  const noise: Fields[] = [
    {},
    { type: 'keep_alive' },
    { type: 'system' },
    { type: 'system', subtype: 'news', text: 'x' },
    { type: 'stream_event' },
    { type: 'stream_event', event: { type: 'ping' } },
    {
      type: 'stream_event',
      event: { type: 'content_block_delta', index: 99, delta: { type: 'text_delta', text: 'x' } },
    },
    { type: 'assistant' },
    { type: 42 },
  ]
  const lines = await recorded('text')
  const init = lines.findIndex((line) => line['subtype'] === 'init') + 1
  const noisy = lines.flatMap((line, position) => (position >= init ? [...noise, line] : [line]))
  expect(feed(noisy).events).toEqual(feed(lines).events)
})
