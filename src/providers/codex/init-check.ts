// Chat mode has no tools. What Codex says of its own configuration, of each thread and of each item has to agree.
import { GatewayError } from '../../core/error.ts'
import { asFields, type Fields, fieldsAt, listAt, textAt } from '../fields.ts'

/** Features that are tools, or bring some. Each has to be off, not just unmentioned. */
const FEATURES = [
  'shell_tool',
  'unified_exec',
  'view_image',
  'goals',
  'multi_agent',
  'apps',
  'plugins',
  'sleep_tool',
  'skill_search',
  'tool_suggest',
  'image_generation',
  'hooks',
]

/** The error that the answer to `config/read` comes to, or undefined where all is well. */
export function checkSettings(answer: Fields, web: boolean): GatewayError | undefined {
  const settings = fieldsAt(answer, 'config')
  const features = fieldsAt(settings, 'features')
  const problems = FEATURES.filter((name) => features?.[name] !== false).map((name) => `the feature ${name}`)
  if (!web && textAt(settings, 'web_search') !== 'disabled') problems.push('web search')
  if (fieldsAt(settings, 'agents')?.['enabled'] !== false) problems.push('agents')
  if (fieldsAt(settings, 'analytics')?.['enabled'] !== false) problems.push('analytics')
  if (Object.keys(fieldsAt(settings, 'mcp_servers') ?? {}).length > 0) problems.push('MCP servers')
  return forbidden(problems)
}

/** The error that the answers to `mcpServerStatus/list` and `hooks/list` come to. */
export function checkRunning({ mcpServers, hooks }: { mcpServers: Fields; hooks: Fields }): GatewayError | undefined {
  const problems: string[] = []
  if (listAt(mcpServers, 'data')?.length !== 0) problems.push('MCP servers')
  const hooked = listAt(hooks, 'data')?.some((entry) => listAt(asFields(entry), 'hooks')?.length !== 0)
  if (hooked !== false) problems.push('hooks')
  return forbidden(problems)
}

function forbidden(problems: readonly string[]): GatewayError | undefined {
  if (problems.length === 0) return undefined
  const named = problems.slice(0, 5).join(', ')
  return new GatewayError('internal_error', `Codex started with what chat mode forbids (${named}). It was stopped.`)
}

/** The error that the answer to `thread/start` comes to. */
export function checkThread(answer: Fields): GatewayError | undefined {
  const thread = fieldsAt(answer, 'thread')
  const problems: string[] = []
  if (listAt(thread, 'environments')?.length !== 0) problems.push('an environment to work in')
  if (listAt(answer, 'instructionSources')?.length !== 0) problems.push('instructions from files')
  if (textAt(fieldsAt(answer, 'sandbox'), 'type') !== 'readOnly') problems.push('a sandbox that may be written to')
  if (thread?.['ephemeral'] !== true) problems.push('a transcript on disk')
  if (problems.length === 0) return undefined
  return new GatewayError('internal_error', `Codex gave the turn what chat mode forbids: ${problems.join(', ')}.`)
}

const SAFE_ITEMS = new Set(['userMessage', 'agentMessage', 'reasoning'])
const SAFE_RAW_ITEMS = new Set(['message', 'reasoning'])

/** What a turn may do beside talking. */
export type Permissions = {
  /** Search the web. */
  web: boolean
  /** Whether a function, by the name that Codex has for it, is one of the caller's. */
  offered: (name: string) => boolean
}

/** The error that an item of a turn comes to: what Codex does (`item/started`). */
export function checkItem(item: Fields, { web, offered }: Permissions): GatewayError | undefined {
  const type = textAt(item, 'type') ?? 'unknown'
  if (SAFE_ITEMS.has(type) || (web && type === 'webSearch')) return undefined
  if (type === 'dynamicToolCall' && offered(textAt(item, 'tool') ?? '')) return undefined
  return new GatewayError('internal_error', `Codex used what chat mode forbids (${nameOf(type)}). It was stopped.`)
}

/** The error that an item of the model's comes to: what the model wants (`rawResponseItem/completed`). */
export function checkRawItem(item: Fields, { web, offered }: Permissions): GatewayError | undefined {
  const type = textAt(item, 'type') ?? 'unknown'
  if (SAFE_RAW_ITEMS.has(type) || (web && type === 'web_search_call')) return undefined
  // What is answered to a call that waits too long; the model never sees it.
  if (type === 'function_call_output') return undefined
  const name = textAt(item, 'name') ?? type
  if (type === 'function_call' && offered(name)) return undefined
  return new GatewayError('provider_error', `The model called a tool that it was not given (${nameOf(name)}).`)
}

/** Whether Codex answers an item of the model's by itself, and asks the model again. */
export function asksForMore(item: Fields): boolean {
  return !/^(?:message|reasoning|web_search_call|.*_output)$/.test(textAt(item, 'type') ?? '')
}

/** The error that a request of Codex's to its host comes to: none belongs into chat mode. */
export function refusedRequest(method: string): GatewayError {
  return new GatewayError(
    'internal_error',
    `Codex asked for what chat mode forbids (${nameOf(method)}). It was refused.`,
  )
}

function nameOf(text: string): string {
  return text.replace(/[^\w./-]/g, '?').slice(0, 60)
}
