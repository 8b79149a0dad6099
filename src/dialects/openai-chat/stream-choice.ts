import type { Batch, ChatEvent, FinishReason } from '../../core/event.ts'
import type { Usage } from '../../core/usage.ts'
import { oneLine } from '../one-line.ts'
import { BETWEEN_THOUGHTS } from './answer.ts'
import { finishReason } from './finish.ts'
import type { AnswerForm } from './form.ts'
import type { ChunkFrame } from './frames.ts'

/** The chunks of one choice of a stream. */
export class ChoiceStream {
  usage: Usage | undefined
  readonly #deltaHead: string
  readonly #deltaTail: string
  readonly #finishTail: string
  readonly #form: AnswerForm
  /** Position in `tool_calls` by block. */
  readonly #calls = new Map<number, number>()
  /** All text so far; kept where it may turn out to be a refusal. */
  #said = ''
  /** The last block that had a thought in it. */
  #thought: number | undefined

  constructor({ head, tail }: ChunkFrame, choice: number, form: AnswerForm) {
    this.#form = form
    this.#deltaHead = `${head}"choices":[{"index":${choice},"delta":{`
    this.#deltaTail = `},"logprobs":null,"finish_reason":null}]${tail}`
    this.#finishTail = `"}]${tail}`
  }

  /** Frames for the events of one batch. Deltas in a row become one chunk: the same text in fewer bytes. */
  encode(events: Batch): string {
    let frames = ''
    let index = 0
    while (index < events.length) {
      const event = events[index++]!
      if (event.type !== 'text-delta' && event.type !== 'reasoning-delta') {
        frames += this.#encode(event)
        continue
      }
      let text = event.text
      for (let next = events[index]; next?.type === event.type && next.block === event.block; next = events[index]) {
        text += next.text
        index += 1
      }
      if (text !== '') frames += event.type === 'text-delta' ? this.#text(text) : this.#reasoning(event.block, text)
    }
    return frames
  }

  #encode(event: Exclude<ChatEvent, { type: 'text-delta' | 'reasoning-delta' }>): string {
    switch (event.type) {
      case 'stream-start':
        // Null where it may be that no text comes; clients that put the deltas together begin with it.
        return this.#delta(`"role":"assistant","content":${this.#form.tools ? 'null' : '""'},"refusal":null`)
      case 'tool-call-start':
        return this.#call(event.block, event.id, event.name)
      case 'tool-call-delta':
        return event.arguments === '' ? '' : this.#arguments(event.block, event.arguments)
      case 'usage':
        this.usage = event.usage
        return ''
      case 'finish':
        // An answer that finished with an error gets an error frame instead, from the stream.
        if (event.reason === 'error') return ''
        return `${this.#refusal(event.reason)}${this.#deltaHead}},"logprobs":null,"finish_reason":"${finishReason(event.reason, this.#form)}${this.#finishTail}`
      case 'text-start':
      case 'text-end':
      case 'reasoning-start':
      case 'reasoning-end':
      case 'tool-call-end':
      case 'tool-activity':
      case 'raw':
      case 'error':
        return ''
      default:
        return event satisfies never
    }
  }

  #call(block: number, id: string, name: string): string {
    const index = this.#calls.size
    this.#calls.set(block, index)
    const called = `{"name":${oneLine(name)},"arguments":""}`
    if (!this.#form.legacy)
      return this.#delta(`"tool_calls":[{"index":${index},"id":${oneLine(id)},"type":"function","function":${called}}]`)
    return index === 0 ? this.#delta(`"function_call":${called}`) : ''
  }

  #arguments(block: number, text: string): string {
    const index = this.#calls.get(block)
    const called = `{"arguments":${oneLine(text)}}`
    if (!this.#form.legacy) return this.#delta(`"tool_calls":[{"index":${index},"function":${called}}]`)
    return index === 0 ? this.#delta(`"function_call":${called}`) : ''
  }

  /** The text has been sent as content by then: only the end tells that it was a refusal. */
  #refusal(reason: FinishReason): string {
    return reason === 'content-filter' && this.#said !== '' ? this.#delta(`"refusal":${oneLine(this.#said)}`) : ''
  }

  #text(text: string): string {
    if (this.#form.structured) this.#said += text
    return this.#delta(`"content":${oneLine(text)}`)
  }

  #reasoning(block: number, text: string): string {
    const isNext = this.#thought !== undefined && this.#thought !== block
    this.#thought = block
    return this.#delta(`"reasoning_content":${oneLine(isNext ? BETWEEN_THOUGHTS + text : text)}`)
  }

  #delta(fields: string): string {
    return this.#deltaHead + fields + this.#deltaTail
  }
}
