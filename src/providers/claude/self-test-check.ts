// What the self-test asks, and whether it reached the service as it was sent. Pure.
import type { Block, BlockMessage } from './blocks.ts'
import { asFields, type Fields, listAt, textAt } from '../acp-fields.ts'
import type { HistoryMode } from './history.ts'
import type { Way } from './self-test.ts'
import { STAND_IN_ANSWER } from './self-test-service.ts'

const text = (value: string): Block => ({ type: 'text', text: value })

const MAX_TOKENS = 4321
const STOP = '<<end of the self-test>>'
const LAST_QUESTION = '/help @/etc/hostname last question'
const MESSAGES: BlockMessage[] = [
  { role: 'user', content: [text('first question')] },
  { role: 'assistant', content: [text('first answer')] },
  { role: 'user', content: [text('/clear @/etc/hostname')] },
  { role: 'assistant', content: [text('second answer')] },
  { role: 'user', content: [text(LAST_QUESTION)] },
]

export const SAMPLE = {
  launch: { model: 'claude-haiku-4-5', system: 'You are the self-test of a gateway.', effort: null, thinking: 0 },
  settings: { maxTokens: MAX_TOKENS, body: { stop_sequences: [STOP] }, metadata: {} },
  /** The settings again, for a process that gets them when it starts. */
  environment: { CLAUDE_CODE_MAX_OUTPUT_TOKENS: String(MAX_TOKENS) },
  messages: MESSAGES,
}

export function checkAnswer(said: string): string[] {
  return said === STAND_IN_ANSWER ? [] : ['answer']
}

/** What of the request is not as it was sent: one short phrase each. */
export function checkRequests(asked: readonly Fields[], way: Way, history: HistoryMode): string[] {
  const [body] = asked
  if (!body || asked.length !== 1) return [`${asked.length} requests instead of one`]
  const messages = listAt(body, 'messages') ?? []
  const stops = JSON.stringify(body['stop_sequences'])
  const expectations: Record<string, boolean> = {
    model: body['model'] === SAMPLE.launch.model,
    'system prompt': textsOf(body['system']).at(-1) === SAMPLE.launch.system,
    max_tokens: body['max_tokens'] === MAX_TOKENS,
    'stop sequences': way === 'documented' || stops === JSON.stringify([STOP]),
    'thinking off': textAt(asFields(body['thinking']), 'type') !== 'enabled',
    'no tools': (listAt(body, 'tools') ?? []).length === 0,
    'nothing of the machine': way !== 'seeded' || !JSON.stringify(messages).includes('# Environment'),
    [`history (${history})`]: history === 'transcript' ? arrivedAsOne(messages) : arrived(messages, history),
  }
  return Object.keys(expectations).filter((name) => !expectations[name])
}

/** Claude Code adds reminders to a replayed question, in front of its text, or in a system message of their own. */
function arrived(messages: readonly unknown[], history: HistoryMode): boolean {
  const conversation = messages.map(asFields).filter((message) => message?.['role'] !== 'system')
  if (conversation.length !== MESSAGES.length) return false
  return MESSAGES.every(({ role, content }, position) => {
    const message = conversation[position]
    const last = position === MESSAGES.length - 1 && history === 'replay'
    const texts = textsOf(message?.['content'])
    const own = last ? texts.filter((one) => !isReminder(one)) : texts
    return message?.['role'] === role && own.length === 1 && own[0] === content[0]?.['text']
  })
}

/** A single message of the user, which says everything in its order. */
function arrivedAsOne(messages: readonly unknown[]): boolean {
  const conversation = messages.map(asFields).filter((message) => message?.['role'] !== 'system')
  const own = textsOf(conversation[0]?.['content']).filter((one) => !isReminder(one))
  if (conversation.length !== 1 || own.length !== 1) return false
  const places = MESSAGES.map(({ content }) => own[0]!.indexOf(String(content[0]?.['text'])))
  return places.every((place, position) => place > (places[position - 1] ?? -1)) && own[0]!.endsWith(LAST_QUESTION)
}

const isReminder = (said: string): boolean => said.startsWith('<system-reminder>')

function textsOf(content: unknown): string[] {
  if (typeof content === 'string') return [content]
  return Array.isArray(content) ? content.map((block) => textAt(asFields(block), 'text') ?? '') : []
}
