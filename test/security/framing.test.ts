// Whatever a model says comes out as the same text, through every API, whole and streamed, over real sockets; and no word of it
// is taken for a frame, whichever idea of a line break a reader has.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { RunningCligate } from '../support/cligate.ts'
import { type Api, APIS, startHostile } from './hostile-world.ts'

let gate: RunningCligate
beforeAll(async () => {
  gate = await startHostile()
}, 60_000)
afterAll(async () => {
  await gate?.stop()
})

type Way = {
  name: string
  api: Api
  path: string
  fields: object
  /** The text that the whole stream says; throws where a frame is not one. */
  read(stream: string): string
}

type Frame = { event: string | undefined; data: string }

/** Reads a stream as the strictest and the laxest reader would at once: they must agree on where a line ends. */
function framesIn(stream: string): Frame[] {
  expect(stream).toEndWith('\n\n')
  // Beside the line breaks of the format: those of Unicode (Python's splitlines), and a carriage return of its own.
  for (const unit of ['\r', '\v', '\f', '\u001c', '\u001d', '\u001e', '\u0085', '\u2028', '\u2029', '\0'])
    expect(stream).not.toContain(unit)
  const blocks = stream.slice(0, -2).split('\n\n')
  return blocks
    .filter((block) => !block.startsWith(':') && block !== '')
    .map((block) => {
      const lines = block.split('\n')
      const field = (name: string) =>
        lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2))
      const [events, data] = [field('event'), field('data')]
      expect([lines.length, events.length <= 1, data.length]).toEqual([events.length + 1, true, 1])
      return { event: events[0], data: data[0]! }
    })
}

/** The frames of OpenAI's APIs: JSON, and one `[DONE]` at the end. */
function openai(stream: string, textOf: (chunk: ChatChunk & CompletionChunk) => string | null | undefined): string {
  const frames = framesIn(stream).map(({ data }) => data)
  expect(frames.filter((data) => data === '[DONE]')).toHaveLength(1)
  expect(frames.at(-1)).toBe('[DONE]')
  return frames
    .slice(0, -1)
    .map((data) => textOf(JSON.parse(data) as ChatChunk & CompletionChunk) ?? '')
    .join('')
}

type ChatChunk = { choices: { delta: { content?: string | null } }[] }
type CompletionChunk = { choices: { text: string }[] }
type MessageEvent = { type: string; delta?: { text?: string } }

/** Names of the events that a stream of Messages without a fault consists of. */
const MESSAGE_EVENTS = new Set([
  'message_start',
  'content_block_start',
  'ping',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
])

function anthropic(stream: string): string {
  const events = framesIn(stream).map(({ event, data }) => {
    const parsed = JSON.parse(data) as MessageEvent
    expect(MESSAGE_EVENTS).toContain(parsed.type)
    expect(event).toBe(parsed.type)
    return parsed
  })
  expect(events.filter(({ type }) => type === 'message_stop')).toHaveLength(1)
  return events.map(({ delta }) => delta?.text ?? '').join('')
}

type Chunk = { candidates?: { content?: { parts?: { text?: string }[] } }[] }
const geminiText = (chunks: Chunk[]) =>
  chunks
    .flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? [])
    .map(({ text }) => text ?? '')
    .join('')

const [chat, completions, messages, gemini, responses] = APIS as [Api, Api, Api, Api, Api]
const STREAMS: Way[] = [
  {
    name: 'openai-chat',
    api: chat,
    path: chat.path('demo/echo'),
    fields: { stream: true },
    read: (stream) => openai(stream, ({ choices }) => choices[0]?.delta.content),
  },
  {
    name: 'openai-completions',
    api: completions,
    path: completions.path('demo/echo'),
    fields: { stream: true },
    read: (stream) => openai(stream, ({ choices }) => choices[0]?.text),
  },
  {
    name: 'openai-responses',
    api: responses,
    path: responses.path('demo/echo'),
    fields: { stream: true },
    read: (stream) =>
      framesIn(stream)
        .map(({ data }) => JSON.parse(data) as { type: string; delta?: string })
        .filter(({ type }) => type === 'response.output_text.delta')
        .map(({ delta }) => delta)
        .join(''),
  },
  {
    name: 'anthropic-messages',
    api: messages,
    path: messages.path('demo/echo'),
    fields: { stream: true },
    read: anthropic,
  },
  {
    name: 'gemini, as events',
    api: gemini,
    path: '/v1beta/models/demo/echo:streamGenerateContent?alt=sse',
    fields: {},
    read: (stream) => geminiText(framesIn(stream).map(({ data }) => JSON.parse(data) as Chunk)),
  },
  {
    name: 'gemini, as an array',
    api: gemini,
    path: '/v1beta/models/demo/echo:streamGenerateContent',
    fields: {},
    read: (stream) => geminiText(JSON.parse(stream) as Chunk[]),
  },
]

