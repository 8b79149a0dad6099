// Conversations with calls and results through the real Gemini CLI: what of them reaches the model.
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import type { AssistantPart, Message } from '../../src/core/request.ts'
import { answerTo, assistant, textOf, user } from '../providers/claude/requests.ts'
import { callsOf, request, result, sentBy } from '../providers/gemini/functions.ts'
import { geminiWorld, type World } from '../providers/gemini/world.ts'
import { text } from '../upstream/replies/text.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { answer, type Step } from '../upstream/reply.ts'

setDefaultTimeout(60_000)

let world: World
beforeAll(async () => {
  world = await geminiWorld()
  // Once, so that no test waits for the start.
  await world.driver.models(new AbortController().signal)
})
beforeEach(() => world.upstream.reset())
afterAll(() => world[Symbol.asyncDispose]())

const sent = (position = 0) => sentBy(world, position)

const call = (id: string, city: string): AssistantPart => ({
  type: 'tool-call',
  id,
  name: 'get_weather',
  arguments: JSON.stringify({ city }),
})

test('three rounds: each request begins with the one before', async () => {
  const messages: Message[] = [user('weather?')]
  for (const city of ['Rome', 'Oslo', 'Bonn']) {
    world.upstream.next(
      toolCalls([{ id: `id-${city}`, name: 'mcp_c_get_weather', arguments: { city } }], { text: [`${city}: `] }),
    )
    const asked = await answerTo(world.driver, request(messages, { system: 'Be brief.' }))
    const [{ id } = { id: '' }] = callsOf(asked.content)
    messages.push({ role: 'assistant', content: asked.content }, result(id, `sunny in ${city}`))
  }
  world.upstream.next(text('Sunny.'))
  const last = await answerTo(world.driver, request(messages, { system: 'Be brief.' }))
  expect(textOf(last)).toBe('Sunny.')
  expect(world.upstream.requests).toHaveLength(4)
  const contents = [0, 1, 2, 3].map((position) => JSON.stringify(sent(position).contents).slice(0, -1))
  for (const [position, before] of contents.slice(0, -1).entries()) {
    expect(contents[position + 1]?.startsWith(before)).toBe(true)
  }
  expect(sent(3).contents.slice(0, 3)).toEqual([
    { role: 'user', parts: [{ text: 'weather?' }] },
    {
      role: 'model',
      parts: [
        { text: 'Rome: ' },
        {
          functionCall: { id: 'id-Rome', name: 'mcp_c_get_weather', args: { city: 'Rome' } },
          thoughtSignature: expect.any(String),
        },
      ],
    },
    {
      role: 'user',
      parts: [
        { functionResponse: { id: 'id-Rome', name: 'mcp_c_get_weather', response: { output: 'sunny in Rome' } } },
        { text: '\u200b' },
      ],
    },
  ])
})

test('thoughts, and what a call was signed with, which the service gets back', async () => {
  const steps: Step[] = [
    { type: 'thinking', text: 'Two cities.' },
    { type: 'signature', signature: 'c2lnbmF0dXJl' },
    { type: 'tool-call', id: 'c1', name: 'mcp_c_get_weather', pieces: ['{"city":"Rome"}'] },
    { type: 'tool-call', id: 'c2', name: 'mcp_c_get_weather', pieces: ['{"city":"Oslo"}'] },
  ]
  world.upstream.next(answer(() => steps, { stop: { reason: 'tool_use' } }))
  const { content } = await answerTo(world.driver, request('weather?'))
  expect(content[0]).toMatchObject({ type: 'reasoning', text: 'Two cities.' })
  expect(callsOf(content).map(({ id }) => id)).toEqual(['c1', 'c2'])
  const messages: Message[] = [user('weather?'), { role: 'assistant', content }, result('c1', 'a'), result('c2', 'b')]
  await answerTo(world.driver, request(messages))
  expect(sent(1).contents[1]?.parts).toEqual([
    {
      functionCall: { id: 'c1', name: 'mcp_c_get_weather', args: { city: 'Rome' } },
      thoughtSignature: 'c2lnbmF0dXJl',
    },
    { functionCall: { id: 'c2', name: 'mcp_c_get_weather', args: { city: 'Oslo' } } },
  ])
  expect(sent(1).contents[2]?.parts.map((part) => part.functionResponse?.response)).toEqual([
    { output: 'a' },
    { output: 'b' },
    undefined,
  ])
})

test('a failed call, an image, and a text of the user behind it', async () => {
  const image = {
    type: 'image' as const,
    source: { kind: 'data' as const, mediaType: 'image/png', data: 'iVBORw0KGgo=' },
  }
  const messages = [
    user('x'),
    assistant(call('c1', 'a'), call('c2', 'b')),
    result('c1', 'no such city', true),
    result('c2', [{ type: 'text', text: 'look' }, image]),
    user('and now?'),
  ]
  await answerTo(world.driver, request(messages))
  expect(sent().contents[2]?.parts).toEqual([
    { functionResponse: { id: 'c1', name: 'mcp_c_get_weather', response: { error: 'no such city' } } },
    { functionResponse: { id: 'c2', name: 'mcp_c_get_weather', response: { output: 'look' } } },
    { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
    { text: 'and now?' },
  ])
  await answerTo(world.driver, { ...request(messages.slice(0, -1)), model: 'gemini-3-flash-preview' })
  expect(sent(1).contents[2]?.parts[1]?.functionResponse).toMatchObject({
    response: { output: 'look' },
    parts: [{ inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }],
  })
  expect(world.upstream.requests).toHaveLength(2)
})

test('large results stay whole, also old ones', async () => {
  const large = 'word '.repeat(60_000)
  const messages = [user('x')]
  for (const id of ['c1', 'c2', 'c3']) messages.push(assistant(call(id, 'a')), result(id, large))
  await answerTo(world.driver, request(messages))
  const outputs = sent().contents.flatMap(({ parts }) =>
    parts.flatMap((part) => part.functionResponse?.response['output'] ?? []),
  )
  expect(outputs).toEqual([large, large, large])
})

test('calls of functions that are not offered any more', async () => {
  const messages = [user('x'), assistant(call('c1', 'a')), result('c1', 'b')]
  await answerTo(world.driver, request(messages, { tools: [] }))
  expect(sent().contents[1]?.parts[0]?.functionCall).toMatchObject({ name: 'mcp_c_get_weather' })
})
