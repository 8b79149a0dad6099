// From what Codex says to events, on recordings of the real one.
import { describe, expect, test } from 'bun:test'
import { assertOrder } from '../../../src/core/assert-order.ts'
import { collect } from '../../../src/core/collect.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import type { Message } from '../../../src/providers/codex/events.ts'
import { UNICODE_SAMPLE } from '../../upstream/replies/unicode.ts'
import { edited, fixture, FIXTURES, NOW, read } from './fixtures.ts'

const FAILURES = FIXTURES.filter((name) => /^(error|stream|fails|cut|ends|retries|tool)-/.test(name))
const ANSWERS = FIXTURES.filter((name) => !FAILURES.includes(name))

async function answerOf(events: ChatEvent[]) {
  const [answer] = await collect(
    (async function* () {
      yield { choice: 0, events }
    })(),
  )
  return answer
}

const deltas = (events: ChatEvent[]) =>
  events.map((event) => (event.type === 'text-delta' ? event.text : '')).filter((text) => text !== '')

test('there is something to test', () => {
  expect(ANSWERS.length).toBeGreaterThan(10)
  expect(FAILURES.length).toBeGreaterThan(20)
})

test.each(ANSWERS)('%s: the events are in order', (name) => {
  const { events, state } = read(fixture(name))
  assertOrder(events)
  expect(state.phase).toBe('over')
})

test.each(FAILURES)('%s: fails, and whatever came before is the beginning of an answer', (name) => {
  const { events, state } = read(fixture(name))
  expect(state.phase).toBe('failed')
  if (events.length > 0) assertOrder([...events, { type: 'error', error: state.error! }])
})

describe('answers', () => {
  test('text comes as it was sent, piece by piece, with the tokens that Codex counted', () => {
    const { events } = read(fixture('text'))
    expect(events).toEqual([
      { type: 'stream-start', model: 'gpt-5.5', created: NOW },
      { type: 'text-start', block: 0 },
      ...['Hello', ', ', 'world', '.'].map((text) => ({ type: 'text-delta' as const, block: 0, text })),
      { type: 'text-end', block: 0 },
      { type: 'usage', usage: { input: 17, output: 5, cachedRead: 4, cacheWrite: 0, reasoning: 0 } },
      { type: 'finish', reason: 'stop' },
    ])
  })

  test('unicode', () => {
    expect(deltas(read(fixture('unicode')).events).join('')).toBe(UNICODE_SAMPLE)
  })

  test('reasoning goes before the answer and ends with its seal', async () => {
    const answer = await answerOf(read(fixture('reasoning')).events)
    expect(answer?.content).toEqual([
      { type: 'reasoning', text: 'Let me think.', encrypted: 'codex:c2lnbmF0dXJl' },
      { type: 'text', text: 'Done.' },
    ])
  })

  test('parts of a summary are paragraphs', async () => {
    const answer = await answerOf(read(fixture('reasoning-parts')).events)
    expect(answer?.content[0]).toEqual({
      type: 'reasoning',
      text: '**First** this.\n\n**Then** that.',
      encrypted: 'codex:c2VhbGVk',
    })
  })

  test('reasoning without a word still has its seal', async () => {
    const answer = await answerOf(read(fixture('reasoning-sealed')).events)
    expect(answer?.content[0]).toEqual({ type: 'reasoning', text: '', encrypted: 'codex:ZW5jcnlwdGVk' })
  })

  test('two messages are two blocks', async () => {
    const answer = await answerOf(read(fixture('two-messages')).events)
    expect(answer?.content).toEqual([
      { type: 'text', text: 'I begin.' },
      { type: 'text', text: 'Done.' },
    ])
  })

  test('a message without deltas is said at its end', async () => {
    expect((await answerOf(read(fixture('without-deltas')).events))?.content).toEqual([
      { type: 'text', text: 'All at once.' },
    ])
  })

  test.each([
    ['max-tokens', 'length', 'This goes on'],
    ['content-filter', 'content-filter', 'This is not'],
    ['refusal', 'content-filter', ''],
    ['empty', 'stop', ''],
  ] as const)('%s: %s', async (name, finish, text) => {
    const { events } = read(fixture(name))
    expect((await answerOf(events))?.finish).toBe(finish)
    expect(deltas(events).join('')).toBe(text)
  })

  test('items of the history, which are echoed under another turn, are not the answer', () => {
    const messages = fixture('text')
    const echoed = messages.findIndex(({ params }) => params['turnId'] === 'auto-compact-0')
    expect(echoed).toBeGreaterThanOrEqual(0)
    const call = { type: 'function_call', name: 'exec_command', arguments: '{}', call_id: 'call_1' }
    const withCall = messages.with(echoed, {
      ...messages[echoed]!,
      params: { ...messages[echoed]!.params, item: call },
    })
    expect(read(withCall).events).toEqual(read(messages).events)
  })

  test('a model that the service chose instead is named', () => {
    const messages = fixture('text')
    const { threadId, turnId } = messages.find(({ method }) => method === 'item/started')!.params
    const rerouted = {
      method: 'model/rerouted',
      params: { threadId, turnId, fromModel: 'gpt-5.5', toModel: 'gpt-5.4' },
    }
    const start = messages.findIndex(({ method }) => method === 'item/started')
    expect(read(messages.toSpliced(start, 0, rerouted)).events[0]).toMatchObject({ model: 'gpt-5.4' })
  })
})

