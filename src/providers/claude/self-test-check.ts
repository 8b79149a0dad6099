// What the self-test asks, and whether it reached the service as it was sent. Pure.
import { inOneParagraph } from './bare.ts'
import type { Block, BlockMessage } from './blocks.ts'
import { asFields, type Fields, listAt, textAt } from '../fields.ts'
import type { HistoryMode } from './history.ts'
import type { Installation } from './boot.ts'
import type { Way } from './self-test.ts'
import { STAND_IN_ANSWER } from '../stand-in.ts'
import { STAND_IN_ARGUMENTS } from './self-test-service.ts'
import { NONE_OFFERED, type OfferedTools, toolNames } from './tools.ts'
import { WEB_TOOLS } from './web.ts'

const text = (value: string): Block => ({ type: 'text', text: value })

const MODEL = 'claude-haiku-4-5'
const SYSTEM = 'You are the self-test of a gateway.'
const MAX_TOKENS = 4321
const STOP = '<<end of the self-test>>'
const LAST_QUESTION = '/help @/etc/hostname last question'
const MESSAGES: BlockMessage[] = [
  { role: 'user', content: [text('first question')] },
  { role: 'assistant', content: [text('first answer')] },
  { role: 'user', content: [text('/clear @/etc/hostname')] },
  { role: 'assistant', content: [text('second answer')] },
  { role: 'user', content: [text('third question')] },
  { role: 'assistant', content: [text('third answer'), { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: {} }] },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [text('its result')] }] },
  { role: 'assistant', content: [text('fourth answer')] },
  { role: 'user', content: [text(LAST_QUESTION)] },
]

/** Named as one of Claude Code's own, which has to be absent. */
const TOOL = {
  name: 'Bash',
  description: 'A function of the self-test.\n\nIt does nothing.',
  inputSchema: { type: 'object', properties: { command: { type: 'string', minLength: 1 } }, required: ['command'] },
}
const TOOLS: OfferedTools = {
  list: JSON.stringify([TOOL]),
  names: toolNames([{ name: TOOL.name, description: TOOL.description, parameters: TOOL.inputSchema, strict: false }]),
  offered: new Set([TOOL.name]),
}

/** What one process is asked. By documented ways, functions are not tested: without them it can still answer. */
export function sampleFor(way: Way) {
  const tools = way === 'documented' ? NONE_OFFERED : TOOLS
  return {
    launch: {
      model: MODEL,
      system: SYSTEM,
      effort: null,
      thinking: 0,
      tools: tools.list,
    },
    settings: { maxTokens: MAX_TOKENS, body: { stop_sequences: [STOP] }, betas: [], metadata: {} },
    /** The settings again, for a process that gets them when it starts. */
    environment: { CLAUDE_CODE_MAX_OUTPUT_TOKENS: String(MAX_TOKENS) },
    messages: MESSAGES,
    tools,
  }
}

/** `said`: the text of the answer; `called`: what it calls, name and arguments together. */
export function checkAnswer(said: string, called: string, way: Way): string[] {
  const wanted = way === 'documented' ? '' : `${TOOL.name}${STAND_IN_ARGUMENTS}`
  return [...(said === STAND_IN_ANSWER ? [] : ['answer']), ...(called === wanted ? [] : ['call of a function'])]
}

type Kind = Pick<Installation, 'web' | 'bare'>

/** What of the request is not as it was sent: one short phrase each. With `web`, its web tools may be there. */
export function checkRequests(asked: readonly Fields[], way: Way, history: HistoryMode, { web, bare }: Kind): string[] {
  const [body] = asked
  if (!body || asked.length !== 1) return [`${asked.length} requests instead of one`]
  const messages = listAt(body, 'messages') ?? []
  const stops = JSON.stringify(body['stop_sequences'])
  const tools = (listAt(body, 'tools') ?? []).filter((tool) => !isWeb(asFields(tool), web))
  const expectations: Record<string, boolean> = {
    model: body['model'] === MODEL,
    'system prompt': textsOf(body['system']).at(-1) === SYSTEM,
    max_tokens: body['max_tokens'] === MAX_TOKENS,
    'stop sequences': way === 'documented' || stops === JSON.stringify([STOP]),
    'thinking off': textAt(asFields(body['thinking']), 'type') !== 'enabled',
    'no tools': way !== 'documented' || tools.length === 0,
    'the offered functions alone': way === 'documented' || (tools.length === 1 && isOffered(asFields(tools[0]), bare)),
    'nothing of the machine':
      way === 'plain' || way === 'documented' || !JSON.stringify(messages).includes('# Environment'),
    [`history (${history})`]: history === 'transcript' ? arrivedAsOne(messages) : arrived(messages),
  }
  return Object.keys(expectations).filter((name) => !expectations[name])
}

const isWeb = (tool: Fields | undefined, web = false): boolean => web && WEB_TOOLS.has(textAt(tool, 'name') ?? '')

function isOffered(tool: Fields | undefined, bare = false): boolean {
  const list = bare ? inOneParagraph(TOOLS.list) : TOOLS.list
  const [{ name, description, inputSchema }] = JSON.parse(list) as [typeof TOOL]
  return (
    tool?.['name'] === name && tool['description'] === description && Bun.deepEquals(tool['input_schema'], inputSchema)
  )
}

/** Claude Code adds reminders to a replayed question, in front of its text, or in a system message of their own. */
function arrived(messages: readonly unknown[]): boolean {
  const conversation = messages.map(asFields).filter((message) => message?.['role'] !== 'system')
  if (conversation.length !== MESSAGES.length) return false
  return MESSAGES.every(({ role, content }, position) => {
    const message = conversation[position]
    return message?.['role'] === role && Bun.deepEquals(ownBlocks(message['content']), content)
  })
}

/** Without reminders and marks for the cache. */
function ownBlocks(content: unknown): Block[] {
  const blocks = typeof content === 'string' ? [text(content)] : ((content ?? []) as Block[])
  return blocks
    .filter((block) => !isReminder(textAt(block, 'text') ?? ''))
    .map((block) => Object.fromEntries(Object.entries(block).filter(([key]) => key !== 'cache_control')) as Block)
}

/** A single message of the user, which says everything in its order. */
function arrivedAsOne(messages: readonly unknown[]): boolean {
  const conversation = messages.map(asFields).filter((message) => message?.['role'] !== 'system')
  const own = textsOf(conversation[0]?.['content']).filter((one) => !isReminder(one))
  if (conversation.length !== 1 || own.length !== 1) return false
  const texts = MESSAGES.flatMap(({ content }) => textAt(content[0], 'text') ?? 'its result')
  const places = texts.map((words) => own[0]!.indexOf(words))
  return places.every((place, position) => place > (places[position - 1] ?? -1)) && own[0]!.endsWith(LAST_QUESTION)
}

const isReminder = (said: string): boolean => said.startsWith('<system-reminder>')

function textsOf(content: unknown): string[] {
  if (typeof content === 'string') return [content]
  return Array.isArray(content) ? content.map((block) => textAt(asFields(block), 'text') ?? '') : []
}
