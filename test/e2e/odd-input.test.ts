// Chat completion bodies that are odd, but right or harmless: they are answered, and what nobody honours is named.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type RunningCligate, startCligate } from '../support/cligate.ts'

let gate: RunningCligate
beforeAll(async () => {
  gate = await startCligate({
    config: { providers: { claude: { enabled: false } }, aliases: { short: 'demo/echo', 'gpt-4o': 'short' } },
  })
}, 30_000)
afterAll(async () => {
  await gate?.stop()
})

const user = (content: unknown) => [{ role: 'user', content }]
const REQUEST = { model: 'demo/echo', messages: user('hi') }
const send = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  fetch(`${gate.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
const ask = (fields: object, headers?: Record<string, string>) =>
  send(JSON.stringify({ ...REQUEST, ...fields }), headers)

type Choice = { index: number; message: { content: string; reasoning_content?: string }; finish_reason: string }
type Answer = { choices: Choice[]; usage?: { completion_tokens: number } }
const choices = async (response: Response) => ((await response.json()) as Answer).choices
const content = async (response: Response) => (await choices(response))[0]?.message.content

/** Fields, what is said, and what `x-cligate-ignored` names. */
const ANSWERED: [fields: object, said: string, ignored?: string][] = [
  [{ temperature: null, stream: null, stop: null, n: null, tools: null, metadata: null, user: null }, 'hi'],
  [{ temperature: 0 }, 'hi', 'temperature'],
  [{ temperature: 2 }, 'hi', 'temperature'],
  [{ top_p: 1, frequency_penalty: 0, presence_penalty: 0, n: 1, logprobs: false, tool_choice: 'auto' }, 'hi'],
  [{ top_p: 0, presence_penalty: -2 }, 'hi', 'top_p,presence_penalty'],
  [{ seed: -1 }, 'hi'],
  [{ max_tokens: 5, max_completion_tokens: 5 }, 'hi'],
  [{ messages: user('one two three'), max_tokens: 2 }, 'one two'],
  [{ stop: 'i' }, 'h'],
  [{ stop: ['nothing', 'h'] }, ''],
  [{ messages: user('a\n\nb'), stop: '\n\n' }, 'a'],
  [{ reasoning_effort: 'high' }, 'hi', 'reasoning_effort'],
  [{ metadata: { constructor: 'x', toString: 'y' } }, 'hi', 'metadata'],
  [{ service_tier: 'auto', store: false, parallel_tool_calls: true, response_format: { type: 'text' } }, 'hi'],
  [{ service_tier: 'flex', verbosity: 'low', prediction: {} }, 'hi', 'service_tier,verbosity,prediction'],
  [{ unknown: { a: 1 }, empty: null }, 'hi', 'unknown'],
  [{ messages: [{ role: 'user', content: 'hi', name: 'bob', z: 0 }] }, 'hi', 'messages[0].z,messages[0].name'],
  [
    { messages: user([{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }]) },
    'hi',
    'messages[0].content[0].cache_control',
  ],
  [{ 'x\r\nset-cookie: a': 1 }, 'hi', '[%22x%5Cr%5Cnset-cookie%3A%20a%22]'],
  [{ toString: 1, valueOf: 2, hasOwnProperty: 3 }, 'hi', 'toString,valueOf,hasOwnProperty'],
  [{ model: 'short' }, 'hi'],
  [{ model: 'gpt-4o' }, 'hi'],
  [{ model: 'short:high-progress' }, 'hi', 'model'],
  [{ model: 'demo/echo-progress' }, 'hi'],
  [{ messages: [{ role: 'system', content: 'be' }, ...user('hi')] }, 'hi'],
  [{ messages: [{ role: 'developer', content: [{ type: 'text', text: 'be' }] }, ...user('hi')] }, 'hi'],
  [{ messages: [{ role: 'system', content: 'alone' }] }, 'alone', 'messages[0].role'],
  [{ messages: [...user('a'), ...user('b')] }, 'b'],
  [{ messages: [...user('a'), { role: 'assistant', content: 'x' }, { role: 'system', content: 'now' }] }, 'a'],
  [
    {
      messages: user([
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ]),
    },
    'a\nb',
  ],
  [{ messages: user('a\u0000\u001b[2J\u2028\ud83d\ude00') }, 'a\u0000\u001b[2J\u2028😀'],
  [{ messages: user('\ud800x\udc00') }, '\ud800x\udc00'],
]

describe('is answered, and tells what nobody honours', () => {
  test.each(ANSWERED.map(([fields, expected, ignored]) => ({ fields, expected, ignored })))('%#: %j', async (row) => {
    const { fields, expected, ignored } = row
    const answer = await ask(fields)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-cligate-ignored')).toBe(ignored ?? null)
    expect(await content(answer)).toBe(expected)
  })

  test('and in strict mode refuses just that', async () => {
    for (const [fields, , ignored] of ANSWERED) {
      const answer = await ask(fields, { 'x-cligate-strict': '1' })
      expect({ fields, status: answer.status }).toEqual({ fields, status: ignored === undefined ? 200 : 400 })
    }
    const { error } = (await (await ask({ temperature: 1, unknown: 1 }, { 'x-cligate-strict': '1' })).json()) as {
      error: { code: string; param: string }
    }
    expect(error).toMatchObject({ code: 'unsupported_parameter', param: 'unknown' })
  })
})

describe('bytes', () => {
  const body = JSON.stringify(REQUEST)
  test('of a byte order mark, a charset, a type built on JSON', async () => {
    expect(await content(await send(`\ufeff${body}`))).toBe('hi')
    expect(await content(await send(body, { 'content-type': 'APPLICATION/JSON; charset=utf-8' }))).toBe('hi')
    expect(await content(await send(body, { 'content-type': 'application/ld+json' }))).toBe('hi')
  })
  test('that are no UTF-8 become replacement characters', async () => {
    const [before, after] = body.split('hi') as [string, string]
    const bytes = Buffer.concat([Buffer.from(before), Buffer.from([0x61, 0xff, 0xc3, 0x28]), Buffer.from(after)])
    expect(await content(await send(bytes))).toBe('a\ufffd\ufffd(')
  })
  test('of a key twice: the last one counts', async () => {
    expect(await content(await send(`{"model":"demo/nope",${body.slice(1)}`))).toBe('hi')
  })
  test('of __proto__ change nothing, at any depth', async () => {
    const evil = '"__proto__":{"stream":true,"model":"demo/nope","role":"system","polluted":1},'
    const answer = await send(body.replaceAll('{', `{${evil}`))
    expect(answer.headers.get('content-type')).toStartWith('application/json')
    expect(await content(answer)).toBe('hi')
    const built = JSON.stringify({ constructor: { prototype: { stream: true } }, prototype: { n: 2 } })
    expect(await content(await send(body.replaceAll('{', `${built.slice(0, -1)},`)))).toBe('hi')
    const { error } = (await (await send(`{"__proto__":${body}}`)).json()) as { error: { param: string } }
    expect(error.param).toBe('model')
  })
})

test('the same request again, while and after all this, gets the same answer', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, async () => content(await ask({}))))
  expect(new Set(answers)).toEqual(new Set(['hi']))
  expect(gate.log()).not.toContain('"level":"error"')
})
