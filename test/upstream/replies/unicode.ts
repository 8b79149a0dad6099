import type { Answer } from '../reply.ts'
import { type TextOptions, text } from './text.ts'

/** CJK in two planes, joined and flagged emoji, stacked combining marks, right-to-left, line separators, a NUL. */
export const UNICODE_SAMPLE =
  '漢字かな交じり文 𠮷野家 한국어 👩‍👩‍👧‍👦 🏳️‍🌈 🇯🇵 👍🏽 e\u0301 n\u0303o\u0308\u0332 Z\u0351\u0357\u0321 שלום עולם \u2028\u2029 \u0000 "\\" \n end'

/** The sample, one code point a delta and one byte a write: every cut there can be. */
export function unicode(options: TextOptions & { sample?: string } = {}): Answer {
  return text([...(options.sample ?? UNICODE_SAMPLE)], { bytesPerWrite: 1, ...options })
}
