import { dereference, type OutputUnit, type Schema, type SchemaDraft, validate } from '@cfworker/json-schema'
import { createRegexMeter } from './regex-cost.ts'
import { checkSchema, isRecord, type SchemaProblem } from './schema-check.ts'

/** The first thing by which a value breaks its schema: `/items/0/name: Instance type "number" is invalid. …`. */
export type Violation = string
export type SchemaValidator = {
  /** Undefined where the value fits. Never throws. */
  validate(value: unknown): Violation | undefined
}

/** References that one validation may follow. Schemas that refer to themselves twice double the work with each level. */
const MOST_REFERENCES = 100_000
/** Each item is compared with each other one. */
const MOST_UNIQUE_ITEMS = 5_000
const LONGEST_VIOLATION = 300

/**
 * Formats that are checked: those of OpenAI's structured outputs, and some whose check takes a time that is bounded. In other
 * formats any text is right, as the standard has it by default (2020-12, Validation 7).
 */
const FORMATS = new Set(['date', 'time', 'date-time', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid', 'uri'])

/** A validator, or what is wrong with the schema. The schema itself is left as it is. */
export function createSchemaValidator(
  source: Record<string, unknown>,
): { validator: SchemaValidator } | { problem: SchemaProblem } {
  const problem = checkSchema(source)
  if (problem) return { problem }
  const schema = withoutFormats(structuredClone(source)) as Schema
  const draft = draftOf(source)
  let lookup: Record<string, Schema | boolean>
  try {
    lookup = dereference(schema)
  } catch {
    return { problem: { pointer: '', message: 'has an $id or a $ref that is none, or two parts of one $id' } }
  }
  const wrong = checkReferences(lookup)
  if (wrong) return { problem: wrong }
  const parts = Object.values(lookup).filter(isRecord)
  const unique = parts.some((part) => part.uniqueItems === true)
  const patterns = patternsOf(parts)
  return {
    validator: {
      validate(value) {
        if (unique && longestList(value) > MOST_UNIQUE_ITEMS)
          return `has a list of more than ${MOST_UNIQUE_ITEMS} items, too long to be checked for unique ones`
        if (patterns.length > 0 && !isCheap(patterns, value))
          return 'has texts that take too long to be checked against the patterns of the schema'
        try {
          return explain(validate(value, schema, draft, counted(lookup)).errors)
        } catch {
          return 'could not be checked: it is too deep, or its schema refers to itself too often'
        }
      },
    },
  }
}

/** A schema that says no draft is read by the newest, which Pydantic and Zod write. */
function draftOf({ $schema }: Record<string, unknown>): SchemaDraft {
  const name = typeof $schema === 'string' ? $schema : ''
  if (name.includes('draft-04')) return '4'
  if (name.includes('draft-06') || name.includes('draft-07')) return '7'
  return name.includes('2019-09') ? '2019-09' : '2020-12'
}

/** References lead to parts of the schema: nothing is fetched. And none leads round in a circle without going into a value. */
function checkReferences(lookup: Record<string, Schema | boolean>): SchemaProblem | undefined {
  const pointerOf = (part: Schema) => (part.__absolute_uri__ ?? '').replace(/^[^#]*#?/, '')
  const parts = [...new Set(Object.values(lookup).filter((part) => typeof part === 'object'))]
  const targets = new Set<Schema>()
  for (const part of parts) {
    if (part.$ref === undefined) continue
    const target = lookup[part.__absolute_ref__ ?? '']
    if (target === undefined)
      return { pointer: `${pointerOf(part)}/$ref`, message: 'must lead to a part of this schema: nothing is fetched' }
    if (typeof target === 'object') targets.add(target)
  }
  // Also those below keywords that nobody knows, which have not been looked at yet: `#/components/schemas/Item`.
  for (const target of targets) {
    const problem = checkSchema(target)
    if (problem) return { ...problem, pointer: pointerOf(target) + problem.pointer }
  }
  const state = new Map<Schema, 'open' | 'done'>()
  const isCircle = (part: Schema | boolean | undefined): boolean => {
    if (typeof part !== 'object' || state.get(part) === 'done') return false
    if (state.get(part) === 'open') return true
    state.set(part, 'open')
    const found = sameValue(part, lookup).some(isCircle)
    state.set(part, 'done')
    return found
  }
  const circle = parts.find(isCircle)
  return circle && { pointer: pointerOf(circle), message: 'refers to itself in a circle' }
}

/** The schemas that the same value is checked against. */
function sameValue(part: Schema, lookup: Record<string, Schema | boolean>): (Schema | boolean | undefined)[] {
  const { $ref, $recursiveRef, allOf = [], anyOf = [], oneOf = [], dependentSchemas = {} } = part
  return [
    $ref === undefined ? undefined : lookup[part.__absolute_ref__ ?? ''],
    $recursiveRef === undefined ? undefined : lookup[part.__absolute_recursive_ref__ ?? ''],
    part.not,
    part.if,
    part.then,
    part.else,
    ...allOf,
    ...anyOf,
    ...oneOf,
    ...Object.values(dependentSchemas),
  ]
}

/** The same parts, given out so often and no more. */
function counted(lookup: Record<string, Schema | boolean>): Record<string, Schema | boolean> {
  let left = MOST_REFERENCES
  return new Proxy(lookup, {
    get(target, key: string) {
      left -= 1
      if (left < 0) throw new Error('too many references')
      return target[key]
    },
  })
}

/** Keywords that say only that something further in is wrong; that stands behind them. */
const OUTER = new Set(['properties', 'patternProperties', 'additionalProperties', 'unevaluatedProperties', 'items'])
for (const keyword of ['prefixItems', '$ref', '$recursiveRef', 'allOf', 'additionalItems', 'if']) OUTER.add(keyword)

function explain(errors: readonly OutputUnit[]): Violation | undefined {
  const inner = errors.findIndex(({ keyword }) => !OUTER.has(keyword))
  // `false` is what a property meets that is not allowed; what is outside of it names that.
  const found = errors[inner]?.keyword === 'false' ? errors[inner - 1] : (errors[inner] ?? errors[0])
  if (!found) return undefined
  const pointer = found.instanceLocation.replace(/^#/, '')
  const text = `${pointer === '' ? 'the answer' : pointer}: ${found.error}`
  return text.length > LONGEST_VIOLATION ? `${text.slice(0, LONGEST_VIOLATION)}…` : text
}

/** Shorter texts are no danger, but for patterns that are refused anyway. */
const SHORT = 100

/** Whether no pattern of the schema meets a text in the value that it would be matched with for a long time. */
function isCheap(patterns: readonly string[], value: unknown): boolean {
  const meter = createRegexMeter()
  return textsOf(value)
    .filter(({ length }) => length > SHORT)
    .every((text) => patterns.every((pattern) => meter.isCheap(pattern, text)))
}

function patternsOf(parts: readonly Record<string, unknown>[]): string[] {
  const found = parts.flatMap(({ pattern, patternProperties }) => [
    ...(typeof pattern === 'string' ? [pattern] : []),
    ...(isRecord(patternProperties) ? Object.keys(patternProperties) : []),
  ])
  return [...new Set(found)]
}

/** All texts in a value, names of properties too. */
function textsOf(value: unknown): string[] {
  const texts: string[] = []
  const left = [value]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next === 'string') texts.push(next)
    if (typeof next !== 'object' || next === null) continue
    if (!Array.isArray(next)) texts.push(...Object.keys(next))
    for (const inner of Object.values(next)) left.push(inner)
  }
  return texts
}

function longestList(value: unknown): number {
  let longest = 0
  const left: unknown[] = [value]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next !== 'object' || next === null) continue
    if (Array.isArray(next)) longest = Math.max(longest, next.length)
    for (const inner of Object.values(next)) left.push(inner)
  }
  return longest
}

/** Takes formats away that are not checked. Only where it is a keyword: a property may be called `format`. */
function withoutFormats(schema: unknown, isMap = false): unknown {
  if (Array.isArray(schema)) for (const part of schema) withoutFormats(part)
  if (!isRecord(schema)) return schema
  for (const [key, part] of Object.entries(schema)) {
    if (!isMap && key === 'format' && typeof part === 'string' && !FORMATS.has(part)) delete schema[key]
    else if (isMap || !DATA.has(key)) withoutFormats(part, !isMap && MAPS.has(key))
  }
  return schema
}

const MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies'])
const DATA = new Set(['enum', 'const', 'default', 'examples', 'required'])
