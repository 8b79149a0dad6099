import type { ChatRequest } from '../../core/request.ts'
import { invalid, refuse } from '../refuse.ts'
import { isVoid, report, reportStray } from '../stray-fields.ts'
import { messagesOf, promptsOf } from './prompts.ts'
import { CompletionRequest, MOST_CHOICES } from './schema.ts'

/**
 * A checked body as a neutral request, with the first of its prompts. Fields that nothing can honour end up in `unsupported`.
 * @throws GatewayError `invalid_request` or `unsupported_parameter` with `param`
 */
export function decode(body: CompletionRequest): ChatRequest {
  if (body.suffix) refuse('suffix', 'Texts are not filled in here: send the prompt without suffix.')
  if (body.stream_options && !body.stream)
    invalid('stream_options', 'stream_options is only allowed together with stream: true.')
  const prompts = promptsOf(body)
  const count = prompts.length * (body.n ?? 1)
  if (count > MOST_CHOICES)
    invalid(
      (body.n ?? 1) > 1 ? 'n' : 'prompt',
      `All prompts together may have at most ${MOST_CHOICES} answers here: each is a turn of its own.`,
    )
  const given: ChatRequest['given'] = {}
  if (count > 1) given.count = prompts.length > 1 ? 'prompt' : 'n'
  if (body.user) given.user = 'user'
  return {
    model: body.model,
    system: [],
    messages: messagesOf(prompts[0]!),
    tools: [],
    toolChoice: { type: 'auto' },
    parallelToolCalls: true,
    output: { type: 'text' },
    sampling: decodeSampling(body, given),
    reasoning: {},
    stream: body.stream === true,
    includeUsage: body.stream_options?.include_usage === true,
    count,
    ...(body.user ? { user: body.user } : {}),
    metadata: {},
    given,
    unsupported: unsupportedFields(body),
  }
}

function decodeSampling(body: CompletionRequest, given: ChatRequest['given']): ChatRequest['sampling'] {
  const sampling: ChatRequest['sampling'] = {
    stop: typeof body.stop === 'string' ? [body.stop] : [...new Set(body.stop)],
  }
  if (sampling.stop.length > 0) given.stop = 'stop'
  const set = (
    parameter: 'temperature' | 'topP' | 'maxTokens' | 'seed' | 'frequencyPenalty' | 'presencePenalty',
    name: 'temperature' | 'top_p' | 'max_tokens' | 'seed' | 'frequency_penalty' | 'presence_penalty',
    asksForNothing?: number,
  ) => {
    const value = body[name]
    if (value === undefined || value === null || value === asksForNothing) return
    sampling[parameter] = value
    given[parameter] = name
  }
  set('temperature', 'temperature')
  set('topP', 'top_p', 1)
  set('maxTokens', 'max_tokens')
  set('seed', 'seed')
  set('frequencyPenalty', 'frequency_penalty', 0)
  set('presencePenalty', 'presence_penalty', 0)
  return sampling
}

function unsupportedFields(body: CompletionRequest): string[] {
  const paths: string[] = []
  reportStray(body, CompletionRequest.entries, '', paths)
  if (!isVoid(body.logprobs)) report('logprobs', paths)
  if (Object.keys(Object(body.logit_bias)).length > 0) report('logit_bias', paths)
  if ((body.best_of ?? 1) > (body.n ?? 1)) report('best_of', paths)
  return paths
}
