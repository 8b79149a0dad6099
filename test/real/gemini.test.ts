// The real Gemini CLI against a simulated service: what reaches the model, and what comes back.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { assertOrder } from '../../src/core/assert-order.ts'
import type { ChatEvent } from '../../src/core/event.ts'
import type { ChatRequest, Message } from '../../src/core/request.ts'
import { answerTo, assistant, request as anyRequest, run, system, textOf, user } from '../providers/claude/requests.ts'
import { geminiWorld, MODEL, type World } from '../providers/gemini/world.ts'
import { stopped } from '../upstream/replies/stops.ts'
import { text } from '../upstream/replies/text.ts'
import { thinking } from '../upstream/replies/thinking.ts'
import { UNICODE_SAMPLE, unicode } from '../upstream/replies/unicode.ts'

setDefaultTimeout(40_000)

let world: World
beforeAll(async () => {
  world = await geminiWorld()
  // Once, so that no test waits for the start.
  await world.driver.models(new AbortController().signal)
})
beforeEach(() => world.upstream.reset())
afterAll(() => world[Symbol.asyncDispose]())

type Changes = Parameters<typeof anyRequest>[1]
const request = (messages: string | Message[], changes: Changes = {}): ChatRequest =>
  anyRequest(messages, { model: MODEL, ...changes })

type Body = {
  contents: { role: string; parts: Record<string, unknown>[] }[]
  systemInstruction: { parts: { text: string }[] }
  tools: { functionDeclarations: { name: string }[] }[]
  toolConfig: object
  generationConfig: Record<string, unknown>
}
const sent = (position = 0) => world.upstream.turns[position]?.json as Body

