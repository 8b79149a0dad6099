import type { ChatEvent } from '../core/event.ts'

type BlockKind = 'text' | 'reasoning' | 'tool-call'

/** The blocks of an answer that have begun and not ended. */
export type OpenBlocks = {
  track(event: ChatEvent): void
  /** The end of each, for an answer that ends here. */
  ends(): ChatEvent[]
}

export function createOpenBlocks(): OpenBlocks {
  const open = new Map<number, BlockKind>()
  return {
    track(event) {
      if (event.type === 'text-start') open.set(event.block, 'text')
      if (event.type === 'reasoning-start') open.set(event.block, 'reasoning')
      if (event.type === 'tool-call-start') open.set(event.block, 'tool-call')
      if (event.type === 'text-end' || event.type === 'reasoning-end' || event.type === 'tool-call-end') {
        open.delete(event.block)
      }
    },
    ends: () => [...open].map(([block, kind]): ChatEvent => ({ type: `${kind}-end`, block })),
  }
}
