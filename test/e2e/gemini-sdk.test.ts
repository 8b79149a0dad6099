// The official SDK of Google's API against a running cligate: with the demo model, and with the real Claude Code behind it, which
// asks a simulated model API. What reached that API is asserted, not only what came back. Gemini CLI is a client as well.
import { ApiError, type Content, createPartFromBase64, type GenerateContentResponse, GoogleGenAI } from '@google/genai'
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { realCli } from '../real/harness/real-cli.ts'
import { CLAUDE, type RunningCligate, startCligate } from '../support/cligate.ts'
import { rateLimited } from '../upstream/replies/failures.ts'
import { failsAfter } from '../upstream/replies/faults.ts'
import { refused } from '../upstream/replies/stops.ts'
import { text } from '../upstream/replies/text.ts'
import { thinking } from '../upstream/replies/thinking.ts'
import { type Upstream, startUpstream } from '../upstream/upstream.ts'

// A CLI that is started while the machine has other work takes its time.
setDefaultTimeout(60_000)

const HAIKU = 'claude/claude-haiku-4-5'
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

type Block = { type: string; text?: string; thinking?: string; signature?: string }
type Body = {
  system: Block[]
  messages: { role: string; content: Block[] }[]
  max_tokens: number
  temperature?: number
}

let upstream: Upstream
let gate: RunningCligate
let client: GoogleGenAI

beforeAll(async () => {
  upstream = await startUpstream()
  gate = await startCligate({
    upstreamUrl: upstream.url,
    config: {
      server: { api_keys: ['key-of-the-test-1'] },
      providers: { claude: { path: CLAUDE, warm: { size: 1 } } },
    },
  })
  client = newClient(gate.url)
})
afterAll(async () => {
  await gate?.stop()
  await upstream?.stop()
})
beforeEach(() => upstream.reset())

function newClient(baseUrl: string, apiVersion?: string) {
  return new GoogleGenAI({
    apiKey: 'key-of-the-test-1',
    httpOptions: { baseUrl, ...(apiVersion ? { apiVersion } : {}) },
  })
}

async function pieces(stream: AsyncIterable<GenerateContentResponse>): Promise<GenerateContentResponse[]> {
  const all: GenerateContentResponse[] = []
  for await (const chunk of stream) all.push(chunk)
  return all
}
const textOf = (chunks: GenerateContentResponse[]) => chunks.map((chunk) => chunk.text ?? '').join('')
const thrownBy = async (call: PromiseLike<unknown>): Promise<unknown> => {
  try {
    await call
  } catch (thrown) {
    return thrown
  }
  throw new Error('did not fail')
}

