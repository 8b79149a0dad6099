import type { ChatEvent } from './event.ts'

const KIND = /^(text|reasoning|tool-call)-(start|delta|end)$/

/**
 * Checks the order that drivers promise and dialects rely on: `stream-start` first; every start has one end and deltas
 * between; blocks numbered 0, 1, 2 in order of start; one `finish` or `error`, and nothing behind it. An answer that
 * failed before it began, beside others that did begin, is an `error` alone.
 * @throws Error that names the first event out of order
 */
export function assertOrder(events: readonly ChatEvent[]): void {
  const open = new Map<number, string>()
  let nextBlock = 0
  if (events.length === 1 && events[0]?.type === 'error') return
  events.forEach((event, position) => {
    const fail = (why: string): never => {
      throw new Error(`event ${position} (${event.type}): ${why}`)
    }
    const last = position === events.length - 1
    if ((event.type === 'stream-start') !== (position === 0))
      fail('stream-start must be the first event, and only that')
    if ((event.type === 'finish' || event.type === 'error') !== last)
      fail('finish or error must be the last event, and only that')
    if (event.type === 'finish' && open.size > 0) fail(`blocks still open: ${[...open.keys()].join(', ')}`)
    const [, kind, step] = KIND.exec(event.type) ?? []
    if (!kind || !('block' in event)) return
    if (step === 'start') {
      if (event.block !== nextBlock) fail(`block ${event.block} starts where ${nextBlock} was expected`)
      nextBlock += 1
      open.set(event.block, kind)
      return
    }
    if (open.get(event.block) !== kind) fail(`block ${event.block} is not an open ${kind} block`)
    if (step === 'end') open.delete(event.block)
  })
  if (events.length === 0) throw new Error('no events')
}
