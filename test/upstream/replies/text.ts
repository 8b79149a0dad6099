import { type Answer, type AnswerOptions, type Step, answer } from '../reply.ts'

export type TextOptions = AnswerOptions & {
  /** Milliseconds between two chunks. */
  between?: number
}

/** Streams text: a string whole, a list chunk by chunk. */
export function text(chunks: string | string[], options: TextOptions = {}): Answer {
  return answer(
    () =>
      spaced(
        [chunks].flat().map((chunk) => ({ type: 'text', text: chunk })),
        options.between,
      ),
    options,
  )
}

/** The steps with a wait between each two. */
export function* spaced(steps: Iterable<Step>, between = 0): Iterable<Step> {
  let first = true
  for (const step of steps) {
    if (!first && between > 0) yield { type: 'wait', milliseconds: between }
    first = false
    yield step
  }
}

/** The same chunk again and again: `count` times, or for ever. For cancels, floods and benches. */
export function ticks(options: TextOptions & { count?: number; chunk?: string } = {}): Answer {
  const count = options.count ?? Infinity
  const chunk = options.chunk ?? 'tick '
  const steps = function* (): Iterable<Step> {
    for (let sent = 0; sent < count; sent += 1) yield { type: 'text', text: chunk }
  }
  return answer(() => spaced(steps(), options.between ?? 20), options)
}
