// Chat completion bodies that are wrong, at the edge, or malicious, over a real socket: each has one right answer.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type RunningCligate, startCligate } from '../support/cligate.ts'

let gate: RunningCligate
beforeAll(async () => {
  gate = await startCligate({ config: { providers: { claude: { enabled: false } }, aliases: { short: 'demo/echo' } } })
}, 30_000)
afterAll(async () => {
  await gate?.stop()
})

/** Stands in many of the wrong values; no answer may repeat it, for it could be a prompt. */
const CANARY = 'canary-7f3a'
const user = (content: unknown) => [{ role: 'user', content }]
const REQUEST = { model: 'demo/echo', messages: user(CANARY) }

const send = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  fetch(`${gate.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
const ask = (fields: object, headers?: Record<string, string>) =>
  send(JSON.stringify({ ...REQUEST, ...fields }), headers)

type Expected = { status?: number; code?: string; param?: string | null }

async function expectRefused(response: Response, { status = 400, code = 'invalid_request', param = null }: Expected) {
  const text = await response.text()
  const { error } = JSON.parse(text)
  expect({ status: response.status, code: error.code, param: error.param }).toEqual({ status, code, param })
  // The whole shape, and nothing beside it.
  expect(Object.keys(error).toSorted()).toEqual(['code', 'message', 'param', 'type'])
  expect(error.type).toBe('invalid_request_error')
  expect(error.message).toBeString()
  expect(text.length).toBeLessThan(600)
  expect(text).not.toContain(CANARY)
  expect(text).not.toContain('/src/')
  expect(response.headers.get('content-type')).toStartWith('application/json')
  expect(response.headers.get('x-should-retry')).toBe('false')
  expect(response.headers.get('x-request-id')).toStartWith('req_')
}

const call = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })
const image = (url: unknown) => ({ messages: user([{ type: 'image_url', image_url: { url } }]) })
const file = (file: unknown) => ({ messages: user([{ type: 'file', file }]) })
const URL_PARAM = 'messages[0].content[0].image_url.url'
const UNSUPPORTED = 'unsupported_parameter'
const WRONG_NUMBERS = ['1', true, [], {}]

/** Fields, the `param` of the error, and its code. */
const REFUSED: [fields: object, param: string, code?: string][] = [
  ...[-0.1, 2.1, 1e308, ...WRONG_NUMBERS].map((value): [object, string] => [{ temperature: value }, 'temperature']),
  ...[-0.1, 1.1, ...WRONG_NUMBERS].map((value): [object, string] => [{ top_p: value }, 'top_p']),
  ...[0, -1, 1.5, 1e21, ...WRONG_NUMBERS].map((value): [object, string] => [{ top_k: value }, 'top_k']),
  ...[0, -1, 1.5, 1e308, ...WRONG_NUMBERS].map((value): [object, string] => [{ max_tokens: value }, 'max_tokens']),
  ...[0, 1.5, '1'].map((value): [object, string] => [{ max_completion_tokens: value }, 'max_completion_tokens']),
  ...[0, -1, 9, 1.5, 1e308, ...WRONG_NUMBERS].map((value): [object, string] => [{ n: value }, 'n']),
  ...[1.5, 1e308, ...WRONG_NUMBERS].map((value): [object, string] => [{ seed: value }, 'seed']),
  ...[-2.1, 2.1, '0'].map((value): [object, string] => [{ frequency_penalty: value }, 'frequency_penalty']),
  ...[-2.1, 2.1, '0'].map((value): [object, string] => [{ presence_penalty: value }, 'presence_penalty']),
  [{ max_tokens: 1, max_completion_tokens: 2 }, 'max_tokens'],
  [{ stop: '' }, 'stop'],
  [{ stop: {} }, 'stop'],
  [{ stop: ['a', ''] }, 'stop[1]'],
  [{ stop: [1] }, 'stop[0]'],
  [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop'],
  [{ stream: 'true' }, 'stream'],
  [{ stream: 1 }, 'stream'],
  [{ stream_options: { include_usage: true } }, 'stream_options'],
  [{ stream: true, stream_options: CANARY }, 'stream_options'],
  [{ stream: true, stream_options: [] }, 'stream_options'],
  [{ stream: true, stream_options: { include_usage: CANARY } }, 'stream_options.include_usage'],
  ...['', 'HIGH', CANARY.repeat(9), 1].map((value): [object, string] => [
    { reasoning_effort: value },
    'reasoning_effort',
  ]),
  [{ metadata: CANARY }, 'metadata'],
  [{ metadata: [] }, 'metadata'],
  [{ logit_bias: [] }, 'logit_bias'],
  [{ metadata: { a: 1 } }, 'metadata.a'],
  [{ metadata: { a: CANARY.repeat(60) } }, 'metadata.a'],
  [{ metadata: Object.fromEntries(Array.from({ length: 17 }, (_, key) => [`k${key}`, ''])) }, 'metadata'],
  [{ user: 5 }, 'user'],
  [{ user: CANARY.repeat(200) }, 'user'],
  [{ tools: CANARY }, 'tools'],
  [{ tools: [{ type: 'code' }] }, 'tools[0].type'],
  [{ tools: [{ type: 'custom', custom: { name: CANARY } }] }, 'tools[0].type', UNSUPPORTED],
  [{ tools: [{ type: 'function', function: { name: `${CANARY}\n` } }] }, 'tools[0].function.name'],
  [
    { tools: [{ type: 'function', function: { name: 'f', parameters: { type: CANARY } } }] },
    'tools[0].function.parameters',
  ],
  [{ functions: [{ name: CANARY, parameters: [] }] }, 'functions[0].parameters'],
  [{ function_call: { name: CANARY } }, 'function_call'],
  [{ tool_choice: 'required' }, 'tool_choice'],
  [{ tool_choice: CANARY.repeat(9) }, 'tool_choice'],
  [{ response_format: 'json' }, 'response_format'],
  [{ response_format: {} }, 'response_format.type'],
  [{ response_format: { type: 'json_schema', json_schema: { name: 'x' } } }, 'response_format.json_schema.schema'],
  ...[{ type: CANARY }, { $ref: `https://${CANARY}/` }, { pattern: `(x+)+${CANARY}` }].map(
    (schema): [object, string] => [
      { response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } },
      'response_format',
    ],
  ),
  [{ modalities: ['text', 'audio'] }, 'modalities', UNSUPPORTED],
  [{ modalities: 'text' }, 'modalities'],
  [{ logprobs: CANARY }, 'logprobs'],
  [{ logit_bias: { '1': CANARY } }, 'logit_bias["1"]'],
  ...['', ' ', '-x', '--version', '/demo', ':high', '__proto__', 'é', 'demo/echo\n', 'a'.repeat(129), 1, null, {}].map(
    (value): [object, string] => [{ model: value }, 'model'],
  ),
  ...[null, CANARY, {}, []].map((value): [object, string] => [{ messages: value }, 'messages']),
  ...[null, CANARY, 1].map((value): [object, string] => [{ messages: [value] }, 'messages[0]']),
  [{ messages: [{}] }, 'messages[0].role'],
  [{ messages: [{ role: 'User', content: CANARY }] }, 'messages[0].role'],
  [{ messages: [{ role: 'function', name: 'f', content: CANARY }] }, 'messages[0].name'],
  ...[undefined, null, 1, {}].map((value): [object, string] => [{ messages: user(value) }, 'messages[0].content']),
  [{ messages: user([CANARY]) }, 'messages[0].content[0]'],
  [{ messages: user([{ type: 'text' }]) }, 'messages[0].content[0].text'],
  [{ messages: user([{ type: 'text', text: 'x' }, { type: 'video_url' }]) }, 'messages[0].content[1].type'],
  [{ messages: user([{ type: 'input_audio', input_audio: {} }]) }, 'messages[0].content[0].input_audio', UNSUPPORTED],
  [{ messages: [{ role: 'system', content: [{ type: 'image_url' }] }] }, 'messages[0].content[0].type'],
  [{ messages: [...user('x'), { role: 'tool', content: CANARY }] }, 'messages[1].tool_call_id'],
  [{ messages: [...user('x'), { role: 'tool', tool_call_id: CANARY, content: '' }] }, 'messages[1].tool_call_id'],
  [
    { messages: [...user('x'), { role: 'assistant', tool_calls: [{ id: 'a' }] }] },
    'messages[1].tool_calls[0].function',
  ],
  [
    { messages: [...user('x'), { role: 'assistant', tool_calls: [{ ...call('a'), type: 'custom' }] }] },
    'messages[1].tool_calls[0].type',
  ],
  [{ messages: [...user('x'), { role: 'assistant', tool_calls: [call('a')] }] }, 'messages[1].tool_calls'],
  [
    { messages: [...user('x'), { role: 'assistant', tool_calls: [call('a')] }, ...user(CANARY)] },
    'messages[1].tool_calls',
  ],
  [
    { messages: [...user('x'), { role: 'assistant', tool_calls: [call(`${CANARY}\u0000`)] }] },
    'messages[1].tool_calls[0].id',
  ],
  [{ messages: user('/error constructor') }, 'messages'],
  [image(CANARY), URL_PARAM],
  [image(''), URL_PARAM],
  [image('file:///etc/passwd'), URL_PARAM],
  [image('data:image/png;base64,'), URL_PARAM],
  [image('data:image/png;base64,!!!!'), URL_PARAM],
  [image('data:image/png;base64,aGVsbG8='), URL_PARAM],
  [image('http://127.0.0.1:8000/x.png'), URL_PARAM],
  [image('http://[::ffff:127.0.0.1]/x.png'), URL_PARAM],
  [image('http://0x7f.1/x.png'), URL_PARAM],
  [image('http://169.254.169.254/latest/meta-data'), URL_PARAM],
  [image('http://localhost/x.png'), URL_PARAM],
  [image(`http://user:${CANARY}@example.com/`), URL_PARAM],
  [image('gopher://example.com/'), URL_PARAM],
  [file({}), 'messages[0].content[0].file.file_data'],
  [file({ file_data: 'file:///etc/passwd' }), 'messages[0].content[0].file.file_data'],
  [file({ file_data: '/etc/passwd' }), 'messages[0].content[0].file.file_data'],
  [file({ file_id: 'file-1' }), 'messages[0].content[0].file.file_id', UNSUPPORTED],
]

