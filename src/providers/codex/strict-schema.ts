// Codex asks OpenAI to keep to a schema strictly, always (0.169.0), and OpenAI refuses a schema that is not made for that.
import { asFields, type Fields, fieldsAt, listAt, textAt } from '../fields.ts'
import { isDeeper } from './tool-schema.ts'

/** OpenAI takes ten levels of objects; each is two or three levels of JSON. */
const MOST_LEVELS = 40
/** What OpenAI takes in every strict schema. Of rules for texts and numbers it takes some, for some models. */
const KNOWN = new Set(
  'type description title enum const items properties required additionalProperties anyOf $ref $defs definitions $schema'.split(
    ' ',
  ),
)

/** Whether a schema can be handed over at all: Codex does not read JSON that is nested deeper than 128, and says nothing. */
export function isReadable(schema: Fields): boolean {
  return !isDeeper(schema, MOST_LEVELS)
}

/** Whether OpenAI takes a schema as a strict one: each object is closed, and each of its properties required. */
export function isStrict(schema: Fields): boolean {
  return isReadable(schema) && schema['type'] === 'object' && !('anyOf' in schema) && isStrictInside(schema)
}

function isStrictInside(value: unknown): boolean {
  const schema = asFields(value)
  if (!schema || !Object.keys(schema).every((key) => KNOWN.has(key))) return false
  const isObject = [schema['type']].flat().includes('object') || 'properties' in schema
  if (isObject && !isClosed(schema)) return false
  const inner = [
    ...['properties', '$defs', 'definitions'].flatMap((key) => Object.values(fieldsAt(schema, key) ?? {})),
    ...(listAt(schema, 'anyOf') ?? []),
    ...('items' in schema ? [schema['items']] : []),
  ]
  return saysSomething(schema) && inner.every(isStrictInside)
}

function isClosed(schema: Fields): boolean {
  const required = new Set(listAt(schema, 'required') ?? [])
  return (
    schema['additionalProperties'] === false &&
    Object.keys(fieldsAt(schema, 'properties') ?? {}).every((name) => required.has(name))
  )
}

/** "Anything" is not strict. */
function saysSomething(schema: Fields): boolean {
  if (textAt(schema, 'type') === 'array' && !('items' in schema)) return false
  return ['type', 'enum', 'const', 'anyOf', '$ref'].some((key) => key in schema)
}
