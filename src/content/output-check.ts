import { GatewayError } from '../core/error.ts'
import type { Output } from '../core/request.ts'
import { createSchemaValidator } from '../tools/schema-validator.ts'

/** A value that JSON can hold, in a box; undefined for text that is no JSON. */
export type Parsed = { value: unknown } | undefined

/** What is wrong with an answer, as a sentence; undefined where it has the form that was asked for. */
export type OutputCheck = (parsed: Parsed) => string | undefined

export function parseJson(text: string): Parsed {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

/**
 * @param param the field that asks for it
 * @throws GatewayError `invalid_request` for a schema that cannot be used
 */
export function createOutputCheck(output: Exclude<Output, { type: 'text' }>, param: string): OutputCheck {
  if (output.type === 'json') {
    return (parsed) => {
      if (!parsed) return NO_JSON
      const { value } = parsed
      return typeof value === 'object' && value !== null && !Array.isArray(value)
        ? undefined
        : 'the answer is no object.'
    }
  }
  const made = createSchemaValidator(output.schema)
  if ('problem' in made) {
    const { pointer, message } = made.problem
    const place = pointer === '' ? 'The schema' : `The schema’s ${pointer}`
    throw new GatewayError('invalid_request', `${param}: ${place} ${message}.`, { param })
  }
  return (parsed) => (parsed ? made.validator.validate(parsed.value) : NO_JSON)
}

export const NO_JSON = 'the answer is not JSON.'
