// The simulated Gemini API: the shapes that Google sends.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { rateLimited } from '../replies/failures.ts'
import { failsAfter } from '../replies/faults.ts'
import { refused, stopped } from '../replies/stops.ts'
import { text } from '../replies/text.ts'
import { thinking } from '../replies/thinking.ts'
import { toolCalls } from '../replies/tool-calls.ts'
import { type Upstream, startUpstream } from '../upstream.ts'

let upstream: Upstream
beforeAll(async () => {
  upstream = await startUpstream()
})
beforeEach(() => upstream.reset())
afterAll(() => upstream.stop())

const call = (name: string, body: object = { contents: [] }) =>
  fetch(`${upstream.url}/v1beta/models/gemini-2.5-pro:${name}`, { method: 'POST', body: JSON.stringify(body) })

type Chunk = {
  candidates?: { content: { parts: Record<string, unknown>[] }; finishReason?: string }[]
  usageMetadata?: Record<string, number>
  error?: { status: string }
}

async function chunks(response: Response): Promise<Chunk[]> {
  const events = (await response.text()).split('\r\n\r\n').filter((event) => event !== '')
  return events.map((event) => JSON.parse(event.replace(/^data: /, '')) as Chunk)
}

const partsOf = (all: Chunk[]) => all.flatMap((chunk) => chunk.candidates?.[0]?.content.parts ?? [])
const lastReason = (all: Chunk[]) => all.at(-1)?.candidates?.[0]?.finishReason

describe('streams', () => {
  test('text, and the reason at the end', async () => {
    upstream.next(text(['Hel', 'lo'], { usage: { input: 10, cacheRead: 4, cacheWrite: 3, output: 5 } }))
    const all = await chunks(await call('streamGenerateContent?alt=sse'))
    expect(partsOf(all)).toEqual([{ text: 'Hel' }, { text: 'lo' }])
    expect(lastReason(all)).toBe('STOP')
    expect(all.at(-1)?.usageMetadata).toEqual({
      promptTokenCount: 17,
      candidatesTokenCount: 5,
      cachedContentTokenCount: 4,
      totalTokenCount: 22,
    })
    expect(upstream.turns).toHaveLength(1)
  })

  test('thoughts, with the signature at the part behind them; thoughts count beside the answer', async () => {
    upstream.next(thinking(['hm'], ['Yes'], { usage: { output: 9, thinking: 4 } }))
    const all = await chunks(await call('streamGenerateContent?alt=sse'))
    expect(partsOf(all)).toEqual([
      { text: 'hm', thought: true },
      { text: 'Yes', thoughtSignature: 'c2lnbmF0dXJl' },
    ])
    expect(all.at(-1)?.usageMetadata).toMatchObject({ candidatesTokenCount: 5, thoughtsTokenCount: 4 })
  })

  test('function calls', async () => {
    upstream.next(toolCalls([{ name: 'add', arguments: { a: 1 }, id: 'c1' }]))
    const all = await chunks(await call('streamGenerateContent?alt=sse'))
    expect(partsOf(all)).toEqual([{ functionCall: { id: 'c1', name: 'add', args: { a: 1 } } }])
  })

  test('other reasons to end', async () => {
    upstream.next(stopped('max_tokens', ['a']), refused())
    expect(lastReason(await chunks(await call('streamGenerateContent?alt=sse')))).toBe('MAX_TOKENS')
    expect(lastReason(await chunks(await call('streamGenerateContent?alt=sse')))).toBe('SAFETY')
  })

  test('an error in mid-stream is a chunk of its own', async () => {
    upstream.next(failsAfter(['a'], 503))
    expect((await chunks(await call('streamGenerateContent?alt=sse'))).at(-1)?.error?.status).toBe('UNAVAILABLE')
  })
})

test('an answer in one piece joins neighbouring texts', async () => {
  upstream.next(thinking(['h', 'm'], ['Y', 'es']))
  const whole = (await (await call('generateContent')).json()) as Chunk
  expect(partsOf([whole])).toEqual([
    { text: 'hm', thought: true },
    { text: 'Yes', thoughtSignature: 'c2lnbmF0dXJl' },
  ])
})

test('an error says what Google says, and the wait in its details', async () => {
  upstream.next(rateLimited(30))
  const response = await call('streamGenerateContent?alt=sse')
  expect(response.status).toBe(429)
  expect(await response.json()).toMatchObject({
    error: { code: 429, status: 'RESOURCE_EXHAUSTED', details: [{ retryDelay: '30s' }] },
  })
})

test('counting tokens and listing models are no turns', async () => {
  expect(await (await call('countTokens')).json()).toHaveProperty('totalTokens')
  expect(await (await fetch(`${upstream.url}/v1beta/models`)).json()).toHaveProperty('models')
  expect(upstream.turns).toHaveLength(0)
})
