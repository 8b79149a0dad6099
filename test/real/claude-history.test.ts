// Whole conversations through the real Claude Code: what the service got, and what its prompt cache can find again.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Message, UserPart } from '../../src/core/request.ts'
import { answerTo, assistant, request, system, user } from '../providers/claude/requests.ts'
import { claudeWorld, SUBSCRIPTION, type World } from '../providers/claude/world.ts'

setDefaultTimeout(30_000)

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const IMAGE: UserPart = { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: PNG } }

type Block = { type: string; text?: string; cache_control?: unknown }
type Body = { system: Block[]; messages: { role: string; content: string | Block[] }[] }
type Plain = { role: string; content: Block[] }

/** The messages without what the CLI adds: reminders, marks for the cache, system messages of its own. */
function plain({ messages }: Body): Plain[] {
  return messages
    .filter((message) => message.role !== 'system')
    .map(({ role, content }) => {
      const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content
      const own = blocks.filter((block) => !block.text?.startsWith('<system-reminder>'))
      return { role, content: own.map(unmarked) }
    })
}

function unmarked(block: Block): Block {
  const copy = { ...block }
  delete copy.cache_control
  return copy
}

const marksIn = (value: unknown): number => JSON.stringify(value).split('"cache_control"').length - 1

const LONG: Message[] = Array.from({ length: 24 }, (_, index) =>
  index % 2 === 0 ? user(`question ${index}`) : assistant(`answer ${index}`),
)

const CONVERSATIONS: Record<string, { messages: Message[]; arrives: Plain[] }> = {
  'twenty-five messages': {
    messages: [...LONG, user('and now?')],
    arrives: [
      ...LONG.map((message) => ({ role: message.role, content: message.content as Block[] })),
      { role: 'user', content: [{ type: 'text', text: 'and now?' }] },
    ],
  },
  'commands, files and markup as text': {
    messages: [
      user('/clear'),
      assistant('/compact'),
      user('@/etc/hostname <command-name>/clear</command-name>'),
      assistant('!ls'),
      user('/exit'),
    ],
    arrives: [
      { role: 'user', content: [{ type: 'text', text: '/clear' }] },
      { role: 'assistant', content: [{ type: 'text', text: '/compact' }] },
      { role: 'user', content: [{ type: 'text', text: '@/etc/hostname <command-name>/clear</command-name>' }] },
      { role: 'assistant', content: [{ type: 'text', text: '!ls' }] },
      { role: 'user', content: [{ type: 'text', text: '/exit' }] },
    ],
  },
  'images in between, and a message of the system': {
    messages: [
      user('see', IMAGE),
      assistant('a cat'),
      user(IMAGE),
      assistant('a dog'),
      system('be brief'),
      user('both?'),
    ],
    arrives: [
      { role: 'user', content: [{ type: 'text', text: 'see' }, expect.objectContaining({ type: 'image' })] },
      { role: 'assistant', content: [{ type: 'text', text: 'a cat' }] },
      { role: 'user', content: [expect.objectContaining({ type: 'image' })] },
      { role: 'assistant', content: [{ type: 'text', text: 'a dog' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: '[System message]\nbe brief' },
          { type: 'text', text: 'both?' },
        ],
      },
    ],
  },
  'calls, results and signed reasoning': {
    messages: [
      user('weather?'),
      assistant({ type: 'reasoning', text: 'look it up', signature: 'c2ln' }, 'One moment.', {
        type: 'tool-call',
        id: 'toolu_1',
        name: 'get_weather',
        arguments: '{"city":"Paris"}',
      }),
      {
        role: 'tool',
        content: [{ type: 'tool-result', id: 'toolu_1', content: [{ type: 'text', text: 'sunny' }], isError: false }],
      },
      assistant('Sunny.'),
      user('thanks'),
    ],
    arrives: [
      { role: 'user', content: [{ type: 'text', text: 'weather?' }] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'look it up', signature: 'c2ln' } as Block,
          { type: 'text', text: 'One moment.' },
          { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Paris' } } as Block,
        ],
      },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: 'sunny' }] } as Block],
      },
      { role: 'assistant', content: [{ type: 'text', text: 'Sunny.' }] },
      { role: 'user', content: [{ type: 'text', text: 'thanks' }] },
    ],
  },
}

describe.each([
  ['replayed', SUBSCRIPTION],
  ['exact', {}],
])('%s', (way, environment) => {
  let world: World
  beforeAll(async () => {
    world = await claudeWorld({ environment })
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(() => world.upstream.reset())
  const bodies = () => world.upstream.turns.map((turn) => turn.json as Body)

  for (const model of ['claude-sonnet-4-5', 'claude-sonnet-5-5']) {
    test.each(Object.keys(CONVERSATIONS))(`%s (${model})`, async (name) => {
      const { messages, arrives } = CONVERSATIONS[name]!
      await answerTo(world.driver, request(messages, { model, system: 'S' }))
      expect(world.upstream.turns).toHaveLength(1)
      expect(plain(bodies()[0]!)).toEqual(arrives)
    })

    test(`the next turn begins with the bytes of this one, and finds them in the cache (${model})`, async () => {
      const first = [user('first question')]
      const turn = [...first, assistant('first answer'), user('second question')]
      const next = [...turn, assistant('second answer'), user('third question')]
      for (const messages of [first, turn, next])
        await answerTo(world.driver, request(messages, { model, system: 'S' }))
      const [begin, before, after] = bodies()
      // With it, all the rest would be read anew: it stands in front.
      expect(before!.system).toEqual(begin!.system)
      expect(after!.system).toEqual(before!.system)
      expect(plain(after!).slice(0, 3)).toEqual(plain(before!))
      // What was written up to a mark is found again where a mark follows within 20 blocks.
      const marked = after!.messages.findLastIndex(
        (message, index) => index < after!.messages.length - 1 && marksIn(message) > 0 && message.role !== 'system',
      )
      expect(marked).toBeGreaterThanOrEqual(2)
      for (const body of [before, after]) expect(marksIn(body)).toBeLessThanOrEqual(4)
      // One of an hour behind one of five minutes is refused.
      expect(JSON.stringify([before, after])).not.toContain('"ttl"')
    })
  }

  test('in this way', async () => {
    await answerTo(world.driver, request([user('q'), assistant('a'), user('r')], { model: 'claude-sonnet-4-5' }))
    const reminders = world.upstream.turns[0]?.body.includes('<system-reminder>')
    if (way === 'exact') expect(reminders).toBe(false)
    const content = bodies()[0]?.messages.at(-1)?.content
    expect(content).toContainEqual(expect.objectContaining({ text: 'r' }))
  })
})

test('either way can be chosen for either login', async () => {
  await using world = await claudeWorld({ environment: SUBSCRIPTION, history: 'exact' })
  await answerTo(world.driver, request([user('q'), assistant('a'), user('r')], { model: 'claude-sonnet-4-5' }))
  const { messages } = (await world.upstream.turn(0)).json as Body
  expect(messages.map((message) => message.role)).toEqual(['user', 'assistant', 'user'])
  expect(JSON.stringify(messages)).not.toContain('<system-reminder>')
})
