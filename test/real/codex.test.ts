// The real Codex, driven by the gateway, against a simulated service: what comes back, and what the service got.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Message, UserPart } from '../../src/core/request.ts'
import {
  answerTo,
  asEmulated,
  assistant,
  request as requestOf,
  run,
  system,
  textOf,
  user,
} from '../providers/claude/requests.ts'
import { chatgptLogin, codexWorld, KEY, MODEL, type World } from '../providers/codex/world.ts'
import { codexLimitHeaders } from '../upstream/openai-responses/limits.ts'
import { refused, stopped } from '../upstream/replies/stops.ts'
import { text, ticks } from '../upstream/replies/text.ts'
import { redactedThinking, thinking } from '../upstream/replies/thinking.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { UNICODE_SAMPLE, unicode } from '../upstream/replies/unicode.ts'

setDefaultTimeout(30_000)

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const IMAGE: UserPart = { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: PNG } }
/** Models with and without "Responses lite", which are asked in different ways. */
const MODELS = ['gpt-5.5', 'gpt-6.1-sol']

type Item = { type: string; role?: string; content?: { type: string; text?: string; image_url?: string }[] } & Record<
  string,
  unknown
>
type Body = { model: string; input: Item[]; tools?: unknown[]; reasoning: Record<string, unknown> } & Record<
  string,
  unknown
>

let world: World
beforeAll(async () => {
  world = await codexWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.upstream.reset())

const request = (messages: string | Message[], changes: Parameters<typeof requestOf>[1] = {}) =>
  requestOf(messages, { model: MODEL, ...changes })
const body = () => world.upstream.turns.at(-1)?.json as Body
/** Roles and texts of what the service got. */
const said = () => body().input.map((item) => [item.role].concat((item.content ?? []).map((part) => part.text)))

describe.each(MODELS)('%s', (model) => {
  test('a question is answered with one request, which holds what was asked and no tool', async () => {
    const answer = await answerTo(world.driver, request('What is this?', { model, system: 'You are terse.' }))
    expect(textOf(answer)).toBe('Hello from the simulated model.')
    expect(answer).toMatchObject({ model, finish: 'stop' })
    expect(world.upstream.requests).toHaveLength(1)
    expect(body()).toMatchObject({ model, stream: true, store: false })
    expect(body().tools ?? []).toEqual([])
    expect(said()).toEqual([
      ['developer', 'You are terse.'],
      ['user', 'What is this?'],
    ])
  })

  test('a whole conversation with calls, results, an image and reasoning arrives as it was', async () => {
    const sealed = { type: 'reasoning' as const, text: 'I look it up', encrypted: 'codex:c2VhbGVk' }
    const call = { type: 'tool-call' as const, id: 'call_1', name: 'get_weather', arguments: '{"city": "Oslo"}' }
    const messages: Message[] = [
      user('weather?', IMAGE),
      assistant(sealed, 'One moment.', call),
      {
        role: 'tool',
        content: [{ type: 'tool-result', id: 'call_1', isError: false, content: [{ type: 'text', text: '5 °C' }] }],
      },
      assistant('5 degrees.'),
      system('Answer in German.'),
      user('and tomorrow?'),
    ]
    await answerTo(world.driver, request(messages, { model }))
    const { input } = body()
    expect(input).toMatchObject([
      {
        role: 'user',
        content: [{ text: 'weather?' }, { type: 'input_image', image_url: expect.stringContaining(PNG.slice(0, 20)) }],
      },
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'I look it up' }], encrypted_content: 'c2VhbGVk' },
      { role: 'assistant', content: [{ type: 'output_text', text: 'One moment.' }] },
      { type: 'function_call', name: 'get_weather', arguments: '{"city": "Oslo"}', call_id: 'call_1' },
      { type: 'function_call_output', call_id: 'call_1', output: '5 °C' },
      { role: 'assistant', content: [{ text: '5 degrees.' }] },
      { role: 'developer', content: [{ text: 'Answer in German.' }] },
      { role: 'user', content: [{ text: 'and tomorrow?' }] },
    ])
    expect(input).toHaveLength(8)
  })
})

