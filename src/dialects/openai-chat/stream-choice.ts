import type { Batch, ChatEvent } from '../../core/event.ts'
import type { Usage } from '../../core/usage.ts'
import { BETWEEN_THOUGHTS } from './answer.ts'
import { FINISH_REASONS } from './finish.ts'
import { type ChunkFrame, oneLine } from './frames.ts'

/** The chunks of one choice of a stream. */
export class ChoiceStream {
  usage: Usage | undefined
  readonly #deltaHead: string
  readonly #deltaTail: string
  readonly #finishTail: string
  /** Position in `tool_calls` by block. */
  readonly #calls = new Map<number, number>()
  /** The last block that had a thought in it. */
  #thought: number | undefined

  constructor({ head, tail }: ChunkFrame, choice: number) {
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
        return this.#delta('"role":"assistant","content":"","refusal":null')
      case 'tool-call-start': {
        const index = this.#calls.size
        this.#calls.set(event.block, index)
        const called = `{"name":${oneLine(event.name)},"arguments":""}`
        return this.#delta(
          `"tool_calls":[{"index":${index},"id":${oneLine(event.id)},"type":"function","function":${called}}]`,
        )
      }
      case 'tool-call-delta': {
        if (event.arguments === '') return ''
        const index = this.#calls.get(event.block)
        return this.#delta(`"tool_calls":[{"index":${index},"function":{"arguments":${oneLine(event.arguments)}}}]`)
      }
      case 'usage':
        this.usage = event.usage
        return ''
      case 'finish':
        // An answer that finished with an error gets an error frame instead, from the stream.
        if (event.reason === 'error') return ''
        return `${this.#deltaHead}},"logprobs":null,"finish_reason":"${FINISH_REASONS[event.reason]}${this.#finishTail}`
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

  #text(text: string): string {
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
