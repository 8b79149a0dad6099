import type { Answer } from '../reply.ts'
import { responseEvents } from './events.ts'

/** The whole response, for requests that don't stream: what the last event of a stream carries. */
export function wholeResponse(answer: Answer, id: string, model: string): unknown {
  let whole: unknown
  for (const step of responseEvents(answer, id, model)) {
    if ('event' in step && 'response' in step.event) whole = step.event['response']
  }
  return whole
}
