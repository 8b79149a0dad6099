import type { ChoiceBatch } from '../../core/event.ts'
import type { ChatRequest } from '../../core/request.ts'
import { errorOf } from '../broken-off.ts'
import type { AnswerContext, StreamEncoder } from '../dialect.ts'
import { oneLine } from '../one-line.ts'
import { encodeError } from './errors.ts'
import { type AnswerForm, answerForm } from './form.ts'
import { type ChunkFrame, chunkFrame, DONE, frame } from './frames.ts'
import { ChoiceStream } from './stream-choice.ts'
import { encodeUsage } from './usage.ts'

/**
 * Encodes the chunks of one streamed answer. An error becomes `data: {"error":{...}}` and ends the stream: nothing comes
 * behind it, not even `[DONE]`, which readers take for a whole answer. The SDKs throw at that frame (openai 7.57,
 * core/streaming: a chunk with `error` is an APIError).
 */
export class ChatStream implements StreamEncoder {
  readonly #frame: ChunkFrame
  readonly #form: AnswerForm
  readonly #includeUsage: boolean
  readonly #choices: ChoiceStream[] = []
  #failed = false

  constructor(request: ChatRequest, context: AnswerContext) {
    this.#form = answerForm(request)
    this.#includeUsage = request.includeUsage === true
    this.#frame = chunkFrame(context, this.#includeUsage)
  }

  push({ choice, events }: ChoiceBatch): string {
    if (this.#failed) return ''
    const stream = (this.#choices[choice] ??= new ChoiceStream(this.#frame, choice, this.#form))
    const frames = stream.encode(events)
    const error = errorOf(events)
    if (!error) return frames
    this.#failed = true
    return frames + frame(oneLine(encodeError(error)))
  }

  end(): string {
    if (this.#failed) return ''
    const usage = this.#includeUsage ? encodeUsage(this.#choices.map((choice) => choice.usage)) : undefined
    if (!usage) return DONE
    return `${this.#frame.head}"choices":[],"usage":${JSON.stringify(usage)}}\n\n${DONE}`
  }
}
