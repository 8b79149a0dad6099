import { describe, expect, test } from 'bun:test'
import type { ChatEvent } from '../../src/core/event.ts'
import type { ChatRequest, Message } from '../../src/core/request.ts'
import {
  createReasoningMemory,
  type ReasoningMemory,
  type ReasoningMemoryOptions,
} from '../../src/tools/reasoning-memory.ts'
import { chatRequest, START, userMessage } from '../core/samples.ts'
import { call, finish, say, think } from '../content/scripted-turn.ts'

const never = new AbortController().signal
type Asking = { provider?: string; model?: string; question?: string; id?: string; turn?: string }

function setUp(options: ReasoningMemoryOptions = {}) {
  let time = 0
  const memory = createReasoningMemory({ now: () => time, ...options })
  return { memory, later: (milliseconds: number) => (time += milliseconds) }
}

/** One turn; gives what reached the provider. */
async function turn(memory: ReasoningMemory, answer: ChatEvent[], request: ChatRequest, asking: Asking = {}) {
  const { provider = 'claude', model = 'opus', turn: id = 'turn' } = asking
  const seen: ChatRequest[] = []
  const run = memory.around(async function* ({ request: asked }) {
    seen.push(asked)
    yield [START, ...answer]
  }, provider)
  for await (const _ of run({ id, request, model }, never));
  return seen[0]!
}

const asks = ({ question = 'look' }: Asking = {}) => chatRequest({ messages: [userMessage(question)] })

/** The model thinks and calls. */
const answers = async (memory: ReasoningMemory, asking: Asking = {}, thought = 'I need to look.') =>
  await turn(
    memory,
    [...think(0, thought, 'signed'), ...call(1, 'look', asking.id ?? 'call_1'), ...finish('tool-calls')],
    asks(asking),
    asking,
  )

const history = ({ question = 'look', id = 'call_1' }: Asking = {}, said: Message['content'] = []): Message[] => [
  userMessage(question),
  { role: 'assistant', content: [...said, { type: 'tool-call', id, name: 'look', arguments: '{}' }] } as Message,
  { role: 'tool', content: [{ type: 'tool-result', id, content: [{ type: 'text', text: 'seen' }], isError: false }] },
]

/** What of the reasoning reaches the provider when the caller comes back with the result. */
async function recalled(memory: ReasoningMemory, asking: Asking = {}, said: Message['content'] = []) {
  const request = chatRequest({ messages: history(asking, said) })
  const { messages } = await turn(memory, [...say(0, 'done'), ...finish()], request, asking)
  return messages[1]!.content.filter((part) => part.type === 'reasoning')
}

const THOUGHT = { type: 'reasoning', text: 'I need to look.', signature: 'signed' } as const

