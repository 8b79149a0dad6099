import type { ChoiceBatch } from '../../core/event.ts'
import type { Usage } from '../../core/usage.ts'
import { errorOf } from '../broken-off.ts'
import type { AnswerContext, StreamEncoder } from '../dialect.ts'
import { oneLine } from '../one-line.ts'
import { choice, envelope } from './envelope.ts'
import { encodeError } from './errors.ts'
import { promptAt } from './prompts.ts'
import type { Completion, CompletionRequest } from './schema.ts'
import { encodeUsage } from './usage.ts'

const DONE = 'data: [DONE]\n\n'

/**
 * Encodes the chunks of one streamed answer. An error becomes `data: {"error":{...}}` and ends the stream: nothing comes behind
 * it, not even `[DONE]`, which readers take for a whole answer.
 */
export class CompletionStream implements StreamEncoder {
  readonly #body: CompletionRequest
  readonly #context: AnswerContext
  readonly #usages: (Usage | undefined)[] = []
  #failed = false

  constructor(body: CompletionRequest, context: AnswerContext) {
    this.#body = body
    this.#context = context
  }

  push({ choice: index, events }: ChoiceBatch): string {
    if (this.#failed) return ''
    const last = events.at(-1)
    let text = ''
    for (const event of events) {
      if (event.type === 'stream-start' && this.#body.echo) text += promptAt(this.#body, index)
      else if (event.type === 'text-delta') text += event.text
      else if (event.type === 'usage') this.#usages[index] = event.usage
    }
    const error = errorOf(events)
    const finish = last?.type === 'finish' && !error ? last.reason : undefined
    const frames = text !== '' || finish ? this.#frame({ choices: [choice(index, text, finish)] }) : ''
    if (!error) return frames
    this.#failed = true
    return `${frames}data: ${oneLine(encodeError(error))}\n\n`
  }

  end(): string {
    if (this.#failed) return ''
    const usage = this.#body.stream_options?.include_usage ? encodeUsage(this.#usages) : undefined
    return (usage ? this.#frame({ choices: [], usage }) : '') + DONE
  }

  #frame(fields: Pick<Completion, 'choices' | 'usage'>): string {
    return `data: ${oneLine({ ...envelope(this.#context), ...fields })}\n\n`
  }
}