describe('an answer that Codex begins anew', () => {
  const upTo = (name: string, method: string) => {
    const messages = fixture(name)
    return messages.slice(0, messages.findIndex((message) => message.method === method) + 1)
  }
  /** The whole answer, under the turn of the first messages. */
  const again = (messages: Message[]) => [
    ...messages,
    ...fixture('reasoning').slice(fixture('reasoning').findIndex(({ method }) => method === 'item/started')),
  ]

  test('is broken off where something had been said', () => {
    const { events, state } = read(again(upTo('text', 'item/agentMessage/delta')))
    expect(state.error).toMatchObject({ code: 'provider_error', message: 'OpenAI broke off the answer.' })
    expect(deltas(events)).toEqual(['Hello'])
    expect(read(again(upTo('reasoning', 'item/reasoning/summaryTextDelta'))).state.phase).toBe('failed')
  })

  test.each([
    ['a message', upTo('text', 'item/started')],
    ['reasoning', upTo('reasoning', 'item/started')],
  ])('goes on where nothing but the start of %s had come', (_, messages) => {
    const { events } = read(again(messages))
    assertOrder(events)
    expect(deltas(events).join('')).toBe('Done.')
  })
})

describe('chat mode has no tools', () => {
  const started = (type: string) => {
    const messages = fixture('text')
    const index = messages.findIndex(({ method }) => method === 'item/started')
    const { params } = messages[index]!
    return messages.with(index, { method: 'item/started', params: { ...params, item: { type, id: 'x' } } })
  }

  test.each([
    'commandExecution',
    'fileChange',
    'mcpToolCall',
    'webSearch',
    'imageView',
    'contextCompaction',
    'new-kind',
  ])('what Codex does (%s) ends the turn', (type) => {
    const { events, state } = read(started(type))
    expect(state.error).toMatchObject({ code: 'internal_error', message: expect.stringContaining(type) })
    expect(events).toEqual([])
  })

  test('a web search is no surprise where it is allowed', () => {
    expect(read(started('webSearch'), { web: true }).state.phase).toBe('over')
    expect(read(started('commandExecution'), { web: true }).state.phase).toBe('failed')
  })

  test('a call of the model ends the turn', () => {
    expect(read(fixture('tool-call')).state.error).toMatchObject({
      code: 'provider_error',
      message: 'The model called a tool that it was not given (exec_command).',
    })
  })

  test('so does a request of Codex to its host', () => {
    const request = { method: 'item/tool/call', params: {}, refused: true }
    expect(read([...fixture('text').slice(0, 3), request]).state.error?.code).toBe('internal_error')
  })
})