describe('the demo model', () => {
  test('answers in whole, in either version of the API', async () => {
    for (const version of [undefined, 'v1beta', 'v1alpha']) {
      const answer = await newClient(gate.url, version).models.generateContent({
        model: 'demo/echo',
        contents: '漢字 👩‍👩‍👧',
      })
      expect(answer.text).toBe('漢字 👩‍👩‍👧')
      expect(answer).toMatchObject({ modelVersion: 'demo/echo', candidates: [{ finishReason: 'STOP', index: 0 }] })
      expect(answer.usageMetadata!.candidatesTokenCount).toBeGreaterThan(0)
      expect(answer.responseId).toBeString()
    }
  })

  test('streams the same, piece by piece', async () => {
    const asked = { model: 'demo/unicode', contents: 'go' }
    const whole = await client.models.generateContent(asked)
    const chunks = await pieces(await client.models.generateContentStream(asked))
    expect(textOf(chunks)).toBe(whole.text!)
    expect(chunks.at(-1)).toMatchObject({ candidates: [{ finishReason: 'STOP' }], usageMetadata: whole.usageMetadata })
  })

  test('keep-alives in a slow stream disturb nobody', async () => {
    const slow = await startCligate({
      config: { sse: { keepalive_interval: 1, head_after_ms: 50 }, providers: { claude: { enabled: false } } },
    })
    try {
      const asked = { model: 'demo/echo', contents: '/wait 2500 late' }
      expect(textOf(await pieces(await newClient(slow.url).models.generateContentStream(asked)))).toBe('late')
    } finally {
      await slow.stop()
    }
  })

  test('thinks where and as much as it is told to', async () => {
    const ask = (thinkingConfig: object) =>
      client.models.generateContent({ model: 'demo/reasoning', contents: 'why?', config: { thinkingConfig } })
    const shown = await ask({ includeThoughts: true, thinkingLevel: 'HIGH' })
    expect(shown.candidates![0]!.content!.parts!.map((part) => part.thought === true)).toEqual([true, false])
    expect(shown.usageMetadata!.thoughtsTokenCount).toBe(100)
    const hidden = await ask({ thinkingLevel: 'LOW' })
    expect(hidden.candidates![0]!.content!.parts).toHaveLength(1)
    expect(hidden.usageMetadata!.thoughtsTokenCount).toBe(25)
    expect((await ask({ thinkingBudget: 0 })).usageMetadata!.thoughtsTokenCount).toBeUndefined()
  })

  test('stops where it shall, and answers more than once', async () => {
    const cut = await client.models.generateContent({
      model: 'demo/echo',
      contents: 'one two END three',
      config: { stopSequences: [' END'], candidateCount: 2 },
    })
    expect(cut.candidates!.map(({ content, index }) => [index, content!.parts![0]!.text])).toEqual([
      [0, 'one two'],
      [1, 'one two'],
    ])
    const short = await client.models.generateContent({
      model: 'demo/long',
      contents: 'go',
      config: { maxOutputTokens: 7 },
    })
    expect(short.candidates![0]!.finishReason as string).toBe('MAX_TOKENS')
  })

  test('a chat remembers what was streamed', async () => {
    const chat = client.chats.create({ model: 'demo/chat' })
    await pieces(await chat.sendMessageStream({ message: 'first' }))
    const second = await chat.sendMessage({ message: 'second' })
    expect(second.text).toContain('3 messages')
  })

  test('lists models, and counts tokens', async () => {
    const names: string[] = []
    for await (const model of await client.models.list({ config: { pageSize: 3 } })) names.push(model.name!)
    expect(names).toContain('models/demo/echo')
    expect(names.length).toBeGreaterThan(10)
    expect(await client.models.get({ model: 'demo/echo' })).toMatchObject({ name: 'models/demo/echo' })
    const { totalTokens } = await client.models.countTokens({ model: 'demo/echo', contents: 'one two '.repeat(100) })
    expect(totalTokens).toBeGreaterThan(100)
    expect(upstream.turns).toHaveLength(0)
  })

  test('fails as the class of the SDK', async () => {
    const fails = async (model: string) =>
      await thrownBy(client.models.generateContentStream({ model, contents: 'go' }).then(pieces))
    for (const status of [401, 429, 500, 503]) {
      const thrown = await fails(`demo/error-${status}`)
      expect(thrown).toBeInstanceOf(ApiError)
      expect(thrown).toMatchObject({ status })
    }
    expect(await fails('demo/none')).toMatchObject({ status: 404, message: expect.stringContaining('MODEL_NOT_FOUND') })
    const midStream = await fails('demo/error-mid-stream')
    expect(midStream).toBeInstanceOf(ApiError)
    expect(midStream).toMatchObject({ status: 502, message: expect.stringContaining('UNAVAILABLE') })
    const wrongKey = new GoogleGenAI({ apiKey: 'wrong', httpOptions: { baseUrl: gate.url } })
    expect(await thrownBy(wrongKey.models.generateContent({ model: 'demo/echo', contents: 'x' }))).toMatchObject({
      status: 401,
    })
  })

  test('tools of Google’s own are refused by their path', async () => {
    const config = { tools: [{ googleSearch: {} }] }
    const thrown = await thrownBy(client.models.generateContent({ model: 'demo/echo', contents: 'x', config }))
    expect(thrown).toMatchObject({ status: 400, message: expect.stringContaining('tools[0].googleSearch') })
  })

  test('below the name of a provider its models need no prefix', async () => {
    const scoped = newClient(`${gate.url}/demo`)
    expect((await scoped.models.generateContent({ model: 'echo', contents: 'here' })).text).toBe('here')
  })
})

