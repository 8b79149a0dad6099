import type { ChatEvent, ChoiceBatch, FinishReason } from './event.ts'
import type { AssistantPart } from './request.ts'
import type { Usage } from './usage.ts'

/** One whole answer, put together from its events. */
export type CollectedAnswer = {
  /** The provider's own name for the model. */
  model: string
  content: AssistantPart[]
  finish: FinishReason
  stopSequence?: string
  usage?: Usage
}

type Draft = { answer: CollectedAnswer; blocks: Map<number, AssistantPart> }

/**
 * Reads a turn to its end. Answers come in the order of their choice number.
 * @throws GatewayError what the turn failed with: a part of an answer is no answer
 */
export async function collect(batches: AsyncIterable<ChoiceBatch>): Promise<CollectedAnswer[]> {
  const drafts: Draft[] = []
  for await (const { choice, events } of batches) {
    const draft = (drafts[choice] ??= { answer: { model: '', content: [], finish: 'error' }, blocks: new Map() })
    for (const event of events) apply(draft, event)
  }
  return drafts.map((draft) => draft.answer)
}

function apply(draft: Draft, event: ChatEvent): void {
  switch (event.type) {
    case 'stream-start':
      draft.answer.model = event.model
      return
    case 'text-start':
      return open(draft, event.block, { type: 'text', text: '' })
    case 'reasoning-start':
      return open(draft, event.block, { type: 'reasoning', text: '' })
    case 'tool-call-start':
      return open(draft, event.block, { type: 'tool-call', id: event.id, name: event.name, arguments: '' })
    case 'text-delta':
    case 'reasoning-delta': {
      const part = draft.blocks.get(event.block)
      if (part && 'text' in part) part.text += event.text
      return
    }
    case 'tool-call-delta': {
      const part = draft.blocks.get(event.block)
      if (part?.type === 'tool-call') part.arguments += event.arguments
      return
    }
    case 'reasoning-end': {
      const part = draft.blocks.get(event.block)
      if (part?.type !== 'reasoning') return
      if (event.signature !== undefined) part.signature = event.signature
      if (event.encrypted !== undefined) part.encrypted = event.encrypted
      return
    }
    case 'usage':
      draft.answer.usage = event.usage
      return
    case 'finish':
      draft.answer.finish = event.reason
      if (event.stopSequence !== undefined) draft.answer.stopSequence = event.stopSequence
      return
    case 'error':
      throw event.error
    case 'text-end':
    case 'tool-call-end':
    case 'tool-activity':
    case 'raw':
      return
    default:
      event satisfies never
  }
}

function open(draft: Draft, block: number, part: AssistantPart): void {
  draft.blocks.set(block, part)
  draft.answer.content.push(part)
}