/** Sends the text and reads the answer as bytes that have to be UTF-8. */
async function ask(path: string, body: object): Promise<string> {
  const response = await fetch(gate.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(200)
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await response.bytes())
}
const whole = async (api: Api, text: string) => api.said(JSON.parse(await ask(api.path('demo/echo'), api.body(text))))
const streamed = async ({ api, path, fields, read }: Way, text: string) => read(await ask(path, api.body(text, fields)))

const NASTY = [
  'two\n\nblank\r\n\r\nlines\rin\u2028every\u2029way\u0085there\u000bis\u000c.',
  'data: [DONE]\n\ndata: {"choices":[]}\n\n',
  'x\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n',
  'event: error\ndata: {"type":"error"}\n\n: comment\n\nid: 1\nretry: 1\n\n',
  '[DONE]',
  'data: [DONE]',
  ': ping',
  '{"error":{"message":"no"}}',
  ']\n[{"candidates":[]}]',
  ',\r\n{"candidates":[]}',
  'NUL \0 bell \u0007 escape \u001b[2J\u001b]0;x\u0007 eight-bit \u009b31m',
  '\ud800',
  'high \ud83d low \ude00 whole 😀 reversed \ude00\ud83d end \udfff',
  '\ufeffmark at the start, \ufffe and \uffff',
  '\u202eright to left\u202c\u2066isolated\u2069',
  '</script><script>alert(1)</script><!-- ]]>',
  '\\u0000 \\n \\" "quoted" \\',
  '"}}]}\n\ndata: ',
  ' leading and trailing \n',
  '👩‍👩‍👧‍👦e\u0301Z\u0351\u036b\u200b\u200d',
  '0',
  'null',
  '__proto__',
]

describe.each(APIS.map((api) => [api.name, api] as const))('%s, whole', (_, api) => {
  test.each([...NASTY, 'fifteen letters\n'.repeat(2000)])('%#', async (text) => {
    expect(await whole(api, text)).toBe(text)
  })
})

describe.each(STREAMS.map((way) => [way.name, way] as const))('%s, streamed', (_, way) => {
  test.each([...NASTY, 'fifteen letters\n'.repeat(2000)])('%#', async (text) => {
    expect(await streamed(way, text)).toBe(text)
  })
})

test('any mixture of all that comes out of every API as it went in', async () => {
  const piece = fc.oneof(
    fc.constantFrom(...NASTY.filter((text) => text.length < 100)),
    fc.constantFrom('\n', '\r', '\n\n', '\0', '\u2028', 'data: ', 'event: ', '[DONE]', '\ud800', '\udc00', '"', '\\'),
    fc.string({ unit: 'binary', maxLength: 8 }),
  )
  // A slash at the start would be a directive to the demo model.
  const text = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => `.${pieces.join('')}`)
  await fc.assert(
    fc.asyncProperty(text, async (said) => {
      const answers = await Promise.all([
        ...APIS.map((api) => whole(api, said)),
        ...STREAMS.map((way) => streamed(way, said)),
      ])
      for (const answer of answers) expect(answer).toBe(said)
    }),
    { numRuns: 60 },
  )
}, 60_000)

test('names of the caller’s own fields break no header, and no line of the log', async () => {
  for (const name of ['a\r\nset-cookie: x=1', 'a\nb', '\u001b[2J', 'é\u2028', '\ud800', 'a,b', '"']) {
    const response = await fetch(`${gate.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(chat.body('hi', { [name]: 1 })),
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('set-cookie')).toBeNull()
    expect(response.headers.get('x-cligate-ignored')).toMatch(/^[\x21-\x7e]+$/)
  }
  for (const line of gate.log().trimEnd().split('\n')) expect(line).toMatch(/^\{.*\}$/)
  expect(gate.log()).not.toMatch(/[\p{Zl}\p{Zp}\u009b\u202e]/u)
})
