// Answers of the Responses API that the neutral kinds have no word for.
import { type Answer, answer, type AnswerOptions } from '../../upstream/reply.ts'

const event = (type: string, fields: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`

const message = (content: object[]) => ({
  id: 'msg_1',
  type: 'message',
  status: 'completed',
  role: 'assistant',
  content,
})

function framed(frames: string[], options: AnswerOptions = {}): Answer {
  return answer(() => [{ type: 'bytes', bytes: frames.join('') }], options)
}

/** The model refuses, in the part of a message that is made for it. */
export function refusal(words: string): Answer {
  const at = { item_id: 'msg_1', output_index: 0, content_index: 0 }
  return framed([
    event('response.output_item.added', { output_index: 0, item: { ...message([]), status: 'in_progress' } }),
    event('response.content_part.added', { ...at, part: { type: 'refusal', refusal: '' } }),
    event('response.refusal.delta', { ...at, delta: words }),
    event('response.refusal.done', { ...at, refusal: words }),
    event('response.output_item.done', { output_index: 0, item: message([{ type: 'refusal', refusal: words }]) }),
  ])
}

/** A message that comes whole, without any delta. */
export function wholeItem(words: string): Answer {
  const item = message([{ type: 'output_text', text: words, annotations: [] }])
  return framed([event('response.output_item.done', { output_index: 0, item })])
}
