import { isExponential } from './regex-cost.ts'

/** Far beyond schemas that people write, and what a provider takes. */
const MOST_SCHEMAS = 10_000
const MOST_VALUES = 100_000
const DEEPEST = 100
const LONGEST_PATTERN = 1_000

const TYPES = new Set(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'])

type Kind =
  | 'schema'
  | 'schemas'
  | 'map'
  | 'items'
  | 'type'
  | 'strings'
  | 'values'
  | 'number'
  | 'count'
  | 'boolean'
  | 'text'

/** What stands behind a keyword. Those that are not here say nothing about an answer, and may hold anything. */
const KEYWORDS = new Map<string, Kind>([
  ...each('schema', 'additionalProperties', 'unevaluatedProperties', 'propertyNames', 'not', 'if', 'then', 'else'),
  ...each('schema', 'contains', 'additionalItems', 'unevaluatedItems'),
  ...each('schemas', 'allOf', 'anyOf', 'oneOf', 'prefixItems'),
  ...each('map', 'properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies'),
  ...each('items', 'items'),
  ...each('type', 'type'),
  ...each('strings', 'required'),
  ...each('values', 'enum'),
  ...each('number', 'minimum', 'maximum', 'multipleOf'),
  ...each('count', 'minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'),
  ...each('count', 'minContains', 'maxContains'),
  ...each('boolean', 'uniqueItems'),
  ...each('text', '$ref', '$id', '$anchor', '$schema', 'pattern', 'format'),
])

function each(kind: Kind, ...names: string[]): [string, Kind][] {
  return names.map((name) => [name, kind])
}

const RULES: Partial<Record<Kind, [(value: unknown) => boolean, string]>> = {
  type: [
    (value) => (Array.isArray(value) ? value.length > 0 && value.every(isType) : isType(value)),
    `must be one of ${[...TYPES].join(', ')}, or a list of them`,
  ],
  strings: [
    (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
    'must be a list of names',
  ],
  values: [(value) => Array.isArray(value) && value.length > 0, 'must be a list of values, and not empty'],
  number: [(value) => typeof value === 'number', 'must be a number'],
  count: [(value) => Number.isSafeInteger(value) && Number(value) >= 0, 'must be a whole number, 0 or more'],
  boolean: [(value) => typeof value === 'boolean', 'must be true or false'],
  text: [(value) => typeof value === 'string', 'must be a string'],
}

/** What is wrong, and where: a JSON pointer into the schema, empty for the whole. */
export type SchemaProblem = { pointer: string; message: string }

/** The lists that must have something in them. */
const NEVER_EMPTY = new Set(['allOf', 'anyOf', 'oneOf'])

/**
 * Looks through a schema before it is used: whether it is one, whether it is of a size and depth that can be worked with, and
 * whether its patterns can be tested in a time that is bounded. References are the validator's business.
 * @returns the first problem; undefined for a schema that can be used
 */
export function checkSchema(schema: unknown): SchemaProblem | undefined {
  let schemas = 0
  const visit = (value: unknown, pointer: string, depth: number): SchemaProblem | undefined => {
    if (typeof value === 'boolean') return undefined
    if (!isRecord(value)) return { pointer, message: 'must be a schema: an object, true or false' }
    schemas += 1
    if (schemas > MOST_SCHEMAS) return { pointer: '', message: `has more than ${MOST_SCHEMAS} parts` }
    if (depth > DEEPEST) return { pointer: '', message: `is more than ${DEEPEST} levels deep` }
    for (const [keyword, content] of Object.entries(value)) {
      const problem = visitKeyword(keyword, content, `${pointer}/${escape(keyword)}`, depth)
      if (problem) return problem
    }
    return undefined
  }
  const visitKeyword = (
    keyword: string,
    content: unknown,
    pointer: string,
    depth: number,
  ): SchemaProblem | undefined => {
    const kind = KEYWORDS.get(keyword)
    if (!kind) return undefined
    const [holds, message] = RULES[kind] ?? []
    if (holds && message && !holds(content)) return { pointer, message }
    if (keyword === 'pattern') return checkPattern(String(content), pointer)
    if (kind === 'schema' || (kind === 'items' && !Array.isArray(content))) return visit(content, pointer, depth + 1)
    if (kind !== 'schemas' && kind !== 'items' && kind !== 'map') return undefined
    const isList = kind !== 'map'
    if (isList ? !Array.isArray(content) : !isRecord(content))
      return { pointer, message: isList ? 'must be a list of schemas' : 'must be an object of schemas' }
    const entries = Object.entries(Object(content))
    if (entries.length === 0 && NEVER_EMPTY.has(keyword)) return { pointer, message: 'must not be empty' }
    for (const [key, inner] of entries) {
      // Names that have to be there as well, in older drafts beside schemas.
      if (keyword === 'dependencies' && Array.isArray(inner)) continue
      const place = `${pointer}/${escape(key)}`
      const problem =
        (keyword === 'patternProperties' ? checkPattern(key, place) : undefined) ?? visit(inner, place, depth + 1)
      if (problem) return problem
    }
    return undefined
  }
  if (!isRecord(schema)) return { pointer: '', message: 'must be a JSON Schema: an object' }
  return checkSize(schema) ?? visit(schema, '', 0)
}

function checkPattern(source: string, pointer: string): SchemaProblem | undefined {
  if (source.length > LONGEST_PATTERN) return { pointer, message: `is longer than ${LONGEST_PATTERN} characters` }
  try {
    RegExp(source, 'u')
  } catch {
    return { pointer, message: 'must be a regular expression as JavaScript has them, with the flag u' }
  }
  if (!isExponential(source)) return undefined
  return {
    pointer,
    message: 'is a regular expression that may take for ever: one of its loops can read a text in two ways',
  }
}

/** Whether a schema is of a size that can be worked with. Without recursion: nobody has looked at its depth before. */
export function checkSize(schema: object): SchemaProblem | undefined {
  let level: unknown[] = [schema]
  let values = 0
  for (let depth = 0; level.length > 0; depth += 1) {
    values += level.length
    if (values > MOST_VALUES) return { pointer: '', message: `has more than ${MOST_VALUES} values` }
    if (depth > 2 * DEEPEST) return { pointer: '', message: `is more than ${DEEPEST} levels deep` }
    level = level.flatMap((value): unknown[] =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    )
  }
  return undefined
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isType(value: unknown): boolean {
  return typeof value === 'string' && TYPES.has(value)
}

function escape(key: string): string {
  return key.slice(0, 100).replace(/~/g, '~0').replace(/\//g, '~1')
}
