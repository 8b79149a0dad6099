import type { ChatRequest, Output } from '../../core/request.ts'
import { invalid } from '../refuse.ts'
import { reportStray } from '../stray-fields.ts'
import type { ChatCompletionRequest } from './schema.ts'

const PATH = 'response_format'

/** @throws GatewayError `invalid_request` for a format without its schema. What the schema says is checked by the routing. */
export function decodeOutput(
  { response_format: format }: ChatCompletionRequest,
  given: ChatRequest['given'],
  unsupported: string[],
): Output {
  if (!format) return { type: 'text' }
  if (format.type !== 'json_schema') {
    reportStray(format, { type: true }, PATH, unsupported)
    if (format.type === 'text') return { type: 'text' }
    given.output = PATH
    return { type: 'json' }
  }
  const { name, description, schema, strict, ...stray } = format.json_schema
  reportStray(format, { type: true, json_schema: true }, PATH, unsupported)
  reportStray(stray, {}, `${PATH}.json_schema`, unsupported)
  if (!schema) return invalid(`${PATH}.json_schema.schema`, `${PATH}.json_schema.schema is required: a JSON Schema.`)
  given.output = PATH
  // The schema's own place for the same thing: every provider passes it on.
  const described = description && schema.description === undefined ? { description, ...schema } : schema
  return { type: 'json-schema', name, schema: described, strict: strict ?? false }
}
