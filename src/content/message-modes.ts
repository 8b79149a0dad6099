// What a caller sees of a CLI's own tool activity, which no API of a model has a place for.
import type { Batch, ChatEvent } from '../core/event.ts'
import type { BatchFilter } from '../core/turn.ts'

/**
 * `ignore`: nothing of it. `forward`: each step as one line of JSON in the answer's text. `formatted`: each step as an XML
 * element with JSON in it.
 */
export const MESSAGE_MODES = ['ignore', 'forward', 'formatted'] as const
export type MessageMode = (typeof MESSAGE_MODES)[number]

type Activity = Extract<ChatEvent, { type: 'tool-activity' }>

/**
 * Turns `tool-activity` events into text blocks of their own, or takes them out. A step that comes while a block is open is
 * said when no block is: parts of an answer do not overlap.
 */
export function messageMode(mode: MessageMode): BatchFilter {
  return async function* (batches) {
    const blocks = mode === 'ignore' ? undefined : createBlocks(mode === 'forward' ? asJson : asXml)
    for await (const batch of batches) {
      const passed = blocks ? blocks.pass(batch) : batch.filter((event) => event.type !== 'tool-activity')
      if (passed.length > 0) yield passed
    }
  }
}

/** Numbers the blocks anew around those of the activity. */
function createBlocks(write: (activity: Activity) => string) {
  const numbers = new Map<number, number>()
  const waiting: Activity[] = []
  let started = 0
  let open = 0

  function say(passed: Batch): void {
    if (waiting.length === 0 || open > 0) return
    const block = started++
    const text = waiting.splice(0).map(write).join('')
    passed.push({ type: 'text-start', block }, { type: 'text-delta', block, text }, { type: 'text-end', block })
  }

  return {
    pass(events: Batch): Batch {
      const passed: Batch = []
      for (const event of events) {
        if (event.type === 'tool-activity') {
          waiting.push(event)
          continue
        }
        say(passed)
        if (!('block' in event)) {
          passed.push(event)
          continue
        }
        if (event.type.endsWith('-start')) {
          numbers.set(event.block, started++)
          open += 1
        } else if (event.type.endsWith('-end')) open -= 1
        passed.push({ ...event, block: numbers.get(event.block) ?? event.block })
      }
      say(passed)
      return passed
    },
  }
}

function asJson({ name, phase, detail }: Activity): string {
  return `${json({ tool_activity: { name, phase, detail } })}\n`
}

/** The phase names the element, so that each has its end in itself: `<tool_start>{...}</tool_start>`. */
function asXml({ name, phase, detail }: Activity): string {
  // A `<` in the JSON could end the element.
  return `<tool_${phase}>${json({ name, detail }).replaceAll('<', '\\u003c')}</tool_${phase}>\n`
}

function json(value: object): string {
  try {
    return JSON.stringify(value)
  } catch {
    return '{}'
  }
}
