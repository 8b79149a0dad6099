// The real Qwen Code, driven by the gateway, against a simulated service: what comes back, and what the service got.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { ChatEvent } from '../../src/core/event.ts'
import type { AssistantPart, UserPart } from '../../src/core/request.ts'
import { INERT_TOOLS } from '../../src/providers/qwen/tools.ts'
import { answerTo, assistant, run, system, textOf, user } from '../providers/claude/requests.ts'
import { ask, type Body, messagesOf, MODEL, qwenWorld, saidTo, type World } from '../providers/qwen/world.ts'
import { garbage, silentAfter } from '../upstream/replies/faults.ts'
import { refused, stopped } from '../upstream/replies/stops.ts'
import { text, ticks } from '../upstream/replies/text.ts'
import { thinking } from '../upstream/replies/thinking.ts'
import { UNICODE_SAMPLE, unicode } from '../upstream/replies/unicode.ts'

setDefaultTimeout(60_000)

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const IMAGE: UserPart = { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: PNG } }

let world: World
beforeAll(async () => {
  world = await qwenWorld({ warm: true })
  world.driver.start?.()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.upstream.reset())

const body = () => world.upstream.turns.at(-1)?.json as Body
const answered = (...parameters: Parameters<typeof ask>) => answerTo(world.driver, ask(...parameters))

describe('a question', () => {
  test('is answered with one request, which holds what was asked and nothing that could be called', async () => {
    const answer = await answered('What is this?', { system: 'You are terse.' })
    expect(textOf(answer)).toBe('Hello from the simulated model.')
    expect(answer).toMatchObject({ model: MODEL, finish: 'stop' })
    expect(answer.usage).toEqual({ input: 17, output: 5, cachedRead: 4, cacheWrite: 0, reasoning: 0 })
    expect(saidTo(world.upstream)).toEqual(['system: You are terse.', 'user: What is this?'])
    expect(body()).toMatchObject({ model: MODEL, stream: true, ...INERT_TOOLS })
    // No title, memory, suggestion or summary, not even late.
    await Bun.sleep(300)
    expect(world.upstream.requests).toHaveLength(1)
  })

  test('without instructions has no system message', async () => {
    await answered('hi')
    expect(saidTo(world.upstream)).toEqual(['user: hi'])
  })

  test('arrives in increments, as the service sends them', async () => {
    world.upstream.next(text(['one ', 'two ', 'three'], { between: 150 }))
    const arrivals: { text: string; at: number }[] = []
    for await (const batch of run(world.driver, ask('count'))) {
      for (const event of batch)
        if (event.type === 'text-delta') arrivals.push({ text: event.text, at: performance.now() })
    }
    expect(arrivals.map((arrival) => arrival.text)).toEqual(['one ', 'two ', 'three'])
    expect(arrivals[2]!.at - arrivals[0]!.at).toBeGreaterThan(200)
  })

  test('in any characters, and an answer in any characters', async () => {
    world.upstream.next(unicode())
    expect(textOf(await answered(UNICODE_SAMPLE, { system: UNICODE_SAMPLE }))).toBe(UNICODE_SAMPLE)
    expect(saidTo(world.upstream)).toEqual([`system: ${UNICODE_SAMPLE}`, `user: ${UNICODE_SAMPLE}`])
  })

  test('that looks like a command, a file or a note of Qwen Code is text', async () => {
    for (const words of [
      '/clear',
      '/help me',
      '@/etc/hostname',
      '!ls',
      '#remember',
      '${HOME} {{x}}',
      '  \n indented\n\n\n\nend  ',
    ]) {
      await answered(words, { system: words })
      expect(saidTo(world.upstream)).toEqual([`system: ${words}`, `user: ${words}`])
    }
    for (const words of ['<system-reminder>x</system-reminder>', '<task-notification>x</task-notification>']) {
      await answered([user('one'), assistant('two'), user(words)])
      expect(saidTo(world.upstream)).toEqual(['user: one', 'assistant: two', `user: \n${words}`])
      await answered(words)
      expect(saidTo(world.upstream)).toEqual([`user: \n${words}`])
    }
  })
})

describe('a conversation', () => {
  test('of many turns reaches the model turn by turn', async () => {
    const turns = Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? user(`question ${n}`) : assistant(`answer ${n}`)))
    await answered([...turns, user('last')], { system: 'Remember.' })
    expect(saidTo(world.upstream)).toEqual([
      'system: Remember.',
      ...turns.map((_, n) => (n % 2 === 0 ? `user: question ${n}` : `assistant: answer ${n}`)),
      'user: last',
    ])
    expect(world.upstream.requests).toHaveLength(1)
  })

  test('of megabytes is neither shortened nor summarised', async () => {
    const long = 'lorem ipsum '.repeat(250_000)
    await answered([user(long), assistant('ok'), user('and now?')])
    expect(saidTo(world.upstream)).toEqual([`user: ${long}`, 'assistant: ok', 'user: and now?'])
    expect(world.upstream.requests).toHaveLength(1)
  })

  test('with calls of tools, their results and the reasoning behind them keeps all of it', async () => {
    const call: AssistantPart = { type: 'tool-call', id: 'call_7', name: 'get_weather', arguments: '{"city":"Paris"}' }
    const other: AssistantPart = { type: 'tool-call', id: 'call_8', name: 'odd name/8', arguments: '{"n":1}' }
    const result = (id: string, words: string, isError = false) => ({
      type: 'tool-result' as const,
      id,
      content: [{ type: 'text' as const, text: words }],
      isError,
    })
    await answered([
      user('weather?'),
      assistant({ type: 'reasoning', text: 'I should look.' }, 'let me check', call, other),
      { role: 'tool', content: [result('call_7', 'sunny'), result('call_8', 'broken', true)] },
    ])
    const [, asked, first, second] = messagesOf(world.upstream)
    expect(asked).toMatchObject({
      role: 'assistant',
      reasoning_content: 'I should look.',
      tool_calls: [
        { id: 'call_7', function: { name: 'get_weather', arguments: '{"city":"Paris"}' } },
        { id: 'call_8', function: { name: 'odd_name_8', arguments: '{"n":1}' } },
      ],
    })
    expect(first).toMatchObject({ role: 'tool', tool_call_id: 'call_7', content: 'sunny' })
    expect(second).toMatchObject({ role: 'tool', tool_call_id: 'call_8', content: expect.stringContaining('broken') })
    expect(messagesOf(world.upstream)).toHaveLength(4)
  })

  test('with an image as the result of a tool shows it to the model', async () => {
    await answered([
      user('look'),
      assistant({ type: 'tool-call', id: 'call_1', name: 'screenshot', arguments: '{}' }),
      {
        role: 'tool',
        content: [
          { type: 'tool-result', id: 'call_1', content: [{ type: 'text', text: 'here' }, IMAGE], isError: false },
        ],
      },
    ])
    expect(messagesOf(world.upstream)[2]).toMatchObject({ role: 'tool', tool_call_id: 'call_1' })
    expect(JSON.stringify(messagesOf(world.upstream).slice(2))).toContain(`data:image/png;base64,${PNG}`)
  })

  test('with many old results keeps each of them whole', async () => {
    const rounds = Array.from({ length: 12 }, (_, n) => [
      user(`question ${n}`),
      assistant({ type: 'tool-call', id: `call_${n}`, name: 'read', arguments: '{}' }),
      {
        role: 'tool' as const,
        content: [
          {
            type: 'tool-result' as const,
            id: `call_${n}`,
            content: [{ type: 'text' as const, text: `${n} `.repeat(20_000) }],
            isError: false,
          },
        ],
      },
      assistant(`done ${n}`),
    ]).flat()
    await answered([...rounds, user('sum up')])
    const results = messagesOf(world.upstream).filter((message) => message.role === 'tool')
    expect(results.map((message) => message.content)).toEqual(
      rounds.flatMap((_, n) => (n < 12 ? [`${n} `.repeat(20_000)] : [])),
    )
  })

  test('with instructions in its midst keeps them in their place', async () => {
    await answered([user('one'), assistant('two'), system('Be brief.'), user('three')])
    expect(saidTo(world.upstream)).toEqual(['user: one', 'assistant: two', 'user: [System message]\nBe brief.|three'])
  })

  test('that ends with the model is to go on', async () => {
    await answered([user('one'), assistant('two')])
    expect(saidTo(world.upstream)).toEqual(['user: one', 'assistant: two', 'user: Continue.'])
  })
})

