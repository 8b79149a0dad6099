// A JSON Schema for the answer, as the service itself keeps to it (`output_config.format`). Pure.
import type { ChatRequest } from '../../core/request.ts'
import type { Support } from '../../core/turn.ts'
import { asFields, type Fields } from '../fields.ts'

export type OutputFields = {
  body: Readonly<Record<string, unknown>>
  /** Values of the header `anthropic-beta`. */
  betas: readonly string[]
  support: Support
}

/** What Claude Code (2.1.329) says itself where it asks for a format. */
const BETA = 'structured-outputs-2025-12-15'

/** `possible`: the model knows formats. What cannot be said natively is left to the gateway. */
export function resolveOutput({ output }: ChatRequest, possible: boolean): OutputFields {
  if (output.type === 'text') return { body: {}, betas: [], support: 'native' }
  const schema = output.type === 'json-schema' && possible ? strictSchema(output.schema) : undefined
  if (!schema) return { body: {}, betas: [], support: 'emulated' }
  return { body: { output_config: { format: { type: 'json_schema', schema } } }, betas: [BETA], support: 'native' }
}

/** The service refuses schemas that are more complex. */
const MOST_OPTIONAL = 24
const MOST_UNIONS = 16

/** Keywords that stay as they are. */
const KEPT = new Set(['type', 'title', 'description', 'default', 'const', 'enum', 'required', '$ref'])
/** Conditions that the service refuses. The model is told in words, and the gateway checks the answer against the original. */
const TOLD = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'format',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
])
/** Keywords that say nothing about an answer. */
const SILENT = new Set(['$schema', '$id', '$comment', 'examples', 'deprecated', 'readOnly', 'writeOnly', 'nullable'])
const FORMATS = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'])

class NotStrict extends Error {}

type Count = { optional: number; unions: number }

/**
 * A schema of the kind that the service keeps to exactly, whose every answer the given one allows as far as its shape goes; undefined
 * where there is none: free-form objects, recursion, conditions between fields.
 */
export function strictSchema(schema: Fields): Fields | undefined {
  const count: Count = { optional: 0, unions: 0 }
  try {
    if (schema['type'] !== 'object' || isRecursive(schema)) return undefined
    const strict = strictly(schema, count)
    return count.optional > MOST_OPTIONAL || count.unions > MOST_UNIONS ? undefined : strict
  } catch (error) {
    if (error instanceof NotStrict) return undefined
    throw error
  }
}

function strictly(given: unknown, count: Count): Fields {
  const schema = asFields(given)
  if (!schema) throw new NotStrict()
  const strict: Record<string, unknown> = {}
  const told: string[] = []
  for (const [key, value] of Object.entries(schema)) {
    if (KEPT.has(key)) strict[key] = value
    else if (key === 'format' && typeof value === 'string' && FORMATS.has(value)) strict[key] = value
    else if (TOLD.has(key)) told.push(`${key}: ${JSON.stringify(value)}`)
    else if (key === 'properties' || key === '$defs' || key === 'definitions') {
      strict[key] = mapFields(value, (one) => strictly(one, count))
    } else if (key === 'items') strict[key] = strictly(value, count)
    else if (key === 'anyOf' || key === 'oneOf') {
      count.unions += 1
      strict['anyOf'] = mapList(value, (one) => strictly(one, count))
    } else if (key !== 'additionalProperties' && !SILENT.has(key)) throw new NotStrict()
  }
  if (schema['anyOf'] !== undefined && schema['oneOf'] !== undefined) throw new NotStrict()
  if (Array.isArray(schema['type'])) count.unions += 1
  if (isObject(schema)) closeObject(schema, strict, count)
  if (told.length > 0)
    strict['description'] = [schema['description'], `{${told.join(', ')}}`].filter(Boolean).join('\n\n')
  return strict
}

const isObject = ({ type, properties }: Fields): boolean =>
  type === 'object' || properties !== undefined || (Array.isArray(type) && type.includes('object'))

/** Only what is named may be there: the service takes no other objects, and none that may hold anything. */
function closeObject(schema: Fields, strict: Record<string, unknown>, count: Count): void {
  const names = Object.keys(asFields(schema['properties']) ?? {})
  const more = schema['additionalProperties']
  if (asFields(more) || more === true || (more === undefined && names.length === 0)) throw new NotStrict()
  const required = (schema['required'] ?? []) as unknown
  if (!Array.isArray(required) || required.some((name) => !names.includes(String(name)))) throw new NotStrict()
  count.optional += names.length - required.length
  strict['additionalProperties'] = false
}

function mapFields(value: unknown, map: (one: unknown) => Fields): Fields {
  const fields = asFields(value)
  if (!fields) throw new NotStrict()
  return Object.fromEntries(Object.entries(fields).map(([key, one]) => [key, map(one)]))
}

function mapList(value: unknown, map: (one: unknown) => Fields): Fields[] {
  if (!Array.isArray(value) || value.length === 0) throw new NotStrict()
  return value.map(map)
}

/** Whether a definition leads back to itself. @throws NotStrict for a reference to anything but a definition at the root */
function isRecursive(root: Fields): boolean {
  const definitions = { ...asFields(root['definitions']), ...asFields(root['$defs']) }
  const leadsTo = (name: string) => referencesIn(definitions[name])
  if (referencesIn(root).some((name) => definitions[name] === undefined)) throw new NotStrict()
  return Object.keys(definitions).some((start) => {
    const seen = new Set<string>()
    const open = leadsTo(start)
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (name === start) return true
      if (seen.has(name)) continue
      seen.add(name)
      open.push(...leadsTo(name))
    }
    return false
  })
}

/** Names of the definitions that it refers to. @throws NotStrict for a reference to anything else */
function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  return Object.entries(asFields(value) ?? {}).flatMap(([key, one]) => {
    if (key !== '$ref') return referencesIn(one)
    const [, name] = /^#\/(?:\$defs|definitions)\/([^/]+)$/.exec(String(one)) ?? []
    if (name === undefined) throw new NotStrict()
    return [name]
  })
}
