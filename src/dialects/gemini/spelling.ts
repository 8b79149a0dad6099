// Google reads a field under either of its names (`systemInstruction`, `system_instruction`), and one thing for a list of one.
import { invalid } from '../refuse.ts'

/** What is the caller's own below these: arguments, results, schemas, labels. */
const OPAQUE = new Set([
  'args',
  'response',
  'parameters',
  'parametersJsonSchema',
  'responseSchema',
  'responseJsonSchema',
  'labels',
  'partMetadata',
])
const LISTS = new Set(['contents', 'parts', 'tools', 'functionDeclarations', 'stopSequences', 'allowedFunctionNames'])

/**
 * A body with the names of fields in Google's own case.
 * @throws GatewayError `invalid_request` for a field that is there under both names
 */
export function respell(value: unknown, path = ''): unknown {
  if (Array.isArray(value)) return value.map((entry, index) => respell(entry, `${path}[${index}]`))
  if (typeof value !== 'object' || value === null) return value
  const entries = new Map<string, unknown>()
  for (const [key, field] of Object.entries(value)) {
    const name = camelCase(key)
    const fieldPath = path === '' ? name : `${path}.${name}`
    if (entries.has(name)) invalid(fieldPath, `${fieldPath} is given twice, in both spellings.`)
    entries.set(name, OPAQUE.has(name) ? field : listed(name, respell(field, fieldPath)))
  }
  return Object.fromEntries(entries)
}

export function camelCase(key: string): string {
  return key.replace(/(?<=[a-z0-9])_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

function listed(name: string, field: unknown): unknown {
  return LISTS.has(name) && field !== null && !Array.isArray(field) ? [field] : field
}