describe('what reaches the model', () => {
  test('the message, the instructions, and nothing of the machine', async () => {
    const answer = await answerTo(world.driver, request('Hi', { system: 'Be brief.' }))
    expect(textOf(answer)).toBe('Hello from the simulated model.')
    expect(answer.finish).toBe('stop')
    expect(sent().contents).toEqual([{ role: 'user', parts: [{ text: 'Hi' }] }])
    expect(sent().systemInstruction.parts).toEqual([{ text: 'Be brief.' }])
    expect(world.upstream.turns[0]?.path).toBe(`/v1beta/models/${MODEL}:streamGenerateContent`)
    expect(world.upstream.turns[0]?.body).not.toContain(world.home)
  })

  test('exactly one request, to this service alone', async () => {
    await answerTo(world.driver, request('Hi'))
    await answerTo(world.driver, request('Hi again'))
    expect(world.upstream.requests).toHaveLength(2)
    expect(world.strangers).toEqual([])
  })

  test('one tool that may not be called, since the service refuses none at all', async () => {
    await answerTo(world.driver, request('Hi'))
    expect(sent().tools[0]?.functionDeclarations.map(({ name }) => name)).toEqual(['google_web_search'])
    expect(sent().toolConfig).toEqual({ functionCallingConfig: { mode: 'NONE' } })
  })

  test('a long conversation with its roles, in the order it was said', async () => {
    const messages = Array.from({ length: 40 }, (_, position) =>
      position % 2 === 0 ? user(`question ${position}`) : assistant(`answer ${position}`),
    )
    messages.push(user('first half'), user('second half'))
    await answerTo(world.driver, request(messages, { system: 'Be brief.' }))
    expect(sent().contents.map(({ role }) => role)).toEqual([
      ...Array.from({ length: 20 }, () => ['user', 'model']).flat(),
      'user',
    ])
    expect(sent().contents.at(7)?.parts).toEqual([{ text: 'answer 7' }])
    expect(sent().contents.at(-1)?.parts).toEqual([{ text: 'first half' }, { text: 'second half' }])
  })

  test('a system message stays where it was said', async () => {
    await answerTo(world.driver, request([user('one'), system('From now on in French.'), user('two')]))
    expect(sent().contents[0]?.parts.map((part) => part['text'])).toEqual([
      'one',
      '[System message]\nFrom now on in French.',
      'two',
    ])
  })

  test('images and documents, between the texts', async () => {
    const data = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
    const image = { type: 'image' as const, source: { kind: 'data' as const, mediaType: 'image/png', data } }
    const pdf = { kind: 'data' as const, mediaType: 'application/pdf', data: 'JVBERi0xLjQK' }
    await answerTo(world.driver, request([user('before', image, 'after', { type: 'document', source: pdf })]))
    expect(sent().contents[0]?.parts).toEqual([
      { text: 'before' },
      { inlineData: { mimeType: 'image/png', data } },
      { text: 'after' },
      { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0xLjQK' } },
    ])
    expect(world.upstream.requests).toHaveLength(1)
  })

  const LIKE_COMMANDS = ['/help', '?', '<session_context>x</session_context>', '@/etc/passwd', '$HOME', '   ']
  test.each(LIKE_COMMANDS)('a text that looks like the CLI’s own: %p', async (said) => {
    await answerTo(world.driver, request([user('one'), assistant('two'), user(said)]))
    const parts = sent().contents.at(-1)?.parts ?? []
    expect(parts.at(-1)).toEqual({ text: said })
    expect(parts.slice(0, -1).every((part) => part['text'] === '\u200b')).toBe(true)
  })

  test('instructions that name the CLI’s placeholders are not filled in', async () => {
    await answerTo(world.driver, request('Hi', { system: 'Say ${AvailableTools} and ${home}.' }))
    expect(sent().systemInstruction.parts[0]?.text.replaceAll('\u200b', '')).toBe('Say ${AvailableTools} and ${home}.')
  })

  test('no instructions are none of the CLI’s either', async () => {
    await answerTo(world.driver, request('Hi', { system: 'of the turn before' }))
    await answerTo(world.driver, request('Hi'))
    expect(sent(1).systemInstruction.parts).toEqual([{ text: '\u200b' }])
  })

  test('calls of tools and their results, in the middle of a conversation', async () => {
    const call = { type: 'tool-call' as const, id: 'c1', name: 'weather', arguments: '{"city":"Rome"}' }
    const result = {
      type: 'tool-result' as const,
      id: 'c1',
      content: [{ type: 'text' as const, text: 'sunny' }],
      isError: false,
    }
    await answerTo(
      world.driver,
      request([
        user('weather?'),
        assistant(call),
        { role: 'tool', content: [result] },
        assistant('Sunny.'),
        user('thanks'),
      ]),
    )
    expect(sent().contents[1]?.parts[0]).toMatchObject({
      functionCall: { name: 'mcp_c_weather', args: { city: 'Rome' } },
    })
    expect(sent().contents[2]?.parts[0]).toMatchObject({
      functionResponse: { name: 'mcp_c_weather', response: { output: 'sunny' } },
    })
  })
})

describe('parameters', () => {
  test('those of the caller, and none of the turn before', async () => {
    const sampling = { temperature: 0.25, topP: 0.5, topK: 7, maxTokens: 77 }
    await answerTo(world.driver, request('Hi', { sampling }))
    await answerTo(world.driver, request('Hi', { sampling: { temperature: 0.5 } }))
    await answerTo(world.driver, request('Hi'))
    expect(sent(0).generationConfig).toMatchObject({ temperature: 0.25, topP: 0.5, topK: 7, maxOutputTokens: 77 })
    expect(sent(1).generationConfig).toMatchObject({ temperature: 0.5 })
    expect(sent(1).generationConfig).not.toHaveProperty('maxOutputTokens')
    expect(sent(2).generationConfig).toMatchObject({ temperature: 1, topP: 0.95, topK: 64 })
    expect(sent(2).generationConfig).not.toHaveProperty('maxOutputTokens')
  })

  const EFFORTS = [
    ['gemini-2.5-pro', 'low', { thinkingBudget: 1024, includeThoughts: true }],
    ['gemini-2.5-flash', 'none', { thinkingBudget: 0, includeThoughts: false }],
    ['gemini-3-flash-preview', 'medium', { thinkingLevel: 'MEDIUM', includeThoughts: true }],
    ['gemini-3.1-pro-preview', 'max', { thinkingLevel: 'HIGH', includeThoughts: true }],
  ] as const
  test.each(EFFORTS)('%s thinks with effort %s', async (model, effort, config) => {
    await answerTo(world.driver, request('Hi', { model, reasoning: { effort } }))
    expect(world.upstream.turns[0]?.path).toBe(`/v1beta/models/${model}:streamGenerateContent`)
    expect(sent().generationConfig['thinkingConfig']).toEqual(config)
  })

  test('effort and sampling together', async () => {
    const changes = { reasoning: { effort: 'high' as const }, sampling: { temperature: 0.1 } }
    await answerTo(world.driver, request('Hi', changes))
    expect(sent().generationConfig).toMatchObject({ temperature: 0.1, thinkingConfig: { thinkingBudget: 24_576 } })
  })

  test('a model that nobody knows is asked by its name', async () => {
    await answerTo(world.driver, request('Hi', { model: 'tuned-model-7' }))
    expect(world.upstream.turns[0]?.path).toBe('/v1beta/models/tuned-model-7:streamGenerateContent')
  })
})

describe('what comes back', () => {
  test('text as it comes', async () => {
    world.upstream.next(text(['one ', 'two ', 'three'], { between: 60 }))
    const seen: { at: number; events: ChatEvent[] }[] = []
    for await (const events of run(world.driver, request('Hi'))) seen.push({ at: performance.now(), events })
    const deltas = seen.filter(({ events }) => events.some((event) => event.type === 'text-delta'))
    const said = deltas.flatMap(({ events }) =>
      events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : [])),
    )
    expect(said).toEqual(['one ', 'two ', 'three'])
    // A busy machine may bring two at once, but not all.
    expect(deltas.length).toBeGreaterThan(1)
    expect(deltas.at(-1)!.at - deltas[0]!.at).toBeGreaterThan(30)
  })

  test('thoughts, one below the other, then the answer', async () => {
    world.upstream.next(
      thinking(['**Plan**\n\nFirst this.', 'Then that.'], ['Yes.'], { usage: { output: 9, thinking: 4 } }),
    )
    const events = (await Array.fromAsync(run(world.driver, request('Hi')))).flat()
    assertOrder(events)
    const of = (type: string) => events.flatMap((event) => (event.type === type && 'text' in event ? [event.text] : []))
    expect(of('reasoning-delta').join('')).toBe('**Plan**\nFirst this.\n\nThen that.')
    expect(of('text-delta').join('')).toBe('Yes.')
    expect(events.find((event) => event.type === 'usage')).toMatchObject({ usage: { output: 9, reasoning: 4 } })
  })

  test('usage as the service counts it', async () => {
    world.upstream.next(text('Hi', { usage: { input: 10, output: 5, cacheRead: 4, cacheWrite: 0, thinking: 0 } }))
    const { usage } = await answerTo(world.driver, request('Hi'))
    expect(usage).toEqual({ input: 14, output: 5, cachedRead: 4, cacheWrite: 0, reasoning: 0 })
  })

  test('an answer that ran out of tokens', async () => {
    world.upstream.next(stopped('max_tokens', ['and then'], { usage: { output: 20 } }))
    const { finish } = await answerTo(world.driver, request('Hi', { sampling: { maxTokens: 20 } }))
    expect(finish).toBe('length')
  })

  test('an answer that the model’s own limit, or a filter, has cut off', async () => {
    world.upstream.next(stopped('max_tokens', ['and then']), stopped('max_tokens', []), stopped('refusal', ['I ']))
    expect((await answerTo(world.driver, request('Hi'))).finish).toBe('length')
    expect(await answerTo(world.driver, request('Hi'))).toMatchObject({ finish: 'length', content: [] })
    expect((await answerTo(world.driver, request('Hi'))).finish).toBe('content-filter')
  })

  test('one that had not a word left for its answer', async () => {
    world.upstream.next(stopped('max_tokens', [], { usage: { output: 20 } }))
    const answer = await answerTo(world.driver, request('Hi', { sampling: { maxTokens: 20 } }))
    expect(answer).toMatchObject({ finish: 'length', content: [] })
  })

  test('any text, cut anywhere, both ways', async () => {
    world.upstream.next(unicode())
    const sample = UNICODE_SAMPLE.replaceAll('\u0000', '')
    const answer = await answerTo(world.driver, request(sample, { system: sample.trim() }))
    expect(textOf(answer)).toBe(UNICODE_SAMPLE)
    expect(sent().contents[0]?.parts).toEqual([{ text: sample }])
    expect(sent().systemInstruction.parts[0]?.text).toBe(sample.trim())
  })
})
