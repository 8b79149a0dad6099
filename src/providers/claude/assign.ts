// A request as what one process is told. Pure.
import type { ChatRequest } from '../../core/request.ts'
import type { Credential } from './auth.ts'
import { toConversation } from './blocks.ts'
import type { HistoryMode } from './history.ts'
import type { ModelFacts } from './model-facts.ts'
import { type Parameters, resolveParameters } from './parameters.ts'
import type { Assignment } from './turn.ts'

export type HistorySetting = 'auto' | 'replay' | 'exact'

/** `documented`: only what is documented can be relied on, which leaves no way for fields of the request body. */
export function parametersFor(request: ChatRequest, facts: ModelFacts, documented: boolean): Parameters {
  if (!documented) return resolveParameters(request, facts)
  const parameters = resolveParameters(request, { ...facts, sampling: false })
  const support = { ...parameters.support, stop: 'emulated', user: 'ignored', metadata: 'ignored' } as const
  return { ...parameters, body: {}, metadata: {}, support }
}

/** All but the way of the history, which depends on the login of the process. */
export function assign(
  request: ChatRequest,
  model: string,
  facts: ModelFacts,
  parameters: Parameters,
): Omit<Assignment, 'history'> {
  const { effort, thinking, maxTokens, body, metadata } = parameters
  const thinks = thinking !== 0 && facts.thinking !== 'none'
  const { system, messages } = toConversation(request.system, request.messages, thinks)
  return { launch: { model, system, effort, thinking }, settings: { maxTokens, body, metadata }, messages }
}

/** What the environment of a process holds that is started for one turn. */
export function documentedEnvironment({ effort, maxTokens }: Parameters): Record<string, string> {
  return {
    ...(maxTokens === null ? {} : { CLAUDE_CODE_MAX_OUTPUT_TOKENS: String(maxTokens) }),
    ...(effort === null ? {} : { CLAUDE_CODE_EFFORT_LEVEL: effort }),
  }
}

/**
 * A subscription is asked as Claude Code itself asks. With a key, the body of the request is the owner's own affair, and the
 * messages go out byte for byte.
 */
export function historyFor(setting: HistorySetting, credential: Credential): HistoryMode {
  if (setting !== 'auto') return setting
  return credential === 'key' ? 'exact' : 'replay'
}
