// Reads what an agent said: strict about what is used, indifferent to the rest.

/** A JSON object whose fields may be anything. */
export type Fields = Readonly<Record<string, unknown>>

export function asFields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
}

export function fieldsAt(object: Fields | undefined, key: string): Fields | undefined {
  return asFields(object?.[key])
}

export function textAt(object: Fields | undefined, key: string): string | undefined {
  const value = object?.[key]
  return typeof value === 'string' ? value : undefined
}

export function numberAt(object: Fields | undefined, key: string): number | undefined {
  const value = object?.[key]
  return typeof value === 'number' ? value : undefined
}

export function listAt(object: Fields | undefined, key: string): readonly unknown[] | undefined {
  const value = object?.[key]
  return Array.isArray(value) ? value : undefined
}
