// Bodies that were made to break a parser, a limit or a log, at every API that asks a model, over bare sockets.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import type { RunningCligate } from '../support/cligate.ts'
import {
  type Api,
  APIS,
  bytesTo,
  exchange,
  expectAlive,
  expectNothingTold,
  expectRefusal,
  requestTo,
  startHostile,
} from './hostile-world.ts'

let gate: RunningCligate
beforeAll(async () => {
  gate = await startHostile()
}, 60_000)
afterEach(() => expectAlive(gate))
afterAll(async () => {
  await gate?.stop()
})

const everyApi = APIS.map((api) => [api.name, api] as const)
const json = (api: Api, text: unknown = 'hi') => JSON.stringify(api.body(text))
/** The same body with more in it, as text: what JSON.stringify would not write. */
const withMore = (api: Api, more: string) => `${json(api).slice(0, -1)},${more}}`
const TOKENS: Record<string, object> = {
  gemini: { generationConfig: { maxOutputTokens: 77 } },
  'openai-responses': { max_output_tokens: 77 },
}
/** The number of tokens asked for, written as this text. */
const tokens = (api: Api, number: string) => {
  const fields = TOKENS[api.name] ?? { max_tokens: 77 }
  return JSON.stringify(api.body('hi', fields)).replace('77', number)
}

/** What is refused by all of them, with the code that says why. */
const REFUSED: [name: string, body: (api: Api) => string, code?: string][] = [
  ['cut off', (api) => json(api).slice(0, -3)],
  ['cut in a string', (api) => json(api).slice(0, json(api).indexOf('hi') + 1)],
  ['something behind the end', (api) => `${json(api)}}`],
  ['two values', (api) => json(api) + json(api)],
  ['a comment', (api) => `/* x */${json(api)}`],
  ['no value at all', () => ' \n\t '],
  ['a bare string', () => '"hello"'],
  ['a list of requests', (api) => `[${json(api)}]`],
  ['NUL outside strings', (api) => json(api).replace('{', '{\0')],
  ['raw control characters in a string', (api) => json(api).replace('hi', 'a\u0007b')],
  ['a broken escape', (api) => json(api).replace('hi', '\\u12')],
  ['100 thousand brackets', (api) => withMore(api, `"x":${'['.repeat(100_000)}${']'.repeat(100_000)}`)],
  ['129 levels of objects', (api) => withMore(api, `"x":${'{"a":'.repeat(129)}1${'}'.repeat(129)}`)],
  ['brackets that are never closed', () => '['.repeat(200_000)],
  ['300,000 keys', (api) => withMore(api, Array.from({ length: 300_000 }, (_, at) => `"k${at}":1`).join())],
  ['a number beyond every number', (api) => tokens(api, '1e999')],
  ['400 digits', (api) => tokens(api, '9'.repeat(400))],
  ['a negative number of tokens', (api) => tokens(api, '-5')],
  ['half a token', (api) => tokens(api, '0.5')],
  ['NaN', (api) => tokens(api, 'NaN')],
  ['hexadecimal', (api) => tokens(api, '0x10')],
  ['an object in place of the words', (api) => json(api, { toString: 'x', valueOf: 'y' })],
  ['a request inside __proto__ alone', (api) => `{"__proto__":${json(api)}}`],
]

describe.each(everyApi)('%s refuses', (_, api) => {
  test.each(REFUSED)('%s', async (_name, body, code = 'invalid_request') => {
    expectRefusal(api, await exchange(gate, requestTo(api, body(api))), 400, code)
  })

  test('more turns than any conversation has', async () => {
    expectRefusal(api, await exchange(gate, requestTo(api, api.turns(100_000))), 400, 'invalid_request')
    expectRefusal(api, await exchange(gate, requestTo(api, api.turns(10_001))), 400, 'invalid_request')
  })
})

test.each(everyApi.filter(([name]) => name !== 'openai-completions'))(
  '%s refuses 10,000 tools as too many',
  async (_, api) => {
    const tools = Array.from({ length: 10_000 }, (_value, at) => api.tool(`f${at}`))
    const reply = await exchange(gate, requestTo(api, api.body('hi', { tools })))
    expectRefusal(api, reply, 400, 'invalid_request')
    expect(reply.body).toContain('at most')
  },
)

test('gemini counts the functions of all its lists', async () => {
  const gemini = APIS.find(({ name }) => name === 'gemini')!
  const list = (at: number) => ({
    functionDeclarations: Array.from({ length: 500 }, (_, number) => ({ name: `f${at}_${number}`, description: '' })),
  })
  const reply = await exchange(gate, requestTo(gemini, gemini.body('hi', { tools: [list(0), list(1), list(2)] })))
  expectRefusal(gemini, reply, 400, 'invalid_request')
  expect(reply.body).toContain('at most 1024 functions')
})

