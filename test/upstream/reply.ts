// What a simulated model API is told to answer. The kinds know no wire format: each API renders them in its own.
import type { RecordedRequest } from './recorded-request.ts'

/** One thing that happens while an answer streams. Neighbouring deltas of one kind share a block. */
export type Step =
  | { type: 'text'; text: string }
  | { type: 'thinking'; text: string }
  /** Closes the thinking block. */
  | { type: 'signature'; signature: string }
  | { type: 'redacted-thinking'; data: string }
  /** One whole tool call; its arguments arrive in these pieces. */
  | { type: 'tool-call'; id: string; name: string; pieces: string[] }
  /** The service searches by itself: its server tool, and what it found. APIs that have none leave it out. */
  | { type: 'web-search'; query: string; sources: { title: string; url: string }[] }
  /** The next step opens a block of its own. */
  | { type: 'next-block' }
  | { type: 'ping' }
  /** Milliseconds without a byte. */
  | { type: 'wait'; milliseconds: number }
  /** Bytes that are not the API's format. */
  | { type: 'bytes'; bytes: string | Uint8Array }
  /** The API's own error event, in mid-stream; nothing follows it. */
  | { type: 'failure'; failure: Failure }
  /** The stream ends here, in good order but without its last events. */
  | { type: 'end' }
  /** The connection is destroyed. */
  | { type: 'cut' }
  /** Not a byte more, until the client leaves. */
  | { type: 'silence' }

/** Why the model stopped, in Anthropic's words (the richest set); other APIs map it to their own. */
export type Stop = {
  reason:
    | 'end_turn'
    | 'max_tokens'
    | 'stop_sequence'
    | 'tool_use'
    | 'refusal'
    | 'pause_turn'
    | 'model_context_window_exceeded'
  sequence?: string
  /** Why the model refused. */
  refusal?: { category: string; explanation: string }
}

/** Tokens that the answer claims to have cost. `input` is without what the cache gave or took. */
export type TokenUsage = { input: number; output: number; cacheRead: number; cacheWrite: number; thinking: number }

export type Answer = {
  type: 'answer'
  /** Called once per request, so that one reply serves many. */
  steps: () => Iterable<Step>
  stop: Stop
  usage: TokenUsage
  /** Milliseconds before the head. */
  before: number
  /** Response headers beside the usual ones, such as rate limits. */
  headers: Record<string, string>
  /** Cuts the byte stream into writes of this size, wherever that falls in a character. 0: one write a frame. */
  bytesPerWrite: number
}

/** An HTTP error. `kind` is the API's own name for it; each API derives one from the status where it is left out. */
export type Failure = {
  type: 'failure'
  status: number
  kind?: string
  message: string
  headers: Record<string, string>
  /** Sent instead of the API's error shape: a proxy's HTML page. */
  body?: string
}

export type Reply =
  | Answer
  | Failure
  /** The connection is destroyed before the head is complete. */
  | { type: 'cut' }
  /** No head, ever. */
  | { type: 'hang' }
  /** 200 and these bytes, said to be an event stream. */
  | { type: 'bytes'; bytes: Uint8Array<ArrayBuffer> }

/** A reply, or what makes one from the request it answers. */
export type ReplySource = Reply | ((request: RecordedRequest) => Reply | Promise<Reply>)

const USAGE: TokenUsage = { input: 10, output: 5, cacheRead: 4, cacheWrite: 3, thinking: 0 }

export type AnswerOptions = Partial<Omit<Answer, 'type' | 'steps' | 'usage'>> & { usage?: Partial<TokenUsage> }

/** An answer from its steps. Without options it begins at once and ends with `end_turn`. */
export function answer(steps: () => Iterable<Step>, options: AnswerOptions = {}): Answer {
  return {
    type: 'answer',
    steps,
    stop: options.stop ?? { reason: 'end_turn' },
    usage: { ...USAGE, ...options.usage },
    before: options.before ?? 0,
    headers: options.headers ?? {},
    bytesPerWrite: options.bytesPerWrite ?? 0,
  }
}
