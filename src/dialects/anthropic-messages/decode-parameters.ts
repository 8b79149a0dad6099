// The parameters of a request. A value that asks for nothing (null, the API's own default) is not given.
import type { ChatRequest } from '../../core/request.ts'
import { invalid } from '../refuse.ts'
import { takeNumbers } from '../sampling.ts'
import { isVoid, report, reportStray } from '../stray-fields.ts'
import { AnthropicOutputConfig, type CountRequest, type MessagesRequest } from './schema.ts'

type Given = ChatRequest['given']

/** What the caller's format is called where a provider wants a name for it. */
const FORMAT_NAME = 'answer'

export function decodeSampling(body: MessagesRequest, given: Given): ChatRequest['sampling'] {
  const sampling: ChatRequest['sampling'] = { stop: [...new Set(body.stop_sequences)], maxTokens: body.max_tokens }
  given.maxTokens = 'max_tokens'
  if (sampling.stop.length > 0) given.stop = 'stop_sequences'
  takeNumbers(body, { sampling, given }, [
    // Claude Code sends a temperature of 1 with every call, and many clients a top_p of 1 beside a temperature.
    ['temperature', 'temperature', 1],
    ['topP', 'top_p', 1],
    ['topK', 'top_k'],
  ])
  return sampling
}

/**
 * Thinking that is left to the model, by `adaptive` or by no word about it, is nothing given.
 * @param maxTokens undefined where only tokens are counted
 */
export function decodeReasoning(
  body: CountRequest,
  maxTokens: number | undefined,
  given: Given,
  unsupported: string[],
): ChatRequest['reasoning'] {
  const reasoning: ChatRequest['reasoning'] = {}
  const { thinking } = body
  const effort = body.output_config?.effort
  if (effort) {
    reasoning.effort = effort
    given.effort = 'output_config.effort'
  }
  if (!thinking) return reasoning
  reportStray(thinking, KNOWN_OF_THINKING, 'thinking', unsupported)
  switch (thinking.type) {
    case 'adaptive':
      break
    case 'between_tools':
      report('thinking.type', unsupported)
      break
    case 'disabled':
      // The effort of an answer without thinking is something that no CLI has a setting for.
      if (effort) report('output_config.effort', unsupported)
      reasoning.effort = 'none'
      given.effort = 'thinking'
      break
    case 'enabled':
      if (maxTokens !== undefined && thinking.budget_tokens >= maxTokens)
        invalid('thinking.budget_tokens', 'thinking.budget_tokens must be less than max_tokens.')
      reasoning.budgetTokens = thinking.budget_tokens
      given.effort ??= 'thinking'
      break
    default:
      return thinking satisfies never
  }
  if ('display' in thinking && !isVoid(thinking.display) && thinking.display !== 'summarized')
    report('thinking.display', unsupported)
  return reasoning
}

const KNOWN_OF_THINKING = { type: true, budget_tokens: true, display: true }

export function decodeOutput(body: CountRequest, given: Given, unsupported: string[]): ChatRequest['output'] {
  const { output_config: config, output_format: old } = body
  if (config) {
    reportStray(config, AnthropicOutputConfig.entries, 'output_config', unsupported)
    if (!isVoid(config.task_budget)) report('output_config.task_budget', unsupported)
  }
  const path = config?.format ? 'output_config.format' : 'output_format'
  const format = config?.format ?? old
  if (!format) return { type: 'text' }
  reportStray(format, { type: true, schema: true }, path, unsupported)
  given.output = path
  return { type: 'json-schema', name: FORMAT_NAME, schema: format.schema, strict: true }
}

export function decodeUser({ metadata }: MessagesRequest, given: Given, unsupported: string[]): { user?: string } {
  if (!metadata) return {}
  const { user_id: user, ...stray } = metadata
  reportStray(stray, {}, 'metadata', unsupported)
  if (!user) return {}
  given.user = 'metadata.user_id'
  return { user }
}