describe('Claude Code behind it', () => {
  const body = (turn = 0) => upstream.turns[turn]!.json as Body
  const spoken = (turn = 0) => body(turn).messages.filter(({ role }) => role !== 'system')

  test('the whole conversation reaches the model, in one request', async () => {
    upstream.next(text('seen', { usage: { input: 10, cacheRead: 4, cacheWrite: 3, output: 5 } }))
    const contents: Content[] = [
      { role: 'user', parts: [{ text: 'first question' }] },
      { role: 'model', parts: [{ text: 'first answer' }] },
      { role: 'user', parts: [{ text: '/clear what is this?' }, createPartFromBase64(PIXEL, 'image/png')] },
    ]
    const answer = await client.models.generateContent({
      model: HAIKU,
      contents,
      config: { systemInstruction: 'You are a test.', temperature: 0.3, maxOutputTokens: 777 },
    })
    expect(answer.text).toBe('seen')
    expect(answer.usageMetadata).toMatchObject({
      promptTokenCount: 17,
      cachedContentTokenCount: 4,
      candidatesTokenCount: 5,
      totalTokenCount: 22,
    })
    expect(upstream.turns).toHaveLength(1)
    expect(body()).toMatchObject({ max_tokens: 777, temperature: 0.3 })
    expect(body().system.at(-1)!.text).toBe('You are a test.')
    expect(spoken().map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(JSON.stringify(spoken()[1])).toContain('first answer')
    expect(JSON.stringify(spoken()[2])).toContain('/clear what is this?')
    expect(JSON.stringify(spoken()[2])).toContain(PIXEL.slice(0, 40))
  })

  test.each([true, false])(
    'thinking goes back to the model with its signature (shown: %p)',
    async (includeThoughts) => {
      upstream.next(thinking(['Let me ', 'see.'], ['So ', 'it is.'], { signature: 'c2lnbmVk' }), text('ok'))
      const chat = client.chats.create({
        model: HAIKU,
        config: { maxOutputTokens: 8000, thinkingConfig: { thinkingBudget: 2000, includeThoughts } },
      })
      const first = await pieces(await chat.sendMessageStream({ message: 'Is it?' }))
      expect(textOf(first)).toBe('So it is.')
      const shown = first.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []).filter((part) => part.thought)
      expect(shown.map((part) => part.text).join('')).toBe(includeThoughts ? 'Let me see.' : '')
      await chat.sendMessage({ message: 'Sure?' })
      const sent = spoken(1).find(({ role }) => role === 'assistant')
      expect(
        sent!.content.map(({ type, text: said, thinking: thought, signature }) => [type, said ?? thought, signature]),
      ).toEqual([
        ['thinking', 'Let me see.', 'c2lnbmVk'],
        ['text', 'So it is.', undefined],
      ])
    },
  )

  test('its failures are errors of the SDK', async () => {
    const ask = () => client.models.generateContentStream({ model: HAIKU, contents: 'go' }).then(pieces)
    upstream.next(rateLimited(7))
    expect(await thrownBy(ask())).toMatchObject({ status: 429, message: expect.stringMatching(/"retryDelay":"\d+s"/) })
    upstream.next(failsAfter(['Hel', 'lo']))
    expect(await thrownBy(ask())).toBeInstanceOf(ApiError)
    upstream.next(refused())
    const [last] = (await ask()).slice(-1)
    expect(last!.promptFeedback?.blockReason ?? last!.candidates?.[0]?.finishReason).toMatch(/PROHIBITED|SAFETY/)
  })
})

test('Gemini CLI in front of it: its own requests are understood', async () => {
  const home = join(gate.home, 'gemini-home')
  mkdirSync(join(home, '.gemini'), { recursive: true })
  writeFileSync(
    join(home, '.gemini', 'settings.json'),
    JSON.stringify({
      // No tools at all: the demo model calls none.
      tools: { core: [] },
      security: { auth: { selectedType: 'gemini-api-key' } },
      privacy: { usageStatisticsEnabled: false },
      general: { disableAutoUpdate: true, disableUpdateNag: true },
    }),
  )
  const child = Bun.spawn([realCli('gemini'), '-m', 'demo/echo', '-p', 'Say canary-echo please'], {
    cwd: home,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      GEMINI_CLI_HOME: home,
      GEMINI_CLI_NO_RELAUNCH: '1',
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
      GEMINI_API_KEY: 'key-of-the-test-1',
      GOOGLE_GEMINI_BASE_URL: gate.url,
      HTTPS_PROXY: 'http://127.0.0.1:9',
      NO_PROXY: '127.0.0.1',
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [said, complaints] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  expect(said, `${complaints}\n${gate.log()}`).toContain('canary-echo')
  expect(await child.exited).toBe(0)
})
