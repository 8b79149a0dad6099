// A caller with the official SDK, who asks any provider in either way.
import { expect } from 'bun:test'
import type OpenAI from 'openai'
import { APIError, APIUserAbortError } from 'openai'
import type { RecordedRequest } from '../upstream/recorded-request.ts'
import { answer, type Step } from '../upstream/reply.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { type AllProviders, MODELS, type Provider } from './all-providers.ts'

export type Message = OpenAI.ChatCompletionMessageParam
type Answer = { text: string; pieces: number; finish: string | null; usage: OpenAI.CompletionUsage | undefined }

type Options = { model?: string; signal?: AbortSignal; onText?: () => void; headers?: Record<string, string> }

export const user = (content: string): Message => ({ role: 'user', content })

export class Caller {
  /** How many turns the model service should have seen by now. */
  asked = 0

  constructor(private readonly all: AllProviders) {}

  /** Asks, in the one way or the other, and counts it. */
  async ask(provider: Provider, stream: boolean, messages: Message[], options: Options = {}): Promise<Answer> {
    if (provider !== 'demo') this.asked += 1
    const { model = MODELS[provider], signal, onText, headers } = options
    const completions = this.all.client.chat.completions
    if (!stream) {
      const whole = await completions.create({ model, messages }, { signal, headers })
      const choice = whole.choices[0]!
      return { text: choice.message.content ?? '', pieces: 1, finish: choice.finish_reason, usage: whole.usage }
    }
    const said: Answer = { text: '', pieces: 0, finish: null, usage: undefined }
    const body = { model, messages, stream: true as const, stream_options: { include_usage: true } }
    for await (const { choices, usage } of await completions.create(body, { signal, headers })) {
      const content = choices[0]?.delta.content
      if (content) {
        said.text += content
        said.pieces += 1
        onText?.()
      }
      said.finish ??= choices[0]?.finish_reason ?? null
      said.usage ??= usage ?? undefined
    }
    return said
  }

  /** The one request to the model service that an answer has cost. */
  async oneTurn<T>(work: () => Promise<T>): Promise<{ result: T; turn: RecordedRequest }> {
    const before = this.all.upstream.turns.length
    const result = await work()
    const turns = this.all.upstream.turns.slice(before)
    expect(turns).toHaveLength(1)
    return { result, turn: turns[0]! }
  }

  /** A client that leaves while the model speaks: the moment, and the request that it leaves behind. */
  async leave(provider: Provider, stream: boolean): Promise<{ leftAt: number; turn: RecordedRequest }> {
    return await leaving(this.all.upstream, stream, expectAbort, (options) =>
      this.ask(provider, stream, [user('Tick.')], options),
    )
  }

  /** What the SDK throws. */
  async refusal(provider: Provider, stream: boolean, options?: Options): Promise<APIError> {
    const thrown: unknown = await this.ask(provider, stream, [user('Hi')], options).catch((error: unknown) => error)
    if (thrown instanceof APIError) return thrown
    throw new Error('not refused', { cause: thrown })
  }
}

/**
 * Leaves while the model speaks: after some text of a stream, or once the model has begun where nobody sees a text before the end.
 * @param ask asks, and is told to leave by the signal
 * @param expectLeft of what it then throws
 */
export async function leaving(
  upstream: Upstream,
  stream: boolean,
  expectLeft: (thrown: unknown) => void,
  ask: (options: { signal: AbortSignal; onText: () => void }) => Promise<unknown>,
): Promise<{ leftAt: number; turn: RecordedRequest }> {
  const position = upstream.turns.length
  const begun = Promise.withResolvers<void>()
  const ticks = function* (): Iterable<Step> {
    for (let tick = 0; ; tick += 1) {
      yield { type: 'text', text: 'tick ' }
      yield { type: 'wait', milliseconds: 20 }
      if (tick === 3 && !stream) begun.resolve()
    }
  }
  upstream.default = answer(ticks)
  const abort = new AbortController()
  const asking = ask({ signal: abort.signal, onText: begun.resolve })
  await Promise.race([begun.promise, asking])
  const leftAt = performance.now()
  abort.abort()
  await asking.catch(expectLeft)
  return { leftAt, turn: await upstream.turn(position) }
}

export function expectAbort(error: unknown): void {
  expect(error).toBeInstanceOf(APIUserAbortError)
}
