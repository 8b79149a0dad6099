import type { ChoiceBatch } from '../../core/event.ts'
import type { ChatRequest } from '../../core/request.ts'
import { errorOf } from '../broken-off.ts'
import type { AnswerContext, StreamEncoder, StreamFormat } from '../dialect.ts'
import { oneLine } from '../one-line.ts'
import { candidate, envelope } from './answer.ts'
import { encodeError } from './errors.ts'
import { REFUSED } from './finish.ts'
import type { GeminiError, GeminiResponse } from './schema-answer.ts'
import { CandidateStream } from './stream-candidate.ts'
import { encodeUsage } from './usage.ts'

/** How chunks follow one another. */
type Framing = StreamFormat & { first: string; next: string; after: string; last: string; empty: string }

/** Gemini CLI (0.61, with @google/genai 1.30) takes white space between events, but no comments. */
const EVENTS: Framing = {
  contentType: 'text/event-stream; charset=utf-8',
  keepAlive: '\n\n',
  first: 'data: ',
  next: 'data: ',
  after: '\n\n',
  last: '',
  empty: '',
}
const ARRAY: Framing = {
  contentType: 'application/json; charset=utf-8',
  keepAlive: '\n',
  first: '[',
  next: ',\r\n',
  after: '',
  last: ']\n',
  empty: '[]\n',
}

/**
 * Encodes one streamed answer: each batch is one chunk, a response of its own with what is new. An error is a chunk `{"error"}`
 * and ends the stream. Nothing says that it is over but its end: SDKs stumble over a `[DONE]`.
 */
export class GeminiStream implements StreamEncoder {
  readonly format: Framing
  readonly #context: AnswerContext
  readonly #includeThoughts: boolean
  readonly #count: number
  readonly #candidates: CandidateStream[] = []
  #begun = false
  #over = false

  constructor(request: ChatRequest, context: AnswerContext, form: 'events' | 'array', includeThoughts: boolean) {
    this.format = form === 'array' ? ARRAY : EVENTS
    this.#context = context
    this.#count = request.count
    this.#includeThoughts = includeThoughts
  }

  push({ choice, events }: ChoiceBatch): string {
    if (this.#over) return ''
    const stream = (this.#candidates[choice] ??= new CandidateStream(this.#includeThoughts))
    const { parts, finishReason, refused } = stream.read(events)
    let frames = ''
    if (refused && this.#count === 1) frames = this.#frame({ ...REFUSED, ...this.#tail(true) })
    else if (parts.length > 0)
      frames = this.#frame({
        candidates: [candidate(choice, parts, finishReason)],
        ...this.#tail(finishReason !== undefined),
      })
    const error = errorOf(events)
    if (!error) return frames
    frames += this.#frame(encodeError(error)) + this.format.last
    this.#over = true
    return frames
  }

  end(): string {
    if (this.#over) return ''
    this.#over = true
    return this.#begun ? this.format.last : this.format.empty
  }

  #tail(finished: boolean): Pick<GeminiResponse, 'usageMetadata' | 'modelVersion' | 'responseId'> {
    const usage = finished ? encodeUsage(this.#candidates.map((known) => known.usage)) : undefined
    return { ...(usage ? { usageMetadata: usage } : {}), ...envelope(this.#context) }
  }

  #frame(chunk: GeminiResponse | GeminiError): string {
    const { first, next, after } = this.format
    const before = this.#begun ? next : first
    this.#begun = true
    return before + oneLine(chunk) + after
  }
}
