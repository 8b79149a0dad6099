// Rounds of calls and results through the real Codex: each is a thread of its own, and the service gets the whole conversation.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { AssistantPart, ChatRequest, Message, ToolResultPart } from '../../src/core/request.ts'
import { answerTo, assistant, request as requestOf, textOf, user } from '../providers/claude/requests.ts'
import { callOf, type Item, tool, WEATHER } from '../providers/codex/functions.ts'
import { codexWorld, type World } from '../providers/codex/world.ts'
import { text } from '../upstream/replies/text.ts'
import { answer } from '../upstream/reply.ts'

setDefaultTimeout(60_000)

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

let world: World
beforeAll(async () => {
  world = await codexWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.upstream.reset())

type Result = Pick<ToolResultPart, 'id'> & Partial<ToolResultPart>
const results = (...parts: Result[]): Message => ({ role: 'tool', content: parts.map(toResult) })
const toResult = ({ id, content = [], isError = false }: Result): ToolResultPart => ({
  type: 'tool-result',
  id,
  content,
  isError,
})
const said = (words: string): ToolResultPart['content'] => [{ type: 'text', text: words }]
const call = (id: string, name = 'get_weather'): AssistantPart => ({
  type: 'tool-call',
  id,
  name,
  arguments: '{"city": "Oslo"}',
})
const request = (model: string, messages: Message[], changes: Partial<Omit<ChatRequest, 'system' | 'sampling'>> = {}) =>
  requestOf(messages, { model, tools: [WEATHER], system: 'You are terse.', ...changes })
/** What the service got of the conversation. */
const conversation = () => {
  const { input } = world.upstream.turns.at(-1)!.json as { input: Item[] }
  return input.filter(({ type }) => type !== 'additional_tools')
}
/**
 * The conversation as the service got it, to the byte. Codex itself puts the functions in front for some models, under an id that is
 * new each time.
 */
const written = () => {
  const body = world.upstream.turns.at(-1)!.body.replace(/"id":"at_[^"]*"/g, '"id":"at"')
  const from = body.indexOf('"input":[') + '"input":['.length
  return body.slice(from, from + JSON.stringify((JSON.parse(body) as { input: Item[] }).input).length - 2)
}

describe.each(['gpt-5.5', 'gpt-6.1-sol'])('%s', (model) => {
  test('three rounds: each answer goes back as it came, and what was sent before stays what it was, to the byte', async () => {
    const round = (number: number) =>
      answer(() => [
        { type: 'thinking', text: `Round ${number}.` },
        { type: 'signature', signature: `c2VhbA${number}=` },
        { type: 'text', text: `I look, ${number}.` },
        callOf({ name: 'get_weather', arguments: [`{"city":  "${number}"}`], id: `call_${number}a` }),
        callOf({ name: 'get_weather', arguments: ['{}'], id: `call_${number}b` }),
      ])
    world.upstream.next(round(1), round(2), round(3), text('Done.'))
    const messages: Message[] = [user('weather?')]
    let before = ''
    for (const number of [1, 2, 3]) {
      const { content, finish } = await answerTo(world.driver, request(model, messages))
      expect(finish).toBe('tool-calls')
      expect(written().slice(0, before.length)).toBe(before)
      expect(written().length).toBeGreaterThan(before.length)
      before = written()
      // Out of order, as they may come.
      messages.push(
        { role: 'assistant', content },
        results({ id: `call_${number}b`, content: said('b') }, { id: `call_${number}a`, content: said('a') }),
      )
    }
    expect(textOf(await answerTo(world.driver, request(model, messages)))).toBe('Done.')
    expect(written().slice(0, before.length)).toBe(before)
    const ids = conversation().map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(conversation().slice(-6)).toEqual(
      [
        {
          type: 'reasoning',
          summary: [{ type: 'summary_text', text: 'Round 3.' }],
          content: null,
          encrypted_content: 'c2VhbA3=',
        },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'I look, 3.' }] },
        { type: 'function_call', name: 'get_weather', arguments: '{"city":  "3"}', call_id: 'call_3a' },
        { type: 'function_call', name: 'get_weather', arguments: '{}', call_id: 'call_3b' },
        { type: 'function_call_output', call_id: 'call_3b', output: 'b' },
        { type: 'function_call_output', call_id: 'call_3a', output: 'a' },
      ].map((item) => expect.objectContaining(item)),
    )
    expect(world.upstream.turns).toHaveLength(4)
  })
})

describe('a result', () => {
  const outputOf = async (part: Partial<ToolResultPart>) => {
    await answerTo(world.driver, request('gpt-5.5', [user('go'), assistant(call('a')), results({ id: 'a', ...part })]))
    return conversation().at(-1)?.['output']
  }

  test('of texts and an image', async () => {
    const image = { type: 'image' as const, source: { kind: 'data' as const, mediaType: 'image/png', data: PNG } }
    expect(await outputOf({ content: [...said('look'), image] })).toMatchObject([
      { type: 'input_text', text: 'look' },
      { type: 'input_image', image_url: expect.stringContaining('data:image/png;base64,') },
    ])
  })

  test.each([
    ['is a failure and does not say so', 'no such city', 'Error: no such city'],
    ['is a failure and says so', 'Error 404', 'Error 404'],
    ['is an empty failure', '', 'Error'],
  ])('that %s', async (_, words, output) => {
    expect(await outputOf({ isError: true, content: said(words) })).toBe(output)
  })

  test('that is empty', async () => {
    expect(await outputOf({ content: [] })).toBe('')
  })

  test('of 1 MB, uncut', async () => {
    expect(await outputOf({ content: said('x'.repeat(1_000_000)) })).toHaveLength(1_000_000)
  })
})

test('names of functions that are not offered any more, and arguments that are no JSON, go round', async () => {
  const broken: AssistantPart = { type: 'tool-call', id: 'b', name: 'exec_command', arguments: '{"cmd":' }
  const messages = [user('go'), assistant(call('a', 'files.read'), broken), results({ id: 'a' }, { id: 'b' })]
  await answerTo(world.driver, request('gpt-5.5', messages, { tools: [tool('exec_command')] }))
  expect(conversation().filter(({ type }) => type === 'function_call')).toMatchObject([
    { name: 'files_read', call_id: 'a' },
    { name: 't_exec_command', call_id: 'b', arguments: '{"cmd":' },
  ])
})

test('words of the caller behind the results, and before them', async () => {
  const messages = [
    user('go'),
    assistant('I look.', call('a')),
    results({ id: 'a', content: said('5') }),
    user('and now?'),
  ]
  await answerTo(world.driver, request('gpt-5.5', messages))
  expect(conversation().map((item) => item.type)).toEqual([
    'message',
    'message',
    'message',
    'function_call',
    'function_call_output',
    'message',
  ])
})
