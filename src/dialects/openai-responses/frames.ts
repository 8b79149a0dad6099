// The text of server-sent events, numbered in the order in which they are made.
import { oneLine } from '../one-line.ts'
import type { ResponsesStreamEvent } from './schema-events.ts'

type Unnumbered<Event> = Event extends unknown ? Omit<Event, 'sequence_number'> : never

/** Events whose text changes only in one field, which is most of a stream. */
type DeltaType = Extract<ResponsesStreamEvent, { delta: string }>['type']

export class Frames {
  #sequence = 0

  /** One event; its name stands before the data as well, where the SDKs look for it. */
  event(event: Unnumbered<ResponsesStreamEvent>): string {
    const { type, ...fields } = event
    return `event: ${type}\ndata: ${oneLine({ type, sequence_number: this.#sequence++, ...fields })}\n\n`
  }

  /** @param place the fields that say where the text belongs, as JSON without braces */
  delta(type: DeltaType, place: string, text: string): string {
    const logprobs = type === 'response.output_text.delta' ? ',"logprobs":[]' : ''
    return `event: ${type}\ndata: {"type":"${type}","sequence_number":${this.#sequence++},${place},"delta":${oneLine(text)}${logprobs}}\n\n`
  }
}

/** The frames of a text of whole ones: the place of each is its `sequence_number`. */
export function splitFrames(text: string): string[] {
  return text
    .split('\n\n')
    .slice(0, -1)
    .map((frame) => `${frame}\n\n`)
}
