import type { ChatRequest } from '../../core/request.ts'
import { invalid, refuse } from '../refuse.ts'
import { takeNumbers } from '../sampling.ts'
import { messagesOf, promptsOf } from './prompts.ts'
import { type CompletionRequest, MOST_CHOICES } from './schema.ts'
import { unsupportedFields } from './unsupported.ts'

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
  takeNumbers(body, { sampling, given }, [
    ['temperature', 'temperature'],
    ['topP', 'top_p', 1],
    ['maxTokens', 'max_tokens'],
    ['seed', 'seed'],
    ['frequencyPenalty', 'frequency_penalty', 0],
    ['presencePenalty', 'presence_penalty', 0],
  ])
  return sampling
}
