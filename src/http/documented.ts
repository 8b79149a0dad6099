// Valibot schemas as Elysia takes them, and as the API document shows them.
import { toJsonSchemaDefs } from '@valibot/to-json-schema'
import * as v from 'valibot'
import type { GatewayError } from '../core/error.ts'

/** Named schemas. Where one uses another, the document has a reference. */
export type SchemaRegistry = Record<string, v.GenericSchema>

/**
 * JSON Schemas (draft 2020-12, the one of OpenAPI 3.1) of what callers send, by name. They are made when the first of them is
 * looked at: a third of the time to the first answer would go into a document that few ask for.
 */
export function componentsOf(registry: SchemaRegistry): Record<string, object> {
  let made: Record<string, object> | undefined
  const make = () =>
    (made ??= toJsonSchemaDefs(registry, {
      typeMode: 'input',
      // Checks that JSON Schema cannot express still hold; the document just does not tell them.
      errorMode: 'ignore',
      target: 'draft-2020-12',
      overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
    }))
  const getters = Object.keys(registry).map((name) => [name, { enumerable: true, get: () => make()[name] }])
  return Object.defineProperties({}, Object.fromEntries(getters) as PropertyDescriptorMap)
}

/**
 * A schema for a route's `body`: validates with valibot, and shows as `components[name]` in the document, because the swagger
 * plugin copies the enumerable keys of a schema while Elysia looks for `~standard` by name.
 * @param explain makes the caller's error of the first issue
 */
export function documented<Schema extends v.GenericSchema>(
  schema: Schema,
  components: Record<string, object>,
  name: string,
  explain: (issue: v.InferIssue<Schema>) => GatewayError,
): Schema {
  const validate = (value: unknown) => {
    // One issue is enough: a body of a million wrong entries must not become a million issues.
    const result = v.safeParse(schema, value, { abortEarly: true })
    if (result.success) return { value: result.output }
    // Thrown here, so that Elysia does not build its own error, which holds the whole input as text.
    throw explain(result.issues[0])
  }
  const standard = { ...schema['~standard'], validate }
  const shown = Object.defineProperty({}, '~standard', { value: standard })
  const keysOf = (target: object) => Reflect.ownKeys(Object.assign(target, components[name]))
  return new Proxy(shown, { ownKeys: keysOf }) as unknown as Schema
}
