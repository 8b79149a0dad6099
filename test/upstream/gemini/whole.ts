// The same answer in one piece: what generateContent gives.
import type { Chunk, ChunkStep, Part } from './chunks.ts'

/** The chunks put together; undefined where the answer breaks off before its end. */
export function wholeAnswer(items: Iterable<ChunkStep>): Chunk | undefined {
  const parts: Part[] = []
  let last: Chunk | undefined
  for (const item of items) {
    if (!('chunk' in item)) {
      if (item.step.type === 'wait' || item.step.type === 'bytes') continue
      return undefined
    }
    if ('error' in item.chunk) return item.chunk
    const [candidate] = item.chunk['candidates'] as { content: { parts: Part[] } }[]
    for (const part of candidate?.content.parts ?? []) join(parts, part)
    last = item.chunk
  }
  const [candidate] = (last?.['candidates'] ?? []) as object[]
  return { ...last, candidates: [{ ...candidate, content: { role: 'model', parts } }] }
}

/** Neighbouring texts of one kind are one part. */
function join(parts: Part[], part: Part): void {
  const before = parts.at(-1)
  const isText = typeof part['text'] === 'string' && typeof before?.['text'] === 'string'
  if (before && isText && before['thought'] === part['thought'] && part['thoughtSignature'] === undefined) {
    before['text'] = `${String(before['text'])}${String(part['text'])}`
  } else parts.push({ ...part })
}
