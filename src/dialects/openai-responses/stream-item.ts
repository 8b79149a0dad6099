// One item of a streamed answer, from its first event to its last.
import type { AssistantPart } from '../../core/request.ts'
import type { Opaque } from '../stream-queue.ts'
import type { Frames } from './frames.ts'
import { emptyMessage, encodeItem, itemId, type ItemOptions, outputText, presentedItem, thought } from './items.ts'
import type { ItemStatus, ResponsesOutputItem } from './schema-answer.ts'
import { toInput, wireTool } from './tool-names.ts'

export type StreamItemOptions = ItemOptions & {
  /** Encrypted reasoning is written. */
  encrypted: boolean
}

type Kind = 'message' | 'reasoning' | 'function_call' | 'custom_tool_call'

export class StreamItem {
  readonly #part: AssistantPart
  readonly #kind: Kind
  readonly #index: number
  readonly #frames: Frames
  readonly #options: StreamItemOptions
  readonly #id: string
  /** Where texts of this item belong, and the same as JSON without braces. */
  readonly #place: { item_id: string; output_index: number }
  readonly #deltaPlace: string
  #text = ''
  /** The part that holds the text has begun: for thinking only with its first word. */
  #partBegun = false

  constructor(part: AssistantPart, index: number, frames: Frames, options: StreamItemOptions) {
    this.#part = part
    this.#kind = kindOf(part, options)
    this.#index = index
    this.#frames = frames
    this.#options = options
    this.#id = itemId(PREFIXES[this.#kind], options.id, index)
    this.#place = { item_id: this.#id, output_index: index }
    const inner = this.#hasContent ? ',"content_index":0' : this.#hasSummary ? ',"summary_index":0' : ''
    this.#deltaPlace = `"item_id":"${this.#id}","output_index":${index}${inner}`
  }

  begin(): string {
    const added = { type: 'response.output_item.added', output_index: this.#index, item: this.#empty() } as const
    return this.#frames.event(added) + (this.#kind === 'message' ? this.#beginPart() : '')
  }

  say(text: string): string {
    if (text === '') return ''
    this.#text += text
    switch (this.#kind) {
      case 'message':
        return this.#frames.delta('response.output_text.delta', this.#deltaPlace, text)
      case 'reasoning': {
        const begun = this.#partBegun ? '' : this.#beginPart()
        const type = this.#options.summary ? 'response.reasoning_summary_text.delta' : 'response.reasoning_text.delta'
        return begun + this.#frames.delta(type, this.#deltaPlace, text)
      }
      case 'function_call':
        return this.#frames.delta('response.function_call_arguments.delta', this.#deltaPlace, text)
      case 'custom_tool_call':
        // The text is inside of JSON, and whole only at its end.
        return ''
      default:
        return this.#kind satisfies never
    }
  }

  /**
   * @param opaque what belongs to a thought and comes at its end
   * @param packed the same as an earlier answer had it
   */
  end(status: ItemStatus, opaque: Opaque, packed?: string): string {
    const bare = this.item(status, opaque)
    const item = bare.type === 'reasoning' && packed !== undefined ? { ...bare, encrypted_content: packed } : bare
    return (
      this.#endPart() +
      this.#frames.event({
        type: 'response.output_item.done',
        output_index: this.#index,
        item: presentedItem(item, this.#options.encrypted),
      })
    )
  }

  /** What there is of it. */
  item(status: ItemStatus, opaque: Opaque = {}): ResponsesOutputItem {
    return encodeItem(withText(this.#part, this.#text, opaque), this.#index, status, this.#options) ?? this.#empty()
  }

  get #hasContent(): boolean {
    return this.#kind === 'message' || (this.#kind === 'reasoning' && !this.#options.summary)
  }

  get #hasSummary(): boolean {
    return this.#kind === 'reasoning' && this.#options.summary
  }

  #beginPart(): string {
    this.#partBegun = true
    if (this.#hasSummary) {
      const part = { type: 'summary_text', text: '' } as const
      return this.#frames.event({
        type: 'response.reasoning_summary_part.added',
        ...this.#place,
        summary_index: 0,
        part,
      })
    }
    const part = this.#kind === 'message' ? outputText('') : ({ type: 'reasoning_text', text: '' } as const)
    return this.#frames.event({ type: 'response.content_part.added', ...this.#place, content_index: 0, part })
  }

  #endPart(): string {
    const frames = this.#frames
    const text = this.#text
    switch (this.#kind) {
      case 'message': {
        const place = { ...this.#place, content_index: 0 }
        return (
          frames.event({ type: 'response.output_text.done', ...place, text, logprobs: [] }) +
          frames.event({ type: 'response.content_part.done', ...place, part: outputText(text) })
        )
      }
      case 'reasoning': {
        if (!this.#partBegun) return ''
        if (this.#hasSummary) {
          const place = { ...this.#place, summary_index: 0 }
          const part = { type: 'summary_text', text } as const
          return (
            frames.event({ type: 'response.reasoning_summary_text.done', ...place, text }) +
            frames.event({ type: 'response.reasoning_summary_part.done', ...place, part })
          )
        }
        const place = { ...this.#place, content_index: 0 }
        const part = { type: 'reasoning_text', text } as const
        return (
          frames.event({ type: 'response.reasoning_text.done', ...place, text }) +
          frames.event({ type: 'response.content_part.done', ...place, part })
        )
      }
      case 'function_call':
        return frames.event({ type: 'response.function_call_arguments.done', ...this.#place, arguments: text })
      case 'custom_tool_call': {
        const input = toInput(text)
        const delta = frames.delta('response.custom_tool_call_input.delta', this.#deltaPlace, input)
        return delta + frames.event({ type: 'response.custom_tool_call_input.done', ...this.#place, input })
      }
      default:
        return this.#kind satisfies never
    }
  }

  /** The item as it is announced. */
  #empty(): ResponsesOutputItem {
    if (this.#kind === 'message') return emptyMessage(this.#id)
    if (this.#kind === 'reasoning') return thought(this.#id, '', this.#options.summary)
    return encodeItem(this.#part, this.#index, 'in_progress', this.#options)!
  }
}

const PREFIXES = { message: 'msg', reasoning: 'rs', function_call: 'fc', custom_tool_call: 'ctc' } as const

function kindOf(part: AssistantPart, { tools }: ItemOptions): Kind {
  if (part.type === 'text') return 'message'
  if (part.type === 'reasoning') return 'reasoning'
  return wireTool(tools, part.name).kind === 'custom' ? 'custom_tool_call' : 'function_call'
}

function withText(part: AssistantPart, text: string, { signature, encrypted }: Opaque) {
  if (part.type === 'tool-call') return { ...part, arguments: text }
  if (part.type === 'text') return { ...part, text }
  return {
    ...part,
    text,
    ...(signature === undefined ? {} : { signature }),
    ...(encrypted === undefined ? {} : { encrypted }),
  }
}
