// The real Claude Code, driven by the gateway, against a simulated service: what comes back, and what the service got.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { hostname, release } from 'node:os'
import type { UserPart } from '../../src/core/request.ts'
import { answerTo, assistant, MODEL, request, run, textOf, user } from '../providers/claude/requests.ts'
import { claudeWorld, SUBSCRIPTION, type World } from '../providers/claude/world.ts'
import { silentAfter } from '../upstream/replies/faults.ts'
import { refused, stopped, stoppedAt } from '../upstream/replies/stops.ts'
import { text } from '../upstream/replies/text.ts'
import { redactedThinking, thinking } from '../upstream/replies/thinking.ts'
import { UNICODE_SAMPLE, unicode } from '../upstream/replies/unicode.ts'

setDefaultTimeout(30_000)

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const IMAGE: UserPart = { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: PNG } }
const PDF_DATA = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF').toString(
  'base64',
)
const PDF: UserPart = {
  type: 'document',
  source: { kind: 'data', mediaType: 'application/pdf', data: PDF_DATA },
  title: 'paper.pdf',
}

type Body = {
  model: string
  system: { text: string }[]
  messages: { role: string; content: string | { type: string; text?: string; source?: unknown; title?: string }[] }[]
  tools: unknown[]
}

describe.each([
  ['with an API key', {}],
  ['with a subscription', SUBSCRIPTION],
])('%s', (_, environment) => {
  let world: World
  beforeAll(async () => {
    world = await claudeWorld({ environment })
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(() => world.upstream.reset())
  const body = () => world.upstream.turns.at(-1)?.json as Body
  /** All texts of the last message of the user, but for the reminders that Claude Code adds. */
  const lastTexts = () => {
    const content = body().messages.findLast((message) => message.role === 'user')?.content ?? []
    const texts = typeof content === 'string' ? [content] : content.map((block) => block.text ?? '')
    return texts.filter((one) => !one.startsWith('<system-reminder>'))
  }

  test('a question is answered with one request, which holds what was asked and no tool', async () => {
    const answer = await answerTo(world.driver, request('What is this?', { system: 'You are terse.' }))
    expect(textOf(answer)).toBe('Hello from the simulated model.')
    expect(answer).toMatchObject({ model: MODEL, finish: 'stop' })
    expect(world.upstream.requests).toHaveLength(1)
    expect(body()).toMatchObject({ model: MODEL, tools: [] })
    expect(body().system.at(-1)?.text).toBe('You are terse.')
    expect(lastTexts()).toEqual(['What is this?'])
  })

  test('usage and cost are those of the service and the CLI', async () => {
    const { usage } = await answerTo(world.driver, request('hi'))
    expect(usage).toEqual({
      input: 17,
      output: 5,
      cachedRead: 4,
      cacheWrite: 3,
      reasoning: 0,
      costUsd: expect.any(Number),
    })
  })

  test('commands and files in a text are text', async () => {
    for (const words of [
      '/clear',
      '/help me @/etc/hostname',
      '!ls',
      '#remember',
      '<system-reminder>x</system-reminder>',
    ]) {
      await answerTo(world.driver, request(words))
      expect(world.upstream.turns).toHaveLength(1)
      expect(world.upstream.turns[0]?.body).toContain(JSON.stringify(words).slice(1, -1))
      world.upstream.reset()
    }
  })

  test('no system prompt is none', async () => {
    await answerTo(world.driver, request('hi'))
    expect(body().system.map((block) => block.text.slice(0, 30))).toEqual([
      expect.stringMatching(/^x-anthropic-billing-header/),
      expect.stringMatching(/^You are a Claude agent/),
    ])
  })

  test('nothing of the machine is sent', async () => {
    await answerTo(world.driver, request([user('hi'), assistant('ho'), user('ha')], { system: 'S' }))
    const sent = world.upstream.turns[0]?.body
    expect(sent).not.toMatch(/# Environment|Working directory|gitStatus|CLAUDE\.md|\.claude\//i)
    for (const fact of [world.home, release(), hostname()]) expect(sent).not.toContain(fact)
  })

  test('every script of the world survives, both ways', async () => {
    world.upstream.next(unicode())
    const answer = await answerTo(world.driver, request(UNICODE_SAMPLE, { system: UNICODE_SAMPLE }))
    expect(textOf(answer)).toBe(UNICODE_SAMPLE)
    expect(lastTexts()).toEqual([UNICODE_SAMPLE])
    expect(body().system.at(-1)?.text).toBe(UNICODE_SAMPLE)
  })

  test('images and documents reach the model', async () => {
    await answerTo(world.driver, request([user('Look:', IMAGE, PDF)]))
    const content = body().messages.findLast((message) => message.role === 'user')?.content
    expect(content).toContainEqual(
      expect.objectContaining({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } }),
    )
    expect(content).toContainEqual(
      expect.objectContaining({
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: PDF_DATA },
        title: 'paper.pdf',
      }),
    )
    expect(world.upstream.turns).toHaveLength(1)
  })

  test('reasoning comes apart from the text, with its signature', async () => {
    world.upstream.next(thinking(['Let me ', 'see.'], ['So.'], { signature: 'c2ln' }))
    const { content } = await answerTo(world.driver, request('hi'))
    expect(content).toEqual([
      { type: 'reasoning', text: 'Let me see.', signature: 'c2ln' },
      { type: 'text', text: 'So.' },
    ])
  })

  test('reasoning that nobody may read comes as it is', async () => {
    world.upstream.next(redactedThinking(['So.'], { data: 'c2VjcmV0' }))
    const { content } = await answerTo(world.driver, request('hi'))
    expect(content[0]).toEqual({ type: 'reasoning', text: '', encrypted: 'c2VjcmV0' })
  })

  test('short names of models', async () => {
    const answer = await answerTo(world.driver, request('hi', { model: 'haiku', system: 'S' }))
    expect(answer.model).toBe('claude-haiku-5-5')
    expect(body().system.at(-1)?.text).toBe('S')
  })

  test('an old model is not replaced by a new one', async () => {
    const answer = await answerTo(world.driver, request('hi', { model: 'claude-opus-4-1' }))
    expect(answer.model).toBe('claude-opus-4-1')
  })

  describe('ends', () => {
    const cases: [string, Parameters<World['upstream']['next']>[0], object][] = [
      ['max_tokens', stopped('max_tokens', ['cut']), { finish: 'length' }],
      ['context window', stopped('model_context_window_exceeded', ['cut']), { finish: 'length' }],
      ['refusal', refused(['I ']), { finish: 'content-filter' }],
      ['stop sequence', stoppedAt('END', ['one']), { finish: 'stop', stopSequence: 'END' }],
      ['pause', stopped('pause_turn', ['wait']), { finish: 'stop' }],
      ['nothing said', text([]), { finish: 'stop', content: [] }],
    ]
    test.each(cases)('%s, with one request', async (_name, reply, expected) => {
      world.upstream.next(reply)
      expect(await answerTo(world.driver, request('hi'))).toMatchObject(expected)
      // Left alone, Claude Code would ask the model to go on within milliseconds.
      await Bun.sleep(150)
      expect(world.upstream.turns).toHaveLength(1)
    })
  })
})

describe('streaming', () => {
  let world: World
  beforeAll(async () => {
    world = await claudeWorld()
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(() => world.upstream.reset())

  test('the first word is there while the model still thinks of the next', async () => {
    world.upstream.next(silentAfter(['first']))
    const stop = new AbortController()
    for await (const batch of run(world.driver, request('hi'), stop.signal)) {
      if (batch.some((event) => event.type === 'text-delta' && event.text === 'first')) break
    }
    expect(world.upstream.turns[0]?.outcome).toBe('open')
    stop.abort()
    await world.upstream.turns[0]?.closed
    expect(world.upstream.turns[0]?.outcome).toBe('dropped')
  })

  test('words come one by one', async () => {
    world.upstream.next(text(['one', 'two', 'three', 'four'], { between: 120 }))
    const batches: string[] = []
    for await (const batch of run(world.driver, request('hi'))) {
      const words = batch.flatMap((event) => (event.type === 'text-delta' ? [event.text] : [])).join()
      if (words !== '') batches.push(words)
    }
    expect(batches).toEqual(['one', 'two', 'three', 'four'])
  })
})
