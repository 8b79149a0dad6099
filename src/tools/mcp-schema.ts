/**
 * A function's JSON Schema as clients of the protocol take it: they refuse a whole list of tools over one whose schema is not of type
 * object, has a property that is no object, or a `required` that is no list of names. All else stays as it is.
 */
export function toInputSchema(parameters: Record<string, unknown>): Record<string, unknown> {
  const { properties, required, ...rest } = parameters
  return {
    ...rest,
    type: 'object',
    ...(isObject(properties) ? { properties: mapped(properties) } : {}),
    ...(Array.isArray(required) ? { required: required.filter((name) => typeof name === 'string') } : {}),
  }
}

function mapped(properties: object): object {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, asObject(schema)]))
}

/** `true` and `false` are schemas too, which have other spellings. */
function asObject(schema: unknown): unknown {
  if (schema === false) return { not: {} }
  return isObject(schema) ? schema : {}
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
