// What the tests of hostile input share: the APIs by their own shapes, requests as bytes on a bare socket, and what every
// answer has to be whatever was sent.
import { expect } from 'bun:test'
import { post, rawClient } from '../http/raw-client.ts'
import { type RunningCligate, startCligate } from '../support/cligate.ts'

const OFF = { enabled: false }

/** A cligate that has nothing but the demo model. */
export const startHostile = (config: object = {}, environment: Record<string, string> = {}) =>
  startCligate({
    config: { ...config, providers: { claude: OFF, codex: OFF, gemini: OFF, qwen: OFF } },
    environment,
  })

export type Reply = { status: number; headers: Record<string, string>; body: string }

export type Api = {
  name: string
  path(model: string): string
  /** A whole request in this API's own words. `model` is left out where it stands in the path. */
  body(text: unknown, fields?: object, model?: string): Record<string, unknown>
  /** Content parts in place of a text. */
  parts(parts: readonly object[]): Record<string, unknown>
  /** An image by its URL or `data:` URL; undefined where the API has no images. */
  image?(url: string): object
  tool(name: string): object
  /** So many turns of a conversation. */
  turns(count: number): Record<string, unknown>
  /** The gateway's code of an error, wherever the API has room for it. */
  codeOf(body: unknown): string | undefined
  said(body: unknown): string
}

type OpenAIError = { error?: { code?: string } }
type AnthropicError = { error?: { details?: { error_code?: string } } }
type GeminiError = { error?: { details?: { reason?: string }[] } }

const CHAT_MODEL = 'demo/echo'

const chat: Api = {
  name: 'openai-chat',
  path: () => '/v1/chat/completions',
  body: (content, fields = {}, model = CHAT_MODEL) => ({ model, messages: [{ role: 'user', content }], ...fields }),
  parts: (parts) => chat.body(parts),
  image: (url) => ({ type: 'image_url', image_url: { url } }),
  tool: (name) => ({ type: 'function', function: { name, parameters: { type: 'object', properties: {} } } }),
  turns: (count) => ({
    model: CHAT_MODEL,
    messages: Array.from({ length: count }, () => ({ role: 'user', content: '' })),
  }),
  codeOf: (body) => (body as OpenAIError).error?.code,
  said: (body) => (body as { choices: { message: { content: string } }[] }).choices[0]!.message.content,
}

const completions: Api = {
  name: 'openai-completions',
  path: () => '/v1/completions',
  body: (prompt, fields = {}, model = CHAT_MODEL) => ({ model, prompt, max_tokens: 4096, ...fields }),
  parts: (parts) => completions.body(parts),
  tool: chat.tool,
  turns: (count) => ({ model: CHAT_MODEL, prompt: Array.from({ length: count }, () => 'x') }),
  codeOf: chat.codeOf,
  said: (body) => (body as { choices: { text: string }[] }).choices[0]!.text,
}

const messages: Api = {
  name: 'anthropic-messages',
  path: () => '/v1/messages',
  body: (content, fields = {}, model = CHAT_MODEL) => ({
    model,
    max_tokens: 4096,
    messages: [{ role: 'user', content }],
    ...fields,
  }),
  parts: (parts) => messages.body(parts),
  image: (url) => {
    const [, media_type, data] = /^data:([^;]*);base64,(.*)$/s.exec(url) ?? []
    return { type: 'image', source: data === undefined ? { type: 'url', url } : { type: 'base64', media_type, data } }
  },
  tool: (name) => ({ name, input_schema: { type: 'object', properties: {} } }),
  turns: (count) => ({
    ...messages.body(''),
    messages: Array.from({ length: count }, () => ({ role: 'user', content: 'x' })),
  }),
  codeOf: (body) => (body as AnthropicError).error?.details?.error_code,
  said: (body) => (body as { content: { text: string }[] }).content.map(({ text }) => text).join(''),
}

const gemini: Api = {
  name: 'gemini',
  path: (model) => `/v1beta/models/${model}:generateContent`,
  body: (text, fields = {}) => ({ contents: [{ role: 'user', parts: [{ text }] }], ...fields }),
  parts: (parts) => ({ contents: [{ role: 'user', parts }] }),
  image: (url) => {
    const [, mimeType, data] = /^data:([^;]*);base64,(.*)$/s.exec(url) ?? []
    return data === undefined
      ? { fileData: { mimeType: 'image/png', fileUri: url } }
      : { inlineData: { mimeType, data } }
  },
  tool: (name) => ({ functionDeclarations: [{ name, description: name }] }),
  turns: (count) => ({ contents: Array.from({ length: count }, () => ({ role: 'user', parts: [{ text: 'x' }] })) }),
  codeOf: (body) => (body as GeminiError).error?.details?.[0]?.reason?.toLowerCase(),
  said: (body) =>
    (body as { candidates: { content: { parts: { text: string }[] } }[] }).candidates[0]!.content.parts.map(
      ({ text }) => text,
    ).join(''),
}

