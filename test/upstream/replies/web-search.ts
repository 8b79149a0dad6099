import { type Answer, type AnswerOptions, answer } from '../reply.ts'

export type Source = { title: string; url: string }

/** The service searches by itself, then says `text`. */
export function searched(query: string, sources: Source[], text: string, options: AnswerOptions = {}): Answer {
  return answer(
    () => [
      { type: 'web-search', query, sources },
      { type: 'text', text },
    ],
    options,
  )
}
