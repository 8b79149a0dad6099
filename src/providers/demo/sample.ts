// Values that fit a JSON Schema: what the demo model calls functions with and what its structured answers are.
import { characterTest } from '../../tools/regex-automaton.ts'
import { parseRegex, type RegexPart } from '../../tools/regex-parts.ts'
import { isRecord } from '../../tools/schema-check.ts'

type Schema = Record<string, unknown>
type Place = { root: Schema; depth: number; name: string }

/** From here on only what is required is made, so that schemas which refer to themselves come to an end. */
const SHALLOW = 4
/** A schema that wants ever more of itself has no value at all. */
const DEEPEST = 40
const MOST_ITEMS = 100

/** The same schema gets the same value. Of a schema that cannot be satisfied, something near it. */
export function sampleOf(schema: Schema): unknown {
  return sample(schema, { root: schema, depth: 0, name: 'demo' })
}

function sample(given: unknown, place: Place): unknown {
  if (!isRecord(given) || place.depth > DEEPEST) return place.name
  const schema = resolve(given, place.root)
  if (schema.const !== undefined) return schema.const
  if (Array.isArray(schema.enum)) return schema.enum[0]
  const choice = chosen(schema, place)
  if (choice) return sample(choice, { ...place, depth: place.depth + 1 })
  switch (typeOf(schema, place)) {
    case 'object':
      return object(schema, place)
    case 'array':
      return array(schema, place)
    case 'integer':
    case 'number':
      return number(schema)
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return text(schema, place.name)
  }
}

/** With what it refers to and all that it is made of. */
function resolve(schema: Schema, root: Schema, hops = 0): Schema {
  if (hops > DEEPEST) return {}
  const { $ref, allOf, ...own } = schema
  const parts = [...(typeof $ref === 'string' ? [at($ref, root)] : []), ...(Array.isArray(allOf) ? allOf : [])]
  return parts.filter(isRecord).reduce((whole, part) => merge(whole, resolve(part, root, hops + 1)), own)
}

function merge(one: Schema, other: Schema): Schema {
  const both = { ...other, ...one }
  if (isRecord(one.properties) && isRecord(other.properties))
    both.properties = { ...other.properties, ...one.properties }
  if (Array.isArray(one.required) && Array.isArray(other.required)) both.required = [...one.required, ...other.required]
  return both
}

function at(pointer: string, root: Schema): unknown {
  if (!pointer.startsWith('#')) return undefined
  const keys = decodeURIComponent(pointer.slice(1)).split('/').slice(1)
  return keys.reduce<unknown>((value, key) => {
    const name = key.replace(/~1/g, '/').replace(/~0/g, '~')
    return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
      ? Reflect.get(value, name)
      : undefined
  }, root)
}

/** One of its alternatives, with all that the schema says beside them. Deep down one that goes no deeper. */
function chosen(schema: Schema, { root, depth }: Place): Schema | undefined {
  const { anyOf, oneOf, ...beside } = schema
  const all = [anyOf, oneOf].find((list) => Array.isArray(list)) as unknown[] | undefined
  if (!all) return undefined
  const parts = all.filter(isRecord).map((part) => resolve(part, root))
  const flat = depth >= SHALLOW ? parts.find(({ type }) => type !== 'object' && type !== 'array' && type) : undefined
  return merge(flat ?? parts[0] ?? {}, beside)
}

function typeOf({ type, ...schema }: Schema, { depth }: Place): unknown {
  if (Array.isArray(type)) return depth >= SHALLOW && type.includes('null') ? 'null' : type[0]
  if (type !== undefined) return type
  if (schema.properties ?? schema.required ?? schema.additionalProperties) return 'object'
  if (schema.items ?? schema.prefixItems ?? schema.minItems) return 'array'
  return (schema.minimum ?? schema.maximum ?? schema.multipleOf) === undefined ? 'string' : 'number'
}

function object(schema: Schema, place: Place): Record<string, unknown> {
  const properties = isRecord(schema.properties) ? schema.properties : {}
  const required = Array.isArray(schema.required) ? schema.required.map(String) : []
  const names = place.depth < SHALLOW ? [...new Set([...Object.keys(properties), ...required])] : required
  const inner = (name: string, part: unknown) => sample(part, { root: place.root, depth: place.depth + 1, name })
  const made = names
    .filter((name) => properties[name] !== false)
    .map((name) => [name, inner(name, own(properties, name))])
  const least = Math.min(countOf(schema.minProperties), MOST_ITEMS)
  for (let number = 1; made.length < least; number += 1) {
    const name = `key_${number}`
    made.push([name, inner(name, schema.additionalProperties)])
  }
  return Object.fromEntries(made) as Record<string, unknown>
}

