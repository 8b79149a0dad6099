import { type Answer, type Step, answer } from '../reply.ts'
import { type TextOptions, spaced } from './text.ts'

/** Thinks in these pieces, signs, then says `text`. */
export function thinking(pieces: string[], text: string[], options: TextOptions & { signature?: string } = {}): Answer {
  const steps: Step[] = [
    ...pieces.map((piece) => ({ type: 'thinking' as const, text: piece })),
    { type: 'signature', signature: options.signature ?? 'c2lnbmF0dXJl' },
    ...text.map((chunk) => ({ type: 'text' as const, text: chunk })),
  ]
  return answer(() => spaced(steps, options.between), { usage: { thinking: pieces.length }, ...options })
}

/** Thinks what the caller may not read, then says `text`. */
export function redactedThinking(text: string[], options: TextOptions & { data?: string } = {}): Answer {
  const steps: Step[] = [
    { type: 'redacted-thinking', data: options.data ?? 'ZW5jcnlwdGVk' },
    ...text.map((chunk) => ({ type: 'text' as const, text: chunk })),
  ]
  return answer(() => spaced(steps, options.between), options)
}