describe('a wrong field is a 400 that names it', () => {
  test.each(REFUSED.map(([fields, param, code]) => ({ fields, param, code })))('%#: %j', async (row) => {
    const { fields, param, code } = row
    await expectRefused(await ask(fields), { param, code })
    // Streams are refused the same way: with a status, not with an event.
    if (!('stream' in fields) && !('stream_options' in fields))
      await expectRefused(await ask({ ...fields, stream: true }), { param, code })
  })

  test.each([
    'demo/nope',
    'demo/',
    'echo',
    'constructor',
    'demo/constructor',
    'demo/../echo',
    'demo/-x',
    'short:nope',
    'demo/error-constructor',
    'demo/echo-progress-progress',
  ])('no such model: %s', async (model) => {
    await expectRefused(await ask({ model }), { status: 404, code: 'model_not_found', param: 'model' })
  })
})

describe('what is no request at all', () => {
  test.each([
    '',
    ' ',
    '{',
    `{"model":"${CANARY}`,
    `{'a':1}`,
    '{"a":NaN}',
    '{"a":1,}',
    '{}}',
    '\0',
    'nul',
    '{"a":"\n"}',
  ])('not JSON: %j', async (body) => {
    await expectRefused(await send(body), {})
  })
  test.each(['null', '5', `"${CANARY}"`, '[]', `[{"model":"${CANARY}"}]`])('no object: %s', async (body) => {
    await expectRefused(await send(body), {})
  })
  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/json', ''])(
    'content type %j',
    async (type) => {
      await expectRefused(await ask({}, { 'content-type': type }), { status: 415, code: 'unsupported_media_type' })
    },
  )
  test('compressed', async () => {
    const body = Bun.gzipSync(JSON.stringify(REQUEST))
    await expectRefused(await send(body, { 'content-encoding': 'gzip' }), {
      status: 415,
      code: 'unsupported_media_type',
    })
  })
  test('numbers that are none', async () => {
    const body = (number: string) => JSON.stringify({ ...REQUEST, max_tokens: 0 }).replace(/0\}$/, `${number}}`)
    await expectRefused(await send(body('1e400')), { param: 'max_tokens' })
    await expectRefused(await send(body('-0')), { param: 'max_tokens' })
  })
})

test.each(['demo/reasoning:high', 'demo%2Freasoning%3Ahigh', 'demo/reasoning:high-progress', 'short', 'short:low'])(
  'what a request may name can be retrieved: %s',
  async (path) => {
    const response = await fetch(`${gate.url}/v1/models/${path}`)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ id: decodeURIComponent(path), object: 'model' })
  },
)

test.each([
  [{ stream: true, stream_options: { foo: 1 } }, 'stream_options.foo'],
  [{ response_format: { type: 'text', foo: 1 } }, 'response_format.foo'],
])('%j names what is ignored', async (fields, ignored) => {
  const response = await ask(fields)
  expect([response.status, response.headers.get('x-cligate-ignored')]).toEqual([200, ignored])
  await response.body?.cancel()
})
