// Conversations with calls and their results through the real Claude Code, round by round.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { DocumentPart, ImagePart, Message } from '../../src/core/request.ts'
import { answerTo, assistant, call, request, result, system, tool, user } from '../providers/claude/requests.ts'
import { claudeWorld, SUBSCRIPTION, type World } from '../providers/claude/world.ts'
import { answer, type Step } from '../upstream/reply.ts'

setDefaultTimeout(60_000)

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const PDF = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF').toString('base64')
const IMAGE: ImagePart = { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: PNG } }
const DOCUMENT: DocumentPart = {
  type: 'document',
  source: { kind: 'data', mediaType: 'application/pdf', data: PDF },
  title: 'paper.pdf',
}

type Block = { type: string; text?: string; [field: string]: unknown }
type Body = { system: Block[]; tools: object[]; messages: { role: string; content: string | Block[] }[] }

/** The messages without what the CLI adds: reminders, marks for the cache, system messages of its own. */
function plain(body: Body): { role: string; content: Block[] }[] {
  return body.messages
    .filter((message) => message.role !== 'system')
    .map(({ role, content }) => ({ role, content: ownBlocks(content) }))
}

function ownBlocks(content: string | Block[]): Block[] {
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  // Models up to 4.6 get the reminder in the last result, with a line break in front (2.1.329).
  const reminder = blocks.findIndex((block) => block.text?.startsWith('<system-reminder>'))
  return blocks
    .filter((block) => !block.text?.startsWith('<system-reminder>'))
    .map((block, at) =>
      at === reminder - 1 ? Object.assign({}, block, { text: block.text?.replace(/\n$/, '') }) : block,
    )
    .map((block) => {
      const { cache_control: _, ...own } = block
      if (Array.isArray(own['content'])) own['content'] = ownBlocks(own['content'] as Block[])
      return own
    })
}

const TOOLS = [tool('Read', { type: 'object', properties: { file_path: { type: 'string' } } }), tool('get.weather')]

const text = (value: string): Block => ({ type: 'text', text: value })
const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } }
const pdf = {
  type: 'document',
  source: { type: 'base64', media_type: 'application/pdf', data: PDF },
  title: 'paper.pdf',
}

/** Three rounds: two calls at once, one with an image and one that failed; a document; at the end a result. */
const FIRST: Message[] = [user('What is in a.png and b?')]
const SECOND: Message[] = [
  ...FIRST,
  assistant(
    { type: 'reasoning', text: 'Both files.', signature: 'c2ln' },
    'I look.',
    call('toolu_1', 'Read', '{"file_path":"/a.png"}'),
    call('call_2', 'Read', '{"file_path":"/b"}'),
  ),
  result({ toolu_1: [{ type: 'text', text: 'an image:' }, IMAGE], call_2: 'no such file' }, ['call_2']),
]
const THIRD: Message[] = [...SECOND, assistant(call('toolu_3', 'get.weather', '')), result({ toolu_3: [DOCUMENT] })]
const FOURTH: Message[] = [...THIRD, assistant('A cat.'), user('thanks'), system('be brief'), user('and you?')]

const ARRIVES = [
  { role: 'user', content: [text('What is in a.png and b?')] },
  {
    role: 'assistant',
    content: [
      { type: 'thinking', thinking: 'Both files.', signature: 'c2ln' },
      text('I look.'),
      { type: 'tool_use', id: 'toolu_1', name: 'Read', input: { file_path: '/a.png' } },
      { type: 'tool_use', id: 'call_2', name: 'Read', input: { file_path: '/b' } },
    ],
  },
  {
    role: 'user',
    content: [
      { type: 'tool_result', tool_use_id: 'toolu_1', content: [text('an image:'), image] },
      { type: 'tool_result', tool_use_id: 'call_2', content: [text('no such file')], is_error: true },
    ],
  },
  { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_3', name: 'get_weather', input: {} }] },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_3', content: [pdf] }] },
  { role: 'assistant', content: [text('A cat.')] },
  { role: 'user', content: [text('thanks'), text('[System message]\nbe brief'), text('and you?')] },
]

/** What one round has marked for the cache is found by the next: the same bytes, with a mark at most 20 blocks behind. */
function expectCached(body: Body, next: Body): void {
  const [written, wanted] = [body, next].map(plain)
  const marks = (messages: Body['messages']) =>
    messages.filter(({ role }) => role !== 'system').flatMap((message, at) => (marksIn(message) > 0 ? [at] : []))
  const same = marks(body.messages).filter((at) => Bun.deepEquals(written!.slice(0, at + 1), wanted!.slice(0, at + 1)))
  const blocksBetween = (from: number, to: number) =>
    wanted!.slice(from + 1, to + 1).reduce((sum, { content }) => sum + content.length, 0)
  const found = same.filter((from) => marks(next.messages).some((to) => to >= from && blocksBetween(from, to) < 20))
  expect(found.length).toBeGreaterThan(0)
}