type Output = { output: { content?: { text: string }[] }[] }

const responses: Api = {
  name: 'openai-responses',
  path: () => '/v1/responses',
  body: (input, fields = {}, model = CHAT_MODEL) => ({ model, input: [{ role: 'user', content: input }], ...fields }),
  parts: (parts) => responses.body(parts),
  image: (url) => ({ type: 'input_image', image_url: url }),
  tool: (name) => ({ type: 'function', name, parameters: { type: 'object', properties: {} } }),
  turns: (count) => ({
    model: CHAT_MODEL,
    // A turn has several items here, so that more of them are let in.
    input: Array.from({ length: 2 * count }, () => ({ role: 'user', content: 'x' })),
  }),
  codeOf: chat.codeOf,
  said: (body) =>
    (body as Output).output
      .flatMap(({ content }) => content ?? [])
      .map(({ text }) => text)
      .join(''),
}

/** All APIs that ask a model. */
export const APIS: readonly Api[] = [chat, completions, messages, gemini, responses]
export const IMAGE_APIS = APIS.filter(({ image }) => image !== undefined)

export const portOf = ({ url }: RunningCligate) => Number(new URL(url).port)

/** Sends bytes on a connection of their own and reads until the server closes it. */
export async function exchange(gate: RunningCligate, bytes: string | Uint8Array): Promise<Reply> {
  const client = rawClient(portOf(gate))
  client.send(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  return parseReply(await client.closed)
}

export function parseReply(text: string): Reply {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [line = '', ...fields] = head.split('\r\n')
  const headers = fields.map((field) => {
    const colon = field.indexOf(':')
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
  })
  const body = Buffer.from(rest.join('\r\n\r\n'), 'latin1').toString()
  return { status: Number(line.split(' ')[1]), headers: Object.fromEntries(headers) as Record<string, string>, body }
}

/** A request to an API as bytes; `body` may be text that is no JSON. */
export function requestTo(
  api: Api,
  body: unknown,
  headers: Record<string, string> = {},
  path = api.path(CHAT_MODEL),
): Buffer {
  return Buffer.from(post(body, { connection: 'close', ...headers }, path))
}

/** A request whose body is these bytes, which need not be UTF-8. */
export function bytesTo(api: Api, body: Uint8Array): Buffer {
  const head = post('', { connection: 'close', 'content-length': String(body.length) }, api.path(CHAT_MODEL))
  return Buffer.concat([Buffer.from(head), body])
}

export function get(target: string, headers: Record<string, string> = {}, method = 'GET'): string {
  const all = Object.entries({ host: '127.0.0.1', connection: 'close', ...headers })
  return `${method} ${target} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

/** No stack trace, no path of this machine, no source file, no HTML. */
export function expectNothingTold({ body, headers }: Pick<Reply, 'body' | 'headers'>): void {
  const told = body + JSON.stringify(headers)
  expect(told).not.toMatch(/\bat \S+ \(|node_modules|\/src\/|\.ts\b|\/tmp\/|\/home\/|\/root\/|\/work\//)
  expect(told).not.toContain(import.meta.dir)
  expect(told).not.toContain('<html')
}

/** The status and the code, as a refusal of this API: JSON, short, and silent about the machine. */
export function expectRefusal(api: Api, reply: Reply, status: number, code: string): void {
  expectNothingTold(reply)
  expect(reply.headers['content-type']).toStartWith('application/json')
  expect(reply.body.length).toBeLessThan(2000)
  expect(reply.headers['x-request-id']).toMatch(/^[A-Za-z0-9_-]{1,128}$/)
  expect({ status: reply.status, code: api.codeOf(JSON.parse(reply.body)) }).toEqual({ status, code })
}

/** The next request of somebody else is answered as if nothing had been. */
export async function expectAlive(gate: RunningCligate, headers: Record<string, string> = {}): Promise<void> {
  const reply = await exchange(gate, requestTo(chat, chat.body('still here'), headers))
  expect(reply.status).toBe(200)
  expect(chat.said(JSON.parse(reply.body))).toBe('still here')
}
