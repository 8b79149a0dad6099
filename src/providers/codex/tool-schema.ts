// The parameters of a function in the part of JSON Schema that Codex passes on (0.169.0). The rest it drops without a word, or
// replaces by a guess of its own; so what it would drop is said in words.
import { asFields, type Fields, fieldsAt, listAt, textAt } from '../fields.ts'

export type ToolSchema = {
  schema: Record<string, unknown>
  /** What the schema cannot say; belongs into the description of the function. Empty where it says all. */
  note: string
}

/** Codex takes the descriptions out of a schema of more bytes than 5,000, and then all below its third level. */
const MOST_BYTES = 4_800
/** Codex does not read JSON that is nested deeper than 128, and says nothing. */
const MOST_LEVELS = 24
const TYPES = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'])
/** What says nothing about a value. */
const SILENT = /^(?:\$schema|\$id|id|\$comment|\$anchor|title|x-.*)$/
const KEPT = new Set(
  `type nullable description enum const items minItems properties required additionalProperties anyOf oneOf allOf $ref $defs
definitions`.split(/\s/),
)
/** OpenAI takes none of these at the top. */
const NOT_AT_THE_TOP = ['anyOf', 'oneOf', 'allOf', 'enum', 'const', 'not', '$ref']

/** A schema that both Codex and OpenAI take, whatever comes in. */
export function toToolSchema(given: Readonly<Record<string, unknown>>): ToolSchema {
  const parameters = withoutReference(given)
  const inner = Object.entries(parameters).filter(([key]) => !NOT_AT_THE_TOP.includes(key))
  const { description, ...rest } = convert(Object.fromEntries(inner), 0)
  const properties = { ...variantProperties(parameters), ...fieldsAt(rest, 'properties') }
  const schema = { ...rest, type: 'object', properties }
  const size = Buffer.byteLength(JSON.stringify(schema))
  if (size > MOST_BYTES || isDeeper(parameters, MOST_LEVELS)) {
    return { schema, note: `Parameters, as JSON Schema: ${JSON.stringify(parameters)}` }
  }
  const combined = NOT_AT_THE_TOP.filter((key) => key in parameters).map((key) => said(key, parameters[key]))
  return { schema, note: [textOf(description), ...combined].filter((text) => text !== '').join('; ') }
}

/** Some generators put everything into a definition, and refer to it at the top. */
function withoutReference(schema: Fields): Fields {
  const { $ref, ...rest } = schema
  const [, table, name] = typeof $ref === 'string' ? (/^#\/(\$defs|definitions)\/([^/]+)$/.exec($ref) ?? []) : []
  const target = table === undefined || name === undefined ? undefined : fieldsAt(fieldsAt(schema, table), name)
  return target ? { ...target, ...rest } : schema
}

/** Whether arrays and objects are nested in more than so many levels. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1))
}

/** The properties of what may be chosen from at the top, so that the model has their names. */
function variantProperties(parameters: Fields): Fields {
  const variants = ['anyOf', 'oneOf', 'allOf'].flatMap((key) => listAt(parameters, key) ?? [])
  const found = variants.map((variant) => fieldsAt(asFields(variant), 'properties') ?? {})
  return convertAll(Object.assign({}, ...found), 1)
}

function convert(value: unknown, level: number): Record<string, unknown> {
  const schema = asFields(value)
  // `true` is anything. So is `false`, which nobody can say; Codex makes a string of both.
  if (!schema || level > MOST_LEVELS) return {}
  const typed = typeOf(schema)
  const kept = { ...typed, ...children({ ...schema, ...typed }, level + 1), ...rules(schema) }
  const description = describe(schema)
  return description === '' ? kept : { ...kept, description }
}

/** Without a type Codex takes values for strings. */
function typeOf(schema: Fields): { type?: unknown; enum?: unknown[] } {
  const values = 'const' in schema ? [schema['const']] : (listAt(schema, 'enum') ?? [])
  const given = [schema['type']].flat().filter((type) => typeof type === 'string' && TYPES.has(type))
  const types = new Set(given.length > 0 || values.length === 0 ? given : values.map(typeOfValue))
  if (schema['nullable'] === true && types.size > 0) types.add('null')
  return {
    ...(types.size === 0 ? {} : { type: types.size === 1 ? [...types][0] : [...types] }),
    ...(values.length === 0 ? {} : { enum: [...values] }),
  }
}

function typeOfValue(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function children(schema: Fields, level: number): Fields {
  const { items, additionalProperties } = schema
  const maps = ['properties', '$defs', 'definitions'].flatMap((key) => {
    const map = fieldsAt(schema, key)
    return map ? [[key, convertAll(map, level)]] : []
  })
  const lists = ['anyOf', 'oneOf', 'allOf'].flatMap((key) => {
    const list = listAt(schema, key) ?? []
    return list.length > 0 ? [[key, list.map((each) => convert(each, level))]] : []
  })
  return {
    ...Object.fromEntries([...maps, ...lists]),
    // Items that nobody describes would become strings.
    ...(items !== undefined || [schema['type']].flat().includes('array') ? { items: convert(items, level) } : {}),
    ...(typeof additionalProperties === 'boolean' ? { additionalProperties } : {}),
    ...(asFields(additionalProperties) ? { additionalProperties: convert(additionalProperties, level) } : {}),
  }
}

function convertAll(map: Fields, level: number): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, each]) => [key, convert(each, level)]))
}

function rules(schema: Fields): Fields {
  const required = listAt(schema, 'required')?.filter((name) => typeof name === 'string')
  const reference = textAt(schema, '$ref')
  const { minItems } = schema
  return {
    ...(required ? { required } : {}),
    ...(reference === undefined ? {} : { $ref: reference }),
    ...(Number.isSafeInteger(minItems) ? { minItems } : {}),
  }
}

/** Its own description, and behind it all that Codex drops. */
function describe(schema: Fields): string {
  const dropped = Object.keys(schema).filter((key) => !KEPT.has(key) && !SILENT.test(key))
  // A list of schemas is an old way to describe each place of an array.
  const places = Array.isArray(schema['items']) ? [said('items', schema['items'])] : []
  const notes = [...dropped.map((key) => said(key, schema[key])), ...places].join('; ')
  const own = textOf(schema['description'])
  if (notes === '') return own
  return own === '' ? notes : `${own} (${notes})`
}

function said(key: string, value: unknown): string {
  return `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