describe('images and documents', () => {
  test('reach the model as they are, in their places, more than a few of them too', async () => {
    const pdf = Buffer.from('%PDF-1.4\n%%EOF').toString('base64')
    const document: UserPart = { type: 'document', source: { kind: 'data', mediaType: 'application/pdf', data: pdf } }
    await answered([user('before', ...Array.from({ length: 8 }, () => IMAGE), 'between', document, 'after')])
    const content = messagesOf(world.upstream)[0]?.content
    if (!Array.isArray(content)) throw new Error('no parts')
    expect(content.map((part) => part.text ?? part.type)).toEqual([
      'before',
      ...Array.from({ length: 8 }, () => 'image_url'),
      'between',
      'file',
      'after',
    ])
    expect(content[1]).toMatchObject({ image_url: { url: `data:image/png;base64,${PNG}` } })
    expect(JSON.stringify(content[10])).toContain(pdf)
    expect(world.upstream.requests).toHaveLength(1)
  })
})

describe('parameters', () => {
  test('are sent as they are', async () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    }
    await answered('hi', {
      sampling: {
        temperature: 0.25,
        topP: 0.5,
        topK: 20,
        maxTokens: 77,
        stop: ['END', 'STOP'],
        seed: 7,
        frequencyPenalty: 0.5,
        presencePenalty: -0.5,
      },
      user: 'user-1',
      output: { type: 'json-schema', name: 'thing', schema, strict: true },
    })
    expect(body()).toMatchObject({
      temperature: 0.25,
      top_p: 0.5,
      top_k: 20,
      max_tokens: 77,
      stop: ['END', 'STOP'],
      seed: 7,
      frequency_penalty: 0.5,
      presence_penalty: -0.5,
      user: 'user-1',
      response_format: { type: 'json_schema', json_schema: { name: 'thing', schema, strict: true } },
    })
  })

  test('that were not given are not made up, but for the length', async () => {
    await answered('hi')
    const own = ['max_tokens', 'messages', 'model', 'stream', 'stream_options', 'tool_choice', 'tools']
    expect(Object.keys(body()).toSorted()).toEqual(own)
    expect(body()['max_tokens']).toBe(32_768)
  })

  test('another model is asked, by its name', async () => {
    expect((await answered('hi', { model: 'deepseek-v3.2' })).model).toBe('deepseek-v3.2')
    expect(body().model).toBe('deepseek-v3.2')
  })

  test('effort is sent, and none switches thinking off', async () => {
    await answered('hi', { model: 'qwen3-max', reasoning: { effort: 'high' } })
    expect(body()).toMatchObject({ reasoning_effort: 'high' })
    await answered('hi', { model: 'qwen3-max', reasoning: { effort: 'none' } })
    expect(body()).toMatchObject({ chat_template_kwargs: { enable_thinking: false } })
    expect(body()).not.toHaveProperty('reasoning_effort')
  })
})

