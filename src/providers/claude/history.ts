// The three ways in which a conversation reaches the model through Claude Code.
import type { Block, BlockMessage } from './blocks.ts'
import { assistantFrame, toldFrame, userFrame } from './frames.ts'

/**
 * `replay`: told message by message, so that Claude Code builds the request. `exact`: the request's messages as they are.
 * `transcript`: one labelled text, for versions of which neither can be relied on.
 */
export type HistoryMode = 'replay' | 'exact' | 'transcript'

/** Frames to write at once. The next step waits until the message with this uuid is taken. */
export type Step = { frames: string; uuid: string }

/**
 * The conversation as steps; the last one asks the model. Most go out in two writes: all that is text, behind the first message.
 * That one has to be a true message of the user, since a checksum in the first system block comes from it, and another one
 * each turn would empty the prompt cache. A true message goes through a queue of Claude Code (2.1.329), in which what is
 * behind it would overtake it: so do those with images, documents and results.
 */
export function replaySteps(messages: readonly BlockMessage[], model: string, newUuid: () => string): Step[] {
  const steps: Step[] = []
  // Else no turn would read the history from the prompt cache: Claude Code marks nothing but the end of its own reminders.
  const cached = messages.findLast((message) => message.role === 'assistant')
  let frames = ''
  for (const [position, message] of messages.entries()) {
    const uuid = newUuid()
    const last = position === messages.length - 1
    const text = onlyText(message.content)
    if (message.role === 'assistant') {
      frames += assistantFrame(uuid, model, (message === cached ? markForCache(message) : message).content)
    } else if (position > 0 && !last && text !== undefined) {
      frames += toldFrame(uuid, text)
    } else {
      steps.push({ frames: frames + userFrame(uuid, message.content, last), uuid })
      frames = ''
    }
  }
  return steps
}

function onlyText(content: readonly Block[]): string | undefined {
  const text = content.length === 1 ? content[0]?.['text'] : undefined
  return typeof text === 'string' ? text : undefined
}

/** Breakpoints that are left: the API takes four, and Claude Code sets two in its system blocks. */
const BREAKPOINTS = 2

/**
 * The messages as they go into the body. The last two messages of the user are marked for the prompt cache: the last one
 * writes what the next turn reads, where it is marked again.
 */
export function exactMessages(messages: readonly BlockMessage[]): BlockMessage[] {
  const marked = new Set(messages.filter((message) => message.role === 'user').slice(-BREAKPOINTS))
  return messages.map((message) => (marked.has(message) ? markForCache(message) : message))
}

function markForCache({ role, content }: BlockMessage): BlockMessage {
  const last = content.at(-1)
  // The API takes no mark on thinking.
  if (!last || last.type === 'thinking' || last.type === 'redacted_thinking') return { role, content }
  return { role, content: [...content.slice(0, -1), { ...last, cache_control: { type: 'ephemeral' } }] }
}

/**
 * What Claude Code is told when the messages are in the body: nothing of it is sent, but a checksum in its first system block
 * comes from it. The beginning of the first message keeps that block the same from turn to turn, and as it is in a replay.
 */
export function exactTrigger(messages: readonly BlockMessage[]): string {
  const first = messages[0]?.content.find((block) => block.type === 'text')?.['text']
  return (typeof first === 'string' && first.slice(0, 200).trim()) || 'Hello'
}

/** The whole conversation as one message of the user. */
export function transcript(messages: readonly BlockMessage[]): Block[] {
  const last = messages.at(-1)?.content ?? []
  if (messages.length <= 1) return plainStart(last)
  const blocks: Block[] = [{ type: 'text', text: 'The conversation so far:\n\n<conversation>' }]
  for (const { role, content } of messages.slice(0, -1)) {
    blocks.push({ type: 'text', text: `<${role}>` }, ...content.flatMap(readable), { type: 'text', text: `</${role}>` })
  }
  blocks.push({ type: 'text', text: '</conversation>\n\nAnswer the next message of the user:' })
  return joinTexts([...blocks, ...last.flatMap(readable)])
}

/** A text that begins with "/" would be taken for a command. */
function plainStart(content: readonly Block[]): Block[] {
  const [first, ...rest] = content.flatMap(readable)
  const text = first?.['text']
  if (typeof text !== 'string' || !/^\s*\//.test(text)) return content.flatMap(readable)
  return [{ type: 'text', text: `The message of the user:\n${text}` }, ...rest]
}

/** What only means something in its place in a real history, as text. */
function readable(block: Block): Block[] {
  switch (block.type) {
    case 'thinking':
    case 'redacted_thinking':
      return []
    case 'tool_use':
      return [
        {
          type: 'text',
          text: `<tool_call name=${JSON.stringify(block['name'])}>${JSON.stringify(block['input'])}</tool_call>`,
        },
      ]
    case 'tool_result':
      return [
        { type: 'text', text: '<tool_result>' },
        ...((block['content'] as Block[] | undefined) ?? []),
        { type: 'text', text: '</tool_result>' },
      ]
    default:
      return [block]
  }
}

function joinTexts(blocks: readonly Block[]): Block[] {
  const joined: Block[] = []
  for (const block of blocks) {
    const last = joined.at(-1)
    if (block.type === 'text' && last?.type === 'text')
      last['text'] = `${String(last['text'])}\n${String(block['text'])}`
    else joined.push({ ...block })
  }
  return joined
}