/** What is odd, and answered with the words it has. */
const ANSWERED: [name: string, body: (api: Api) => string, said?: string][] = [
  ['__proto__ and constructor at the top', (api) => withMore(api, POLLUTION)],
  ['__proto__ and constructor in every object', (api) => json(api).replaceAll('{', `{${POLLUTION},`)],
  [
    'the same key again and again: the last one counts',
    (api) =>
      `{${Object.keys(api.body('hi'))
        .map((key) => `"${key}":7,`)
        .join('')}${json(api).slice(1)}`,
  ],
  ['128 levels of what nobody reads', (api) => withMore(api, `"x":${'['.repeat(100)}${']'.repeat(100)}`)],
  [
    'NUL, ANSI and bells',
    (api) => json(api, 'a\0\u001b[2J\u001b]0;title\u0007\u009bb'),
    'a\0\u001b[2J\u001b]0;title\u0007\u009bb',
  ],
  ['halves of characters', (api) => json(api, '\ud800x\udc00'), '\ud800x\udc00'],
  ['line and paragraph separators', (api) => json(api, 'a\u2028b\u2029c\u0085d'), 'a\u2028b\u2029c\u0085d'],
  ['characters that turn the text round', (api) => json(api, '\u202eabc\u2066d'), '\u202eabc\u2066d'],
  ['an option of a command line', (api) => json(api, '--help'), '--help'],
  ['two options', (api) => json(api, '-p\n--dangerously-skip-permissions'), '-p\n--dangerously-skip-permissions'],
  ['a shell', (api) => json(api, '$(id); `id` | tee /tmp/x && echo'), '$(id); `id` | tee /tmp/x && echo'],
  ['a mention of a file', (api) => json(api, '@/etc/passwd'), '@/etc/passwd'],
  ['headers of HTTP', (api) => json(api, 'a\r\nset-cookie: x=1\r\n\r\n'), 'a\r\nset-cookie: x=1\r\n\r\n'],
]
const POLLUTION =
  '"__proto__":{"stream":true,"model":"demo/nope","polluted":1},"constructor":{"prototype":{"polluted":1}}'

describe.each(everyApi)('%s answers', (_, api) => {
  test.each(ANSWERED)('%s', async (_name, body, said = 'hi') => {
    const reply = await exchange(gate, requestTo(api, body(api)))
    expectNothingTold({ ...reply, body: '' })
    expect(reply.headers['content-type']).toStartWith('application/json')
    expect([reply.status, api.said(JSON.parse(reply.body))]).toEqual([200, said])
    expect(reply.headers['set-cookie']).toBeUndefined()
  })

  test('bytes that are no UTF-8, with replacement characters', async () => {
    const bytes = Buffer.from(json(api, 'QQ').replace('QQ', 'a\xff\xc3(\xed\xa0\x80'), 'latin1')
    const reply = await exchange(gate, bytesTo(api, bytes))
    expect([reply.status, api.said(JSON.parse(reply.body))]).toEqual([200, 'a\ufffd\ufffd(\ufffd\ufffd\ufffd'])
  })
})

const NAMES = [
  '--help',
  '-p',
  '-demo/echo',
  '../../etc/passwd',
  '/etc/passwd',
  '..',
  'a\r\nset-cookie: x=1',
  'a\0b',
  '\u001b[31mred',
  'demo/echo\n',
  'demo/écho',
  '$(id)',
  '`id`',
  ';ls',
  'a b',
  'a'.repeat(200),
]

describe.each(everyApi)('%s as the model', (_, api) => {
  const asking = (name: string) => {
    const inPath = api.name === 'gemini'
    return requestTo(api, inPath ? api.body('hi') : api.body('hi', {}, name), {}, api.path(encodeURIComponent(name)))
  }

  test.each(NAMES)('%j is no name', async (name) => {
    const reply = await exchange(gate, asking(name))
    expectRefusal(api, reply, 400, 'invalid_request')
    // The refusal may quote the name, but never as what it would do.
    for (const raw of ['\u001b', '\0', '\r\nset-cookie']) expect(reply.body).not.toContain(raw)
  })

  test.each(['demo/../../etc/passwd', 'demo/__proto__', 'constructor', 'toString', 'hasOwnProperty', 'demo/--help'])(
    '%j is unknown',
    async (name) => {
      expectRefusal(api, await exchange(gate, asking(name)), 404, 'model_not_found')
    },
  )
})

test('whatever was sent, no line of the log was broken, and none tells of a fault of the gateway', () => {
  const lines = gate
    .log()
    .split('\n')
    .filter((line) => line !== '')
  expect(lines.length).toBeGreaterThan(300)
  for (const line of lines) expect(Object.keys(JSON.parse(line) as object)).toContain('level')
  expect(gate.log()).not.toContain('"level":"error"')
  const raw = gate.log().match(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu) ?? []
  expect([...new Set(raw)]).toEqual(['\n'])
})