function array(schema: Schema, place: Place): unknown[] {
  const first = Array.isArray(schema.prefixItems) ? schema.prefixItems : Array.isArray(schema.items) ? schema.items : []
  const rest = Array.isArray(schema.items) ? schema.additionalItems : schema.items
  const wanted = Math.max(countOf(schema.minItems), place.depth < SHALLOW ? Math.max(first.length, 1) : 0)
  const length = Math.min(wanted, rest === false ? first.length : MOST_ITEMS, maximumOf(schema.maxItems))
  return Array.from({ length }, (_, index) => {
    const item: unknown = first[index] ?? rest ?? schema.contains
    const value = sample(item, { root: place.root, depth: place.depth + 1, name: place.name })
    return schema.uniqueItems === true && index > 0 ? different(value, index) : value
  })
}

function different(value: unknown, index: number): unknown {
  if (typeof value === 'string') return `${value}_${index + 1}`
  return typeof value === 'number' ? value + index : value
}

function number(schema: Schema): number {
  const { type, minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = schema
  const step = typeof multipleOf === 'number' && multipleOf > 0 ? multipleOf : type === 'integer' ? 1 : 0.5
  const least =
    typeof minimum === 'number' ? minimum : typeof exclusiveMinimum === 'number' ? exclusiveMinimum + step : undefined
  const most =
    typeof maximum === 'number' ? maximum : typeof exclusiveMaximum === 'number' ? exclusiveMaximum - step : undefined
  const rounds = typeof multipleOf === 'number' || type === 'integer'
  const value = least ?? Math.min(1, most ?? 1)
  if (!rounds) return value
  return (least === undefined ? Math.floor(value / step) : Math.ceil(value / step)) * step
}

const FORMATS = new Map([
  ['date', '2026-01-31'],
  ['time', '12:30:00Z'],
  ['date-time', '2026-01-31T12:30:00Z'],
  ['duration', 'P1D'],
  ['email', 'demo@example.com'],
  ['hostname', 'example.com'],
  ['ipv4', '192.0.2.1'],
  ['ipv6', '2001:db8::1'],
  ['uuid', '00000000-0000-4000-8000-000000000000'],
  ['uri', 'https://example.com/demo'],
])

function text({ format, pattern, minLength, maxLength }: Schema, name: string): string {
  const formatted = typeof format === 'string' ? FORMATS.get(format) : undefined
  if (formatted !== undefined) return formatted
  if (typeof pattern === 'string') return matching(pattern, countOf(minLength)) ?? name
  return name.padEnd(Math.min(countOf(minLength), 10_000), '.').slice(0, maximumOf(maxLength))
}

function matching(pattern: string, least: number): string | undefined {
  const part = parseRegex(pattern)
  if (!part) return undefined
  const matcher = new RegExp(pattern, 'u')
  for (let times = 0; times <= 40; times += 1) {
    const made = written(part, times)
    if (made.length >= least && matcher.test(made)) return made
  }
  return undefined
}

/** A text that a pattern reads, each loop of it `times` times where that is allowed. */
function written(part: RegexPart, times: number): string {
  switch (part.type) {
    case 'character':
      return characterOf(part.source)
    case 'sequence':
      return part.parts.map((inner) => written(inner, times)).join('')
    case 'choice':
      return written(part.parts[0]!, times)
    case 'repeat':
      return written(part.part, times).repeat(Math.min(Math.max(part.least, Math.min(times, part.most)), 1_000))
    case 'look':
      return ''
    default:
      return part satisfies never
  }
}

function characterOf(source: string): string {
  const matcher = characterTest(source)
  const found = PLAIN.find((character) => matcher.test(character))
  return found ?? Array.from(source).find((character) => matcher.test(character)) ?? 'a'
}

const PLAIN = Array.from('aA1 -_.@/:é漢').concat(
  Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)),
)

const countOf = (value: unknown) => (typeof value === 'number' ? value : 0)
const maximumOf = (value: unknown) => (typeof value === 'number' ? value : Infinity)

function own(properties: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(properties, name) ? properties[name] : undefined
}
