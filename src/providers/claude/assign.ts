// A request as what one process is told. Pure.
import type { ChatRequest } from '../../core/request.ts'
import type { Credential } from './auth.ts'
import { toConversation } from './blocks.ts'
import type { HistoryMode } from './history.ts'
import type { ModelFacts } from './model-facts.ts'
import { type Parameters, resolveParameters } from './parameters.ts'
import { offerTools } from './tools.ts'
import type { Assignment } from './turn.ts'

export type HistorySetting = 'auto' | 'replay' | 'exact'

/**
 * `documented`: only what is documented can be relied on, which leaves no way for fields of the request body. `web`: such fields go
 * into each request of a turn, also into those that search, so that none may say how the answer has to be.
 */
export function parametersFor(
  request: ChatRequest,
  facts: ModelFacts,
  { documented = false, web = false }: { documented?: boolean; web?: boolean },
): Parameters {
  if (!documented && !web) return resolveParameters(request, facts)
  const { tools, toolChoice, parallelToolCalls } = request
  const forced = tools.length > 0 && (toolChoice.type === 'required' || toolChoice.type === 'named')
  const plain: ChatRequest = {
    ...request,
    toolChoice: { type: 'auto' },
    parallelToolCalls: true,
    sampling: { ...request.sampling, stop: [] },
  }
  const parameters = resolveParameters(plain, { ...facts, sampling: facts.sampling && !documented, formats: false })
  const support: Parameters['support'] = {
    ...parameters.support,
    stop: 'emulated',
    ...(documented ? { user: 'ignored', metadata: 'ignored' } : {}),
    ...(forced ? { toolChoice: 'emulated' } : {}),
    ...(tools.length > 0 && !parallelToolCalls ? { parallelToolCalls: 'emulated' } : {}),
  }
  return documented ? { ...parameters, body: {}, betas: [], metadata: {}, support } : { ...parameters, support }
}

/**
 * All but the way of the history, which depends on the login of the process.
 * @throws GatewayError `invalid_request` for a function that cannot be offered
 */
export function assign(
  request: ChatRequest,
  model: string,
  facts: ModelFacts,
  parameters: Parameters,
  web = false,
): Omit<Assignment, 'history'> {
  const { effort, thinking, maxTokens, body, betas, metadata } = parameters
  const thinks = thinking !== 0 && facts.thinking !== 'none'
  // Where the body cannot forbid calls, there is nothing to call.
  const forbidden = request.toolChoice.type === 'none' && body['tool_choice'] === undefined
  const tools = offerTools(forbidden ? { ...request, tools: [] } : request, web)
  const { system, messages } = toConversation(request.system, request.messages, {
    reasoning: thinks,
    names: tools.names,
  })
  return {
    launch: { model, system, effort, thinking, tools: tools.list },
    settings: { maxTokens, body, betas, metadata },
    messages,
    tools,
  }
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
 * messages go out byte for byte; with the web that body would be every round's, and that of each search.
 */
export function historyFor(setting: HistorySetting, credential: Credential, web: boolean): HistoryMode {
  if (web) return 'replay'
  if (setting !== 'auto') return setting
  return credential === 'key' ? 'exact' : 'replay'
}
