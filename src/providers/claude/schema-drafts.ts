// JSON Schemas of older drafts, as the draft 2020-12 that the service takes. Claude Code (2.1.329) drops a function whose schema
// is none of that draft; generators that write the older ones are still common. Pure.
import { asFields, type Fields } from '../fields.ts'

const MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'])
const LISTS = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems'])
const SINGLE = new Set(
  'items additionalItems additionalProperties unevaluatedItems unevaluatedProperties not if then else contains propertyNames'.split(
    ' ',
  ),
)

/** The schema in the new draft; the same object where nothing had to change. */
export function modernSchema(given: Fields): Fields {
  const schema = modern(given)
  if (schema === given) return given
  // It is of that draft no longer.
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema'))
}

function modern(given: Fields): Fields {
  const entries = Object.entries(given).map(([key, value]) => [key, inside(key, value)] as const)
  const changed = entries.some(([key, value]) => value !== given[key])
  let schema: Fields = changed ? Object.fromEntries(entries) : given
  for (const step of [tuple, exclusiveLimits, requiredNames, requiredFlags]) schema = step(schema)
  return schema
}

/** The subschemas in the value of a keyword. */
function inside(key: string, value: unknown): unknown {
  if (MAPS.has(key)) {
    const fields = asFields(value)
    if (!fields) return value
    const entries = Object.entries(fields).map(([name, one]) => [name, modernOr(one)] as const)
    return entries.some(([name, one]) => one !== fields[name]) ? Object.fromEntries(entries) : value
  }
  if (LISTS.has(key) || (key === 'items' && Array.isArray(value))) {
    if (!Array.isArray(value)) return value
    const list: unknown[] = value.map(modernOr)
    return list.some((one, position) => one !== value[position]) ? list : value
  }
  return SINGLE.has(key) ? modernOr(value) : value
}

function modernOr(value: unknown): unknown {
  const fields = asFields(value)
  return fields ? modern(fields) : value
}

/** Up to 2019-09: `items` is a list, and `additionalItems` what follows. */
function tuple(schema: Fields): Fields {
  if (!Array.isArray(schema['items'])) return schema
  const { items, additionalItems, ...rest } = schema
  return { ...rest, prefixItems: items, ...(additionalItems === undefined ? {} : { items: additionalItems }) }
}

/** Up to draft 4: a limit is exclusive where a flag says so. */
function exclusiveLimits(schema: Fields): Fields {
  let result = schema
  for (const [flag, limit] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (typeof result[flag] !== 'boolean') continue
    const { [flag]: exclusive, [limit]: value, ...rest } = result
    result = value === undefined ? rest : { ...rest, [exclusive ? flag : limit]: value }
  }
  return result
}

/** Names may stand there once. */
function requiredNames(schema: Fields): Fields {
  const { required } = schema
  if (!Array.isArray(required) || new Set(required).size === required.length) return schema
  return { ...schema, required: [...new Set(required)] }
}

/** Draft 3: each property says for itself that it is required. */
function requiredFlags(schema: Fields): Fields {
  const properties = asFields(schema['properties'])
  const flagged = Object.entries(properties ?? {}).filter(([, one]) => typeof asFields(one)?.['required'] === 'boolean')
  if (!properties || flagged.length === 0) return schema
  const names = flagged.filter(([, one]) => asFields(one)?.['required'] === true).map(([name]) => name)
  const listed: unknown[] = Array.isArray(schema['required']) ? schema['required'] : []
  const plain = Object.entries(properties).map(([name, one]) => {
    const fields = asFields(one)
    if (typeof fields?.['required'] !== 'boolean') return [name, one] as const
    return [name, Object.fromEntries(Object.entries(fields).filter(([key]) => key !== 'required'))] as const
  })
  const required = [...new Set([...listed, ...names])]
  return { ...schema, properties: Object.fromEntries(plain), ...(required.length > 0 ? { required } : {}) }
}