describe('what was thought before a call', () => {
  test('is in front of it again when the result comes, again and again', async () => {
    const { memory } = setUp()
    await answers(memory)
    expect(await recalled(memory)).toEqual([THOUGHT])
    expect(await recalled(memory)).toEqual([THOUGHT])
    const request = chatRequest({
      messages: [...history({}, [{ type: 'text', text: 'I look.' }]), ...history({ id: 'x' })],
    })
    const before = structuredClone(request)
    const { messages } = await turn(memory, [...say(0, 'done'), ...finish()], request)
    expect(messages[1]!.content.map(({ type }) => type)).toEqual(['reasoning', 'text', 'tool-call'])
    expect(messages[4]).toEqual(request.messages[4]!)
    expect(request).toEqual(before)
  })

  test('takes the place of its text, which is all that some callers have of it', async () => {
    const { memory } = setUp()
    await answers(memory)
    expect(await recalled(memory, {}, [{ type: 'reasoning', text: 'I need to look.' }])).toEqual([THOUGHT])
  })

  test('stays away where the caller sent it as it was', async () => {
    const { memory } = setUp()
    await answers(memory)
    const own = [{ type: 'reasoning' as const, text: 'mine', signature: 'other' }]
    expect(await recalled(memory, {}, own)).toEqual(own)
    const sealed = [{ type: 'reasoning' as const, text: '', encrypted: 'x' }]
    expect(await recalled(memory, {}, sealed)).toEqual(sealed)
  })

  test('is kept of an answer that was ended early, and not of one without a call', async () => {
    const { memory } = setUp()
    const run = memory.around(async function* () {
      yield [START, ...think(0, 'I need to look.', 'signed'), ...call(1, 'look', 'call_1')]
      yield finish('tool-calls')
    }, 'claude')
    for await (const _ of run({ id: 'turn', request: asks(), model: 'opus' }, never)) break
    expect(await recalled(memory)).toEqual([THOUGHT])
    await turn(memory, [...think(0), ...say(1, 'x'), ...finish()], asks({ question: 'other' }))
    await turn(memory, [...call(0, 'look', 'bare'), ...finish('tool-calls')], asks())
    expect(memory.size).toBe(1)
  })

  test('of a turn that was asked again, with a complaint behind, belongs to the caller’s words', async () => {
    const { memory } = setUp()
    const requests = [asks(), chatRequest({ messages: [userMessage('look'), userMessage('Call a tool!')] })]
    const run = memory.around(async function* ({ request }) {
      yield [
        START,
        ...(request === requests[0]
          ? say(0, 'no')
          : [...think(0, 'I need to look.', 'signed'), ...call(1, 'look', 'call_1')]),
        ...finish(),
      ]
    }, 'claude')
    for (const request of requests) for await (const _ of run({ id: 'one', request, model: 'opus' }, never));
    expect(await recalled(memory)).toEqual([THOUGHT])
  })
})

describe('nobody is given what was thought', () => {
  test('by another model, by another provider, in another conversation, about another call', async () => {
    const { memory } = setUp()
    await answers(memory)
    expect(await recalled(memory, { model: 'sonnet' })).toEqual([])
    expect(await recalled(memory, { provider: 'codex' })).toEqual([])
    // Models that number their calls give everybody a call_1.
    expect(await recalled(memory, { question: 'what did the other one ask?' })).toEqual([])
    expect(await recalled(memory, { id: 'call_2' })).toEqual([])
    expect(await recalled(memory)).toEqual([THOUGHT])
  })

  test('by names that run into each other', async () => {
    const { memory } = setUp()
    await answers(memory, { provider: 'a', model: 'b:c' })
    expect(await recalled(memory, { provider: 'a:b', model: 'c' })).toEqual([])
  })
})

describe('bounds', () => {
  test('by number: the one that was not used for longest goes', async () => {
    const { memory } = setUp({ maxEntries: 2 })
    await answers(memory, { id: 'a' })
    await answers(memory, { id: 'b' })
    await recalled(memory, { id: 'a' })
    await answers(memory, { id: 'c' })
    expect(memory.size).toBe(2)
    expect(await recalled(memory, { id: 'b' })).toEqual([])
    expect(await recalled(memory, { id: 'a' })).toEqual([THOUGHT])
    expect(await recalled(memory, { id: 'c' })).toEqual([THOUGHT])
  })

  test('by bytes: what is too large for all of it is not kept at all', async () => {
    const { memory } = setUp({ maxBytes: 1_000 })
    await answers(memory, { id: 'a' })
    await answers(memory, { id: 'b' }, 'x'.repeat(900))
    expect(memory.size).toBe(1)
    expect(await recalled(memory, { id: 'a' })).toEqual([])
    await answers(memory, { id: 'c' }, '漢'.repeat(400))
    expect(await recalled(memory, { id: 'b' })).toHaveLength(1)
    await answers(memory, { id: 'b' }, 'short')
    await answers(memory, { id: 'd' }, 'x'.repeat(500))
    expect(memory.size).toBe(2)
  })

  test('by time since it was used last', async () => {
    const { memory, later } = setUp({ maxAge: 100 })
    await answers(memory)
    later(99)
    expect(await recalled(memory)).toEqual([THOUGHT])
    later(99)
    expect(await recalled(memory)).toEqual([THOUGHT])
    later(100)
    expect(await recalled(memory)).toEqual([])
    expect(memory.size).toBe(0)
  })
})
