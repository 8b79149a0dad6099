// The parameters of a chat completion request. A value that asks for nothing (null, n: 1, a penalty of 0) is not given.
import type { ChatRequest } from '../../core/request.ts'
import { invalid } from '../refuse.ts'
import { takeNumbers } from '../sampling.ts'
import type { ChatCompletionRequest } from './schema.ts'

type Parameters = Pick<
  ChatRequest,
  'sampling' | 'reasoning' | 'count' | 'stream' | 'includeUsage' | 'user' | 'metadata' | 'given'
>

/** @throws GatewayError where two fields contradict each other */
export function decodeParameters(body: ChatCompletionRequest): Parameters {
  const given: ChatRequest['given'] = {}
  const sampling: ChatRequest['sampling'] = { stop: [] }
  const parameters: Parameters = {
    sampling,
    reasoning: {},
    count: body.n ?? 1,
    stream: body.stream === true,
    metadata: { ...body.metadata },
    given,
  }
  decodeSampling(body, sampling, given)
  decodeLength(body, sampling, given)
  if (parameters.count > 1) given.count = 'n'
  if (body.reasoning_effort) {
    parameters.reasoning.effort = body.reasoning_effort
    given.effort = 'reasoning_effort'
  }
  const user = body.user ? 'user' : 'safety_identifier'
  if (body[user]) {
    parameters.user = body[user]
    given.user = user
  }
  if (Object.keys(parameters.metadata).length > 0) given.metadata = 'metadata'
  if (body.stream_options && !parameters.stream)
    invalid('stream_options', 'stream_options is only allowed together with stream: true.')
  if (body.stream_options?.include_usage) parameters.includeUsage = true
  return parameters
}

function decodeSampling(
  body: ChatCompletionRequest,
  sampling: ChatRequest['sampling'],
  given: ChatRequest['given'],
): void {
  takeNumbers(body, { sampling, given }, [
    ['temperature', 'temperature'],
    // Many clients send 1 beside a temperature, and some models refuse the two together.
    ['topP', 'top_p', 1],
    ['topK', 'top_k'],
    ['seed', 'seed'],
    ['frequencyPenalty', 'frequency_penalty', 0],
    ['presencePenalty', 'presence_penalty', 0],
  ])
  sampling.stop = typeof body.stop === 'string' ? [body.stop] : [...new Set(body.stop)]
  if (sampling.stop.length > 0) given.stop = 'stop'
}

function decodeLength(
  { max_tokens: old, max_completion_tokens: current }: ChatCompletionRequest,
  sampling: ChatRequest['sampling'],
  given: ChatRequest['given'],
): void {
  if (current && old && current !== old)
    invalid('max_tokens', 'max_tokens and max_completion_tokens differ: send one of them.')
  const limit = current ?? old
  if (!limit) return
  sampling.maxTokens = limit
  given.maxTokens = current ? 'max_completion_tokens' : 'max_tokens'
}
