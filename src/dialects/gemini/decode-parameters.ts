// The parameters of a request. A value that asks for nothing (null, a penalty of 0) is not given.
import type { ChatRequest, Effort } from '../../core/request.ts'
import { invalid, refuse } from '../refuse.ts'
import { takeNumbers } from '../sampling.ts'
import { isVoid, report, reportStray } from '../stray-fields.ts'
import { toJsonSchema } from './json-schema.ts'
import { type GenerationConfig, GeminiGenerationConfig, GeminiThinkingConfig } from './schema-generation.ts'

type Given = ChatRequest['given']

const CONFIG = 'generationConfig'
/** What the caller's format is called where a provider wants a name for it. */
const FORMAT_NAME = 'answer'

const NOT_HONOURED = [
  'logprobs',
  'mediaResolution',
  'speechConfig',
  'imageConfig',
  'audioTimestamp',
  'audioTranscriptionConfig',
  'enableEnhancedCivicAnswers',
  'enableAffectiveDialog',
  'routingConfig',
  'modelSelectionConfig',
  'translationConfig',
  'responseFormat',
] as const

/** @throws GatewayError `unsupported_parameter` for answers that are no text */
export function checkConfig(config: GenerationConfig, unsupported: string[]): void {
  reportStray(config, GeminiGenerationConfig.entries, CONFIG, unsupported)
  for (const field of NOT_HONOURED) if (!isVoid(config[field])) report(`${CONFIG}.${field}`, unsupported)
  if (config.responseLogprobs) report(`${CONFIG}.responseLogprobs`, unsupported)
  if (config.responseModalities?.some((modality) => !/^(?:text|modality_unspecified)$/i.test(modality)))
    refuse(`${CONFIG}.responseModalities`, 'Answers are text only: leave responseModalities out, or send ["TEXT"].')
}

export function decodeSampling(config: GenerationConfig, given: Given): ChatRequest['sampling'] {
  const sampling: ChatRequest['sampling'] = { stop: [...new Set(config.stopSequences)] }
  if (sampling.stop.length > 0) given.stop = `${CONFIG}.stopSequences`
  takeNumbers(
    config,
    { sampling, given },
    [
      ['temperature', 'temperature'],
      ['topP', 'topP', 1],
      ['topK', 'topK'],
      ['maxTokens', 'maxOutputTokens'],
      ['seed', 'seed'],
      ['frequencyPenalty', 'frequencyPenalty', 0],
      ['presencePenalty', 'presencePenalty', 0],
    ],
    CONFIG,
  )
  return sampling
}

const EFFORTS: Readonly<Record<string, Effort>> = {
  MINIMAL: 'minimal',
  LOW: 'low',
  MEDIUM: 'medium',
  HIGH: 'high',
  XHIGH: 'xhigh',
}

/** Thinking that is left to the model is nothing given. */
export function decodeReasoning(
  { thinkingConfig: thinking }: GenerationConfig,
  given: Given,
  unsupported: string[],
): ChatRequest['reasoning'] {
  if (!thinking) return {}
  const path = `${CONFIG}.thinkingConfig`
  reportStray(thinking, GeminiThinkingConfig.entries, path, unsupported)
  const { thinkingBudget: budget, thinkingLevel: level } = thinking
  const effort = EFFORTS[level ?? '']
  const hasBudget = budget !== undefined && budget !== null
  if (effort && hasBudget)
    invalid(`${path}.thinkingBudget`, `${path} must have thinkingBudget or thinkingLevel, not both.`)
  if (effort) {
    given.effort = `${path}.thinkingLevel`
    return { effort }
  }
  if (!hasBudget || budget < 0) return {}
  given.effort = `${path}.thinkingBudget`
  return budget === 0 ? { effort: 'none' } : { budgetTokens: budget }
}

/** @throws GatewayError `unsupported_parameter` for a form that answers cannot have */
export function decodeOutput(config: GenerationConfig, given: Given): ChatRequest['output'] {
  const { responseMimeType: mimeType, responseSchema, responseJsonSchema } = config
  if (responseSchema && responseJsonSchema)
    invalid(`${CONFIG}.responseJsonSchema`, `${CONFIG} must have responseSchema or responseJsonSchema, not both.`)
  const schema = responseJsonSchema ?? (responseSchema ? toJsonSchema(responseSchema) : undefined)
  const field = `${CONFIG}.responseMimeType`
  if (mimeType && mimeType !== 'text/plain' && mimeType !== 'application/json')
    refuse(field, `${field} must be text/plain or application/json.`)
  if (schema && mimeType === 'text/plain') invalid(field, `${field} must be application/json where there is a schema.`)
  if (schema) {
    given.output = `${CONFIG}.${responseJsonSchema ? 'responseJsonSchema' : 'responseSchema'}`
    return { type: 'json-schema', name: FORMAT_NAME, schema, strict: true }
  }
  if (mimeType !== 'application/json') return { type: 'text' }
  given.output = field
  return { type: 'json' }
}
