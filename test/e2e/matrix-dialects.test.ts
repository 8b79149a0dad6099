// The same things through the other APIs: every provider, streamed and whole, with each API's official SDK. What a request to
// Chat Completions can ask beside, and what it costs, is in `matrix.test.ts`.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { failure } from '../upstream/replies/failures.ts'
import { text } from '../upstream/replies/text.ts'
import { UNICODE_SAMPLE, unicode } from '../upstream/replies/unicode.ts'
import { type AllProviders, MODELS, PROVIDERS, startAllProviders } from './all-providers.ts'
import { leaving } from './matrix-caller.ts'
import { anthropic, type Asked, google, responses } from './matrix-dialects.ts'
import { expectSaid, type Spoken } from './matrix-wire.ts'

setDefaultTimeout(60_000)

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

let all: AllProviders
/** How many turns the model service should have seen by now. */
let asked = 0
beforeAll(async () => {
  all = await startAllProviders()
}, 120_000)
afterAll(() => all?.stop())

const DIALECTS = { responses, anthropic, google }
const NAMES = Object.keys(DIALECTS) as (keyof typeof DIALECTS)[]
const MODES: [mode: string, stream: boolean][] = [
  ['streamed', true],
  ['whole', false],
]
const REAL = PROVIDERS.filter((name) => name !== 'demo')
const user = (...parts: Spoken['parts']): Spoken => ({ role: 'user', parts })
const statusOf = (error: unknown) => (error instanceof Error && 'status' in error ? error.status : error)

/** Whatever an SDK throws when its caller leaves, it is no answer of the gate's. */
function expectLeft(thrown: unknown): void {
  expect(thrown).toBeInstanceOf(Error)
  expect(String(thrown)).toMatch(/abort/i)
}

describe.each(NAMES)('%s', (name) => {
  describe.each(MODES)('%s', (_, stream) => {
    describe.each(REAL)('%s', (provider) => {
      const dialect = () => DIALECTS[name](all.gate.url)
      const ask = (messages: Spoken[], changes: Partial<Asked> = {}) => {
        asked += 1
        return dialect().ask({ model: MODELS[provider], messages, stream, ...changes })
      }
      /** The answer, after the one request that reached the model said this and nothing else. */
      async function told(messages: Spoken[], system?: string) {
        const before = all.upstream.turns.length
        const answer = await ask(messages, system === undefined ? {} : { system })
        const turns = all.upstream.turns.slice(before)
        expect(turns).toHaveLength(1)
        expectSaid(provider, turns[0]!, { system: system === undefined ? [] : [system], messages })
        return answer
      }

      test('a short question', async () => {
        all.upstream.default = text(['One, ', 'two, ', 'three.'], { between: 50 })
        const answer = await told([user('Count to three.')])
        expect(answer).toMatchObject({ text: 'One, two, three.', finish: dialect().finish })
        expect(answer.outputTokens).toBeGreaterThan(0)
        if (stream) expect(answer.pieces).toBeGreaterThan(1)
      })

      test('a conversation of 19 messages, a system prompt, any characters', async () => {
        all.upstream.default = unicode()
        const messages = Array.from({ length: 19 }, (__, position) => ({
          role: position % 2 === 0 ? 'user' : 'assistant',
          parts: [`Message ${position}: ${'lorem ipsum '.repeat(20)}${UNICODE_SAMPLE}`],
        }))
        expect((await told(messages, `Remember all.\n\n${UNICODE_SAMPLE}`)).text).toBe(UNICODE_SAMPLE)
      })

      test('an image between texts', async () => {
        all.upstream.default = text('A dot.')
        expect((await told([user('What is this:', { image: PIXEL }, 'In two words.')])).text).toBe('A dot.')
      })

      test('a client that leaves in the midst ends the request to the model at once', async () => {
        const delays: number[] = []
        // On a busy machine one of them may be late; no two later ones should be.
        while (delays.length < 3 && !delays.some((delay) => delay < 200)) {
          const { leftAt, turn } = await leaving(all.upstream, stream, expectLeft, (options) =>
            ask([user('Tick.')], options),
          )
          await turn.closed
          expect(turn.outcome).toBe('dropped')
          delays.push(turn.closedAt! - leftAt)
        }
        expect(Math.min(...delays)).toBeLessThan(200)
      })

      test('failures of the service', async () => {
        for (const [status, expected] of [
          [429, 429],
          [500, 502],
          [401, 401],
        ] as const) {
          all.upstream.default = failure(status, { message: 'Try again in 7s.' })
          const thrown: unknown = await ask([user('Hi')]).catch((error: unknown) => error)
          expect(statusOf(thrown)).toBe(expected)
        }
      })
    })

    test('demo', async () => {
      const ask = (model: string) =>
        DIALECTS[name](all.gate.url).ask({ model, messages: [user(UNICODE_SAMPLE)], stream, system: 'Say little.' })
      expect(await ask('demo/echo')).toMatchObject({
        text: UNICODE_SAMPLE,
        finish: DIALECTS[name](all.gate.url).finish,
      })
      expect(statusOf(await ask('demo/error-429').catch((error: unknown) => error))).toBe(429)
    })
  })
})

test('no answer has cost more than its one request, not even late', () => {
  expect(all.upstream.turns).toHaveLength(asked)
  expect(all.strangers()).toEqual([])
})
