// JSON Schemas of parameters, so that both Claude Code and the service behind it take them. Pure.
import { asFields, type Fields } from '../fields.ts'
import { modernSchema } from './schema-drafts.ts'

/** `remark`: what the schema no longer says, in words, for the model. */
export type RepairedSchema = { schema: Fields; remark?: string } | { problem: string }

/** More steps than any sane schema takes to say what its root is. */
const MOST_REFERENCES = 32
const MOST_ALTERNATIVES = 500

/**
 * A schema whose root is an object with properties: the service takes nothing else there, no alternatives and no reference
 * (`input_schema does not support oneOf, allOf, or anyOf at the top level`). What the root says by those is told in its properties,
 * as far as they can tell it, and as a remark. A schema that is fine comes back as it is.
 */
export function repairSchema(written: Fields): RepairedSchema {
  const given = modernSchema(written)
  const root = rootOf(given)
  if (typeof root === 'string') return { problem: root }
  const flat = flatten(root, given, { left: MOST_ALTERNATIVES })
  if (typeof flat === 'string') return { problem: flat }
  const { properties, required, lossy } = flat
  const badProperty = Object.entries(properties).find(([, value]) => value === undefined)
  if (badProperty) return { problem: `the property "${badProperty[0]}" is no schema` }
  const badName = Object.keys(properties).find((name) => !PROPERTY_NAME.test(name))
  if (badName !== undefined) return { problem: `Claude takes no property of the name ${JSON.stringify(badName)}` }
  if (isFine(root, given)) return { schema: given }
  const rest = Object.fromEntries(Object.entries(root).filter(([key]) => !COMBINED.has(key)))
  const definitions = root === given ? {} : definitionsOf(given)
  const schema = {
    ...definitions,
    ...rest,
    type: 'object',
    properties,
    ...(required.length > 0 || Array.isArray(root['required']) ? { required } : {}),
  }
  return lossy
    ? { schema, remark: `The arguments have to match this JSON Schema: ${JSON.stringify(given)}` }
    : { schema }
}

/** What the service takes (`Property keys should match pattern`). */
const PROPERTY_NAME = /^[A-Za-z0-9_.-]{1,64}$/

const COMBINED = new Set(['oneOf', 'anyOf', 'allOf', '$ref', 'type', 'properties', 'required'])

/** Goes out as it was written. */
function isFine(root: Fields, given: Fields): boolean {
  const combined = ['oneOf', 'anyOf', 'allOf'].some((key) => key in given)
  const empty = given['properties'] === null || given['required'] === null
  return root === given && given['type'] === 'object' && !combined && !empty
}

type Flat = { properties: Record<string, unknown>; required: string[]; lossy: boolean }

/** Follows a reference at the root to what it means; a string says why that cannot be. */
function rootOf(given: Fields): Fields | string {
  let schema = given
  for (let steps = 0; steps < MOST_REFERENCES; steps += 1) {
    if (schema['$ref'] === undefined) return schema
    const { $ref, ...beside } = schema
    const target = resolve($ref, given)
    if (!target) return `the reference ${JSON.stringify($ref)} leads nowhere`
    schema = { ...target, ...beside }
  }
  return 'its reference leads to itself'
}

function resolve(reference: unknown, document: Fields): Fields | undefined {
  if (typeof reference !== 'string' || !reference.startsWith('#')) return undefined
  let place: unknown = document
  for (const step of reference.slice(1).split('/').slice(1)) {
    const key = decoded(step).replaceAll('~1', '/').replaceAll('~0', '~')
    place = asFields(place)?.[key]
  }
  return asFields(place)
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    return step
  }
}

const definitionsOf = (document: Fields): Fields =>
  Object.fromEntries(Object.entries(document).filter(([key]) => key === '$defs' || key === 'definitions'))

/** What an object may and has to have; a string says why the schema describes none. */
function flatten(schema: Fields, document: Fields, budget: { left: number }): Flat | string {
  budget.left -= 1
  if (budget.left < 0) return 'its alternatives are too many, or lead to themselves'
  const own = ownProperties(schema)
  if (typeof own === 'string') return own
  let flat = own
  for (const key of ['allOf', 'anyOf', 'oneOf'] as const) {
    const parts = schema[key]
    if (parts === undefined) continue
    if (!Array.isArray(parts) || parts.length === 0) return `${key} is no list of schemas`
    const flats: Flat[] = []
    for (const part of parts) {
      const fields = asFields(part)
      if (!fields) return `${key} is no list of schemas`
      const target = fields['$ref'] === undefined ? fields : resolve(fields['$ref'], document)
      if (!target) return `the reference ${JSON.stringify(fields['$ref'])} leads nowhere`
      const one = flatten(target, document, budget)
      // An alternative that is no object is one that a call never takes.
      if (typeof one !== 'string') flats.push(one)
      else if (key === 'allOf') return one
    }
    if (flats.length === 0) return `${key} has no object in it`
    flat = merge(flat, flats, key === 'allOf')
  }
  return flat
}

function ownProperties(schema: Fields): Flat | string {
  const { type } = schema
  // Some languages write null for what is not there.
  const [properties, required] = [schema['properties'] ?? {}, schema['required'] ?? []]
  const types = Array.isArray(type) ? (type as unknown[]) : [type ?? 'object']
  if (!types.includes('object')) return `its type is ${JSON.stringify(type)}`
  const fields = asFields(properties)
  if (!fields) return 'its properties are no object'
  if (!Array.isArray(required) || !required.every((name) => typeof name === 'string')) {
    return '"required" is no list of names'
  }
  const schemas = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, asSchema(value)]))
  return { properties: schemas, required: [...new Set(required)], lossy: false }
}

const asSchema = (value: unknown): unknown => (typeof value === 'boolean' ? value : asFields(value))

/** `all`: the object is all of these at once; else any of them. */
function merge(own: Flat, parts: readonly Flat[], all: boolean): Flat {
  const properties: Record<string, unknown> = { ...own.properties }
  for (const name of new Set(parts.flatMap((part) => Object.keys(part.properties)))) {
    const found = parts.map((part) => part.properties[name]).filter((schema) => schema !== undefined)
    const schemas = [...new Map([properties[name], ...found].map((one) => [JSON.stringify(one), one])).values()]
    const different = schemas.filter((schema) => schema !== undefined)
    properties[name] = different.length === 1 ? different[0] : { [all ? 'allOf' : 'anyOf']: different }
  }
  const lists = parts.map((part) => part.required)
  const required = all ? lists.flat() : (lists[0] ?? []).filter((name) => lists.every((other) => other.includes(name)))
  return {
    properties,
    required: [...new Set([...own.required, ...required])],
    lossy: own.lossy || !all || parts.some((part) => part.lossy),
  }
}