describe('what comes back', () => {
  test('the first words come while the model still speaks', async () => {
    world.upstream.next(ticks({ between: 30 }))
    for await (const batch of run(world.driver, request('count'))) {
      if (!batch.some((event) => event.type === 'text-delta')) continue
      expect(world.upstream.turns[0]?.outcome).toBe('open')
      break
    }
  })

  test('unicode, cut anywhere', async () => {
    world.upstream.next(unicode())
    expect(textOf(await answerTo(world.driver, request(UNICODE_SAMPLE)))).toBe(UNICODE_SAMPLE)
    expect(said()).toEqual([['user', UNICODE_SAMPLE]])
  })

  test('reasoning, which was asked for, with its seal', async () => {
    world.upstream.next(thinking(['Let me ', 'think.'], ['Done.'], { signature: 'c2VhbGVk' }))
    const answer = await answerTo(world.driver, request('why?'))
    expect(body().reasoning['summary']).toBe('auto')
    expect(body()['include']).toEqual(['reasoning.encrypted_content'])
    expect(answer.content).toEqual([
      { type: 'reasoning', text: 'Let me think.', encrypted: 'codex:c2VhbGVk' },
      { type: 'text', text: 'Done.' },
    ])
    expect(answer.usage?.reasoning).toBe(2)
  })

  test('sealed reasoning goes round', async () => {
    world.upstream.next(redactedThinking(['Done.'], { data: 'c2VjcmV0' }))
    const { content } = await answerTo(world.driver, request('why?'))
    await answerTo(world.driver, request([user('why?'), { role: 'assistant', content }, user('go on')]))
    expect(body().input[1]).toMatchObject({ type: 'reasoning', encrypted_content: 'c2VjcmV0' })
  })

  test('usage is that of the service', async () => {
    const { usage } = await answerTo(world.driver, request('hi'))
    expect(usage).toEqual({ input: 17, output: 5, cachedRead: 4, cacheWrite: 0, reasoning: 0 })
  })

  test('an answer that the service cut or filtered says so', async () => {
    world.upstream.next(stopped('max_tokens', ['This goes ', 'on']), refused(['This is ']))
    expect(await answerTo(world.driver, request('a'))).toMatchObject({ finish: 'length' })
    expect(await answerTo(world.driver, request('b'))).toMatchObject({ finish: 'content-filter' })
    expect(world.upstream.requests).toHaveLength(2)
  })

  test('max_tokens cuts, and the service is let go, before the reader has the end', async () => {
    world.upstream.next(ticks({ between: 5 }))
    const asks = request('count', { sampling: { maxTokens: 3 } })
    const turn = world.upstream.turn(0)
    let said = ''
    for await (const batch of run(asEmulated(world.driver, asks), asks)) {
      const last = batch.at(-1)
      said += batch.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')
      if (last?.type !== 'finish') continue
      expect(last.reason).toBe('length')
      expect(batch.findLast(({ type }) => type === 'usage')).toMatchObject({ usage: { output: 3, estimated: true } })
      const { closed } = await turn
      await closed
    }
    expect(said).toBe('tick tick')
    expect((await turn).outcome).toBe('dropped')
  })

  test('a call of the model to a tool of Codex runs nothing', async () => {
    world.upstream.next(toolCalls([{ name: 'exec_command', arguments: { cmd: `touch ${world.home}/ran` } }]))
    await expect(answerTo(world.driver, request('go'))).rejects.toMatchObject({ code: 'provider_error' })
    expect(await Bun.file(`${world.home}/ran`).exists()).toBe(false)
  })
})

describe('what the service gets', () => {
  test.each([
    ['gpt-5.5', 'max', 'xhigh'],
    ['gpt-5.5', 'minimal', 'low'],
    ['gpt-6.1-sol', 'max', 'max'],
  ] as const)('%s: effort %s as %s', async (model, effort, sent) => {
    await answerTo(world.driver, request('hi', { model, reasoning: { effort } }))
    expect(body().reasoning['effort']).toBe(sent)
  })

  test('a schema', async () => {
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    }
    await answerTo(world.driver, request('hi', { output: { type: 'json-schema', name: 'x', strict: true, schema } }))
    expect(body()['text']).toMatchObject({ format: { type: 'json_schema', strict: true, schema } })
  })

  test('commands and files in a text are text', async () => {
    for (const words of ['/clear', '@/etc/hostname', '!ls', '$skill', '<environment_context>x</environment_context>']) {
      await answerTo(world.driver, request(words))
      expect(said()).toEqual([['user', words]])
    }
  })

  test('a long conversation in full: 1,000 messages and a text of 3 MB', async () => {
    const turns = Array.from({ length: 500 }, (_, index) => [user(`question ${index}`), assistant(`answer ${index}`)])
    const long = `canary-begin ${'lorem ipsum '.repeat(250_000)} canary-end`
    await answerTo(world.driver, request([...turns.flat(), user(long)]))
    expect(said()).toHaveLength(1001)
    expect(said()[998]).toEqual(['user', 'question 499'])
    expect(said().at(-1)).toEqual(['user', long])
    expect(world.upstream.requests).toHaveLength(1)
  })

  test('a result of a tool of 300,000 characters, uncut', async () => {
    const output = 'x'.repeat(300_000)
    const messages: Message[] = [
      user('read it'),
      assistant({ type: 'tool-call', id: 'call_1', name: 'read', arguments: '{}' }),
      {
        role: 'tool',
        content: [{ type: 'tool-result', id: 'call_1', isError: false, content: [{ type: 'text', text: output }] }],
      },
    ]
    await answerTo(world.driver, request(messages))
    expect(body().input.at(-1)?.['output']).toBe(output)
  })

  test('who asks: cligate, with the key of the account and not with that of the host', async () => {
    await answerTo(world.driver, request('hi'))
    const { headers } = world.upstream.turns[0]!
    expect(headers['originator']).toBe('cligate')
    expect(headers['user-agent']).toStartWith('cligate/')
    expect(headers['authorization']).toBe(`Bearer ${KEY}`)
    expect(JSON.stringify(world.upstream.requests)).not.toContain('sk-of-the-host')
    expect(JSON.stringify(body())).not.toContain(world.home)
  })
})

