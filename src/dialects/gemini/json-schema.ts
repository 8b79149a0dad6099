// Google's form of OpenAPI schemas as JSON Schema. What is JSON Schema already comes out as it is.
import { camelCase } from './spelling.ts'

type Schema = Record<string, unknown>

/** Keys whose values are schemas by names of the caller's own. */
const MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions'])
const SCHEMAS = new Set(['items', 'anyOf', 'oneOf', 'allOf', 'prefixItems', 'additionalProperties', 'not'])
/** 64-bit numbers, which Google writes as strings. */
const COUNTS = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'])

export function toJsonSchema(schema: Schema): Schema {
  const converted: Schema = {}
  let nullable = false
  for (const [key, value] of Object.entries(schema)) {
    const name = key.startsWith('$') ? key : camelCase(key)
    if (name === 'nullable') nullable = value === true
    else if (name === 'type') setType(converted, value)
    else if (name === 'example') converted['examples'] = [value]
    else if (MAPS.has(name) && isSchema(value)) converted[name] = mapValues(value, convert)
    else if (SCHEMAS.has(name)) converted[name] = Array.isArray(value) ? value.map(convert) : convert(value)
    else if (COUNTS.has(name)) converted[name] = numberOf(value)
    // Tells Google alone in which order to write.
    else if (name !== 'propertyOrdering') converted[name] = value
  }
  return nullable ? withNull(converted) : converted
}

const convert = (value: unknown) => (isSchema(value) ? toJsonSchema(value) : value)

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mapValues(map: Schema, change: (value: unknown) => unknown): Schema {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]))
}

function setType(schema: Schema, type: unknown): void {
  const lower = (name: unknown) => (typeof name === 'string' ? name.toLowerCase() : name)
  if (type === 'TYPE_UNSPECIFIED') return
  schema['type'] = Array.isArray(type) ? type.map(lower) : lower(type)
}

function numberOf(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
}

function withNull(schema: Schema): Schema {
  const { type, enum: values, anyOf } = schema
  if (typeof type === 'string') {
    const allowed = Array.isArray(values) ? { enum: [...values, null] } : {}
    return { ...schema, type: [type, 'null'], ...allowed }
  }
  return Array.isArray(anyOf) ? { ...schema, anyOf: [...anyOf, { type: 'null' }] } : schema
}