describe('functions of the caller', () => {
  const offered = { toCaller: (name: string) => (name === 'get_weather' ? 'getWeather' : undefined) }

  test('a call has the id and the arguments of the model, and the name of the caller', async () => {
    const { events, state } = read(fixture('call'), offered)
    assertOrder(events)
    expect(await answerOf(events)).toEqual({
      model: 'gpt-5.5',
      content: [{ type: 'tool-call', id: 'call_oslo', name: 'getWeather', arguments: '{"city":"Oslo"}' }],
      finish: 'tool-calls',
      usage: { input: 17, output: 5, cachedRead: 4, cacheWrite: 0, reasoning: 0 },
    })
    expect(state.phase).toBe('over')
  })

  test('calls behind reasoning and a text', async () => {
    const { events } = read(fixture('calls-after-text'), offered)
    assertOrder(events)
    expect((await answerOf(events))?.content).toMatchObject([
      { type: 'reasoning', text: 'I need it.', encrypted: 'codex:c2VhbGVk' },
      { type: 'text', text: 'I look.' },
      { type: 'tool-call', id: 'call_oslo' },
      { type: 'tool-call', id: 'call_rome', arguments: '{"city":"Rome"}' },
    ])
  })

  const upToCall = (name: string) => {
    const messages = fixture(name)
    const at = messages.findIndex(
      ({ params }) => (params['item'] as { type?: string } | undefined)?.type === 'function_call',
    )
    return messages.slice(0, at + 1)
  }

  test('while one is held, the answer goes on; its end is the end of the response', () => {
    expect(read(upToCall('call'), offered).state).toMatchObject({ phase: 'answering', calls: 'held' })
  })

  test('one that Codex cannot read ends the answer at once, with what it may have cost', async () => {
    const { events } = read(upToCall('call-broken'), offered)
    assertOrder(events)
    expect(await answerOf(events)).toMatchObject({
      content: [{ type: 'tool-call', arguments: '{"city":' }],
      finish: 'tool-calls',
      usage: { estimated: true },
    })
  })

  test('one of a function that nobody offered fails', () => {
    expect(read(upToCall('tool-unknown'), offered).state.error).toMatchObject({
      code: 'provider_error',
      message: 'The model called a tool that it was not given (get_time).',
    })
  })

  test('what Codex itself does with a call is no surprise, with any other it is', () => {
    const started = (tool: string) => {
      const { params } = fixture('call')[1]!
      const turnId = (params['turn'] as { id: string }).id
      const item = { type: 'dynamicToolCall', id: 'call_oslo', tool }
      const asks = {
        method: 'item/tool/call',
        params: { turnId, tool, callId: 'call_oslo', arguments: {} },
        request: 0,
      }
      return [...fixture('call').slice(0, 2), { method: 'item/started', params: { turnId, item } }, asks]
    }
    expect(read(started('get_weather'), offered).state.phase).toBe('waiting')
    expect(read(started('exec_command'), offered).state.error?.code).toBe('internal_error')
    expect(read(started('exec_command').toSpliced(2, 1), offered).state.error?.code).toBe('internal_error')
  })
})

describe('when Codex asks again by itself', () => {
  test('a limit or a bad key is told at once', () => {
    expect(read(fixture('retries-429'), { retries: true }).state.error?.code).toBe('rate_limit_exceeded')
  })

  test('what may pass is waited for, where Codex may', () => {
    expect(read(fixture('retries-503'), { retries: true }).state.phase).toBe('waiting')
    expect(read(fixture('retries-503'), { retries: false }).state.phase).toBe('failed')
  })

  test('but never when something has been said, for it would be said twice', () => {
    const retry = fixture('retries-503').find(({ params }) => params['willRetry'] === true)!
    const messages = fixture('cut-mid-stream')
    const said = messages.findIndex(({ method }) => method === 'item/agentMessage/delta')
    const { turnId } = messages[said]!.params
    const cut = [...messages.slice(0, said + 1), { ...retry, params: { ...retry.params, turnId } }]
    expect(read(cut, { retries: true }).state.phase).toBe('failed')
  })
})

test('a turn that somebody else stopped is a failure', () => {
  const messages = edited(fixture('text'), ({ method, params }) =>
    method === 'turn/completed' ? { turn: { ...(params['turn'] as object), status: 'interrupted' } } : undefined,
  )
  expect(read(messages).state.error?.code).toBe('provider_error')
})