const marksIn = (value: unknown): number => JSON.stringify(value).split('"cache_control"').length - 1

describe.each([
  ['exact', {}],
  ['replayed', SUBSCRIPTION],
])('%s', (_, environment) => {
  let world: World
  beforeAll(async () => {
    world = await claudeWorld({ environment })
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(() => world.upstream.reset())
  const bodies = () => world.upstream.turns.map((turn) => turn.json as Body)

  for (const model of ['claude-sonnet-4-5', 'claude-opus-4-6', 'claude-sonnet-5-5']) {
    test(`each round carries all that went before, with its roles, ids, images and errors (${model})`, async () => {
      for (const messages of [FIRST, SECOND, THIRD, FOURTH])
        await answerTo(world.driver, request(messages, { model, system: 'S', tools: TOOLS }))
      const sent = bodies().map(plain)
      expect(sent).toHaveLength(4)
      expect(sent[3]).toEqual(ARRIVES)
      for (const [round, length] of [1, 3, 5].entries()) expect(sent[round]).toEqual(ARRIVES.slice(0, length))
      // What stands in front is the same, and each round finds what the one before it has written.
      for (const body of bodies().slice(1)) {
        expect(body.system).toEqual(bodies()[0]!.system)
        expect(body.tools).toEqual(bodies()[0]!.tools)
        expect(marksIn(body)).toBeLessThanOrEqual(4)
        expect(JSON.stringify(body)).not.toContain('"ttl"')
      }
      for (const [round, body] of bodies().slice(1, -1).entries()) expectCached(body, bodies()[round + 2]!)
    })
  }

  test('what the model said can be sent back as it came', async () => {
    const steps: Step[] = [
      { type: 'thinking', text: 'Hm.' },
      { type: 'signature', signature: 'c2lnbmVk' },
      { type: 'tool-call', id: 'toolu_x', name: 'Read', pieces: ['{"file_path":', '"/é 🐈"}'] },
    ]
    world.upstream.next(answer(() => steps, { stop: { reason: 'tool_use' } }))
    const options = { model: 'claude-sonnet-4-5', tools: TOOLS }
    const { content } = await answerTo(world.driver, request('q', options))
    await answerTo(
      world.driver,
      request([user('q'), { role: 'assistant', content }, result({ toolu_x: 'r' })], options),
    )
    expect(plain(bodies()[1]!).slice(1)).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm.', signature: 'c2lnbmVk' },
          { type: 'tool_use', id: 'toolu_x', name: 'Read', input: { file_path: '/é 🐈' } },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_x', content: [text('r')] }] },
    ])
    expect(bodies()[1]).toMatchObject({ thinking: { type: 'enabled' } })
  })

  test('calls that did not begin by thinking: a model with a budget goes on without', async () => {
    const messages = [user('q'), assistant(call('c1', 'Read', '{}')), result({ c1: 'r' })]
    for (const model of ['claude-sonnet-4-5', 'claude-opus-4-6'])
      await answerTo(world.driver, request(messages, { model, tools: TOOLS }))
    expect(bodies()).toMatchObject([{ thinking: { type: 'disabled' } }, { thinking: { type: 'adaptive' } }])
  })

  test('calls of functions that are offered no longer', async () => {
    const messages = [user('q'), assistant(call('c1', 'gone', '{}')), result({ c1: 'r' }), assistant('a'), user('b')]
    for (const tools of [[], TOOLS]) {
      await answerTo(world.driver, request(messages, { tools }))
      expect(plain(bodies().at(-1)!)[1]?.content).toEqual([{ type: 'tool_use', id: 'c1', name: 'gone', input: {} }])
    }
  })

  test('many results at once, and a long one', async () => {
    const ids = Array.from({ length: 30 }, (__, number) => `toolu_${number}`)
    const long = 'line of a log\n'.repeat(40_000)
    const messages = [
      user('q'),
      assistant(...ids.map((id) => call(id, 'Read', '{}'))),
      result(Object.fromEntries(ids.map((id) => [id, id === 'toolu_7' ? long : id]))),
    ]
    await answerTo(world.driver, request(messages, { tools: TOOLS }))
    const results = plain(bodies()[0]!).at(-1)?.content ?? []
    expect(results.map((block) => block['tool_use_id'])).toEqual(ids)
    expect(results[7]?.['content']).toEqual([text(long)])
    expect(world.upstream.turns).toHaveLength(1)
  })
})
