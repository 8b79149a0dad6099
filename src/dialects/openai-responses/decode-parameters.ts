// The parameters of a request. A value that asks for nothing (null, the API's own default) is not given.
import type { ChatRequest } from '../../core/request.ts'
import { invalid } from '../refuse.ts'
import { takeNumbers } from '../sampling.ts'
import { isVoid, report, reportStray } from '../stray-fields.ts'
import { type CountRequest, ResponsesReasoningOptions, type ResponsesRequest, ResponsesTextOptions } from './schema.ts'

type Given = ChatRequest['given']

export function decodeSampling(body: ResponsesRequest, given: Given): ChatRequest['sampling'] {
  const sampling: ChatRequest['sampling'] = { stop: [] }
  takeNumbers(body, { sampling, given }, [
    ['temperature', 'temperature'],
    // Many clients send 1 beside a temperature, and some models refuse the two together.
    ['topP', 'top_p', 1],
    ['maxTokens', 'max_output_tokens'],
    ['frequencyPenalty', 'frequency_penalty', 0],
    ['presencePenalty', 'presence_penalty', 0],
  ])
  return sampling
}

/** Whose request it is and what it is called. A response has them again, so that they are not lost where no provider takes them. */
export function decodeLabels(body: ResponsesRequest, given: Given): Pick<ChatRequest, 'user' | 'metadata' | 'kept'> {
  const field = body.user ? 'user' : 'safety_identifier'
  const user = body[field]
  if (user) given.user = field
  const metadata = { ...body.metadata }
  if (Object.keys(metadata).length > 0) given.metadata = 'metadata'
  return { metadata, kept: ['user', 'metadata'], ...(user ? { user } : {}) }
}

/** What kind of summary is asked for, by its new name or its old one. */
export function summaryOf({ reasoning }: CountRequest): string | undefined {
  const summary = reasoning?.summary ?? reasoning?.generate_summary ?? undefined
  return summary === 'none' ? undefined : summary
}

export function decodeReasoning(body: CountRequest, given: Given, unsupported: string[]): ChatRequest['reasoning'] {
  const { reasoning } = body
  if (!reasoning) return {}
  reportStray(reasoning, ResponsesReasoningOptions.entries, 'reasoning', unsupported)
  const summary = reasoning.summary ? 'summary' : 'generate_summary'
  // How long a summary is, is the provider's own choice.
  if (!isAny(summaryOf(body), 'auto')) report(`reasoning.${summary}`, unsupported)
  if (!isAny(reasoning.context, 'auto', 'all_turns')) report('reasoning.context', unsupported)
  if (!isAny(reasoning.mode, 'standard')) report('reasoning.mode', unsupported)
  if (!reasoning.effort) return {}
  given.effort = 'reasoning.effort'
  return { effort: reasoning.effort }
}

export function decodeOutput({ text }: CountRequest, given: Given, unsupported: string[]): ChatRequest['output'] {
  if (!text) return { type: 'text' }
  reportStray(text, ResponsesTextOptions.entries, 'text', unsupported)
  if (!isAny(text.verbosity, 'medium')) report('text.verbosity', unsupported)
  const { format } = text
  if (!format) return { type: 'text' }
  if (format.type !== 'text') given.output = 'text.format'
  switch (format.type) {
    case 'text':
      reportStray(format, { type: true }, 'text.format', unsupported)
      return { type: 'text' }
    case 'json_object':
      reportStray(format, { type: true }, 'text.format', unsupported)
      return { type: 'json' }
    case 'json_schema': {
      const { type: _, name, schema, strict, description, ...stray } = format
      reportStray(stray, {}, 'text.format', unsupported)
      return { type: 'json-schema', name, schema: described(schema, description), strict: strict ?? false }
    }
    default:
      return format satisfies never
  }
}

/** What a format is for is told to the model by its schema. */
function described(schema: Record<string, unknown>, description: string | null | undefined): Record<string, unknown> {
  return description && schema['description'] === undefined ? { ...schema, description } : schema
}

/** @throws GatewayError where two fields contradict each other */
export function checkModes({ stream, stream_options: options, background, store }: ResponsesRequest): void {
  if (options && !stream) invalid('stream_options', 'stream_options is only allowed together with stream: true.')
  if (background && store === false)
    invalid('background', 'background needs a response that is stored: leave store out, or send true.')
}

function isAny(value: unknown, ...asksForNothing: string[]): boolean {
  return isVoid(value) || asksForNothing.includes(String(value))
}