describe('an answer', () => {
  test('begins with the reasoning of the model', async () => {
    world.upstream.next(thinking(['hm ', 'yes'], ['Six', '.']))
    const { content, usage } = await answered('2 * 3?')
    expect(content).toEqual([
      { type: 'reasoning', text: 'hm yes' },
      { type: 'text', text: 'Six.' },
    ])
    expect(usage?.reasoning).toBe(2)
  })

  test('tells why it ended', async () => {
    world.upstream.next(stopped('max_tokens', ['So ', 'long']), refused(['I']), text(['So']))
    expect(await answered('hi')).toMatchObject({ finish: 'length', content: [{ text: 'So long' }] })
    expect(await answered('hi', { sampling: { maxTokens: 5 } })).toMatchObject({ finish: 'content-filter' })
    expect(await answered('hi', { sampling: { maxTokens: 5 } })).toMatchObject({ finish: 'stop' })
    expect(world.upstream.requests).toHaveLength(3)
  })

  test('may be empty, and is not asked for again', async () => {
    world.upstream.next(text([]))
    expect(await answered('hi')).toMatchObject({ content: [], finish: 'stop', usage: { input: 17, output: 5 } })
    await Bun.sleep(2500)
    expect(world.upstream.requests).toHaveLength(1)
  })

  test('of a service that counts no tokens is whole', async () => {
    const chunk = (delta: object, reason: string | null) =>
      `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: MODEL, choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`
    world.upstream.next(
      garbage(
        `${chunk({ role: 'assistant', content: 'No' }, null)}${chunk({ content: ' count' }, null)}${chunk({}, 'stop')}data: [DONE]\n\n`,
      ),
    )
    expect(await answered('hi')).toMatchObject({ content: [{ text: 'No count' }], finish: 'stop' })
  })
})

describe('a caller who leaves', () => {
  test('ends the request to the service at once', async () => {
    world.upstream.next(ticks({ between: 10 }))
    const abort = new AbortController()
    const events: ChatEvent[] = []
    const left = (async () => {
      for await (const batch of run(world.driver, ask('hi'), abort.signal)) {
        events.push(...batch)
        if (!abort.signal.aborted && events.length > 4) abort.abort(new Error('left'))
      }
    })()
    await expect(left).rejects.toThrow('left')
    const at = performance.now()
    const turn = await world.upstream.turn(0)
    await turn.closed
    expect(turn.outcome).toBe('dropped')
    expect(performance.now() - at).toBeLessThan(200)
  })

  test('before the first word too', async () => {
    world.upstream.next(silentAfter([]))
    const abort = new AbortController()
    const waiting = answerNothing(run(world.driver, ask('hi'), abort.signal))
    const turn = await world.upstream.turn(0)
    const at = performance.now()
    abort.abort(new Error('left'))
    await expect(waiting).rejects.toThrow('left')
    await turn.closed
    expect(turn.outcome).toBe('dropped')
    expect(performance.now() - at).toBeLessThan(200)
  })

  test('by reading no more', async () => {
    world.upstream.next(ticks({ between: 10 }))
    for await (const batch of run(world.driver, ask('hi')))
      if (batch.some((event) => event.type === 'text-delta')) break
    const at = performance.now()
    const turn = await world.upstream.turn(0)
    await turn.closed
    expect(turn.outcome).toBe('dropped')
    expect(performance.now() - at).toBeLessThan(200)
  })
})

async function answerNothing(batches: AsyncIterable<unknown>): Promise<void> {
  for await (const batch of batches) void batch
}

test('what it can serve and who pays, without a request to the service', async () => {
  const { signal } = new AbortController()
  expect(await world.driver.models(signal)).toMatchObject([{ id: MODEL, contextWindow: 1_000_000 }])
  expect(await world.driver.status(signal)).toMatchObject({ state: 'ready', authMethod: 'api_key', version: '0.24.4' })
  expect(world.upstream.requests).toHaveLength(0)
})