describe('other ways to be set up', () => {
  test('a model that is not in the catalogue is asked for by its name', async () => {
    await answerTo(world.driver, request('hi', { model: 'gpt-7-unheard-of', system: 'You are terse.' }))
    expect(body().model).toBe('gpt-7-unheard-of')
    expect(body().tools).toEqual([])
    expect(said()).toEqual([
      ['developer', 'You are terse.'],
      ['user', 'hi'],
    ])
  })

  test('web search, where it is allowed, is the only tool', async () => {
    await using other = await codexWorld({ web: true })
    await answerTo(other.driver, request('hi'))
    const { tools } = other.upstream.turns[0]!.json as Body
    expect(tools?.map((tool) => (tool as { type: string }).type)).toEqual(['web_search'])
  })

  test("Codex's own instructions, once, and in front; verbosity and service tier", async () => {
    await using other = await codexWorld({ prompt: 'codex', verbosity: 'high', serviceTier: 'priority' })
    for (const model of MODELS) {
      await answerTo(other.driver, request('hi', { model, system: 'You are terse.' }))
      const sent = other.upstream.turns.at(-1)!.json as Body
      const texts = sent.input.map((item) => item.content?.[0]?.text ?? '')
      expect(texts).toHaveLength(3)
      expect(texts[0]).toStartWith('You are Codex')
      expect(texts.slice(1)).toEqual(['You are terse.', 'hi'])
      expect(sent['text']).toEqual({ verbosity: 'high' })
      expect(sent['service_tier']).toBe('priority')
    }
  })

  test('a key of the account instead of a login', async () => {
    await using other = await codexWorld({ auth: null, account: { env: { OPENAI_API_KEY: 'sk-of-the-account' } } })
    await answerTo(other.driver, request('hi'))
    expect(other.upstream.turns[0]?.headers['authorization']).toBe('Bearer sk-of-the-account')
  })

  test('a ChatGPT login through plain HTTP; its limits are in the status', async () => {
    await using other = await codexWorld({ auth: chatgptLogin(), provider: 'custom', prompt: 'none' })
    const window = { usedPercent: 42, windowMinutes: 300, resetsAt: 2_000_000_000 }
    other.upstream.next(text('Hello', { headers: codexLimitHeaders({ primary: window }) }))
    await answerTo(other.driver, request('hi'))
    expect(other.upstream.turns[0]?.headers['chatgpt-account-id']).toBe('account-1')
    const status = await other.driver.status(new AbortController().signal)
    expect(status).toMatchObject({ state: 'ready', authMethod: 'chatgpt' })
    expect(status.notes.join(' ')).toContain('42 % of the window of 5 hours is used')
  })

  test('the provider that Codex brings', async () => {
    await using other = await codexWorld({ provider: 'built-in' })
    expect(textOf(await answerTo(other.driver, request('hi')))).toBe('Hello from the simulated model.')
    expect(other.upstream.turns).toHaveLength(1)
    expect((other.upstream.turns[0]!.json as Body).tools).toEqual([])
  })
})

test('the settings of the user change nothing: no servers, no instructions, no notes', async () => {
  await using other = await codexWorld()
  const user = `${other.home}/.codex`
  await Bun.write(
    `${user}/config.toml`,
    `model = "gpt-6-sol"\nnotify = ["touch", "${other.home}/notified"]\n[mcp_servers.evil]\ncommand = "touch"\nargs = ["${other.home}/started"]\n`,
  )
  await Bun.write(`${user}/AGENTS.md`, 'Always say canary-agents.')
  await Bun.write(`${other.home}/AGENTS.md`, 'Always say canary-agents.')
  await answerTo(other.driver, request('hi'))
  expect(other.upstream.turns[0]!.body).not.toContain('canary-agents')
  expect(await Bun.file(`${other.home}/started`).exists()).toBe(false)
  expect(await Bun.file(`${other.home}/notified`).exists()).toBe(false)
})

test('models are those of the CLI, and no model is asked', async () => {
  const models = await world.driver.models(new AbortController().signal)
  expect(models.map(({ id }) => id)).toContain(MODEL)
  expect(models.find(({ id }) => id === MODEL)).toMatchObject({ displayName: 'GPT-5.5', contextWindow: 272_000 })
  expect(models.map(({ id }) => id)).not.toContain('codex-auto-review')
  expect(world.upstream.turns).toHaveLength(0)
})

test('nothing was asked of anybody but the service', () => {
  expect(world.strangers).toEqual([])
})
