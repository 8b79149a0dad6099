// How a section of the configuration is written down: each key with its description, its default and its names.
import * as v from 'valibot'

/** A flat environment variable that sets a key, besides its `CLIGATE_SECTION__KEY`. */
type FlatName = {
  name: string
  /** The variable's unit is this much smaller than the key's. */
  divisor?: number
  /** The whole text is one item of the list, commas included. */
  item?: boolean
}

/** What the loader and the displays need to know of a key, and its schema cannot say. */
export type SettingNotes = {
  environment?: FlatName[]
  /** Never shown. */
  secret?: boolean
  /**
   * Names a file or folder: `~/` is the home folder, the rest is relative to where the value was written. A `command` without
   * any slash is looked for on PATH.
   */
  path?: 'file' | 'command'
}

/** A key with a default. `description` says the unit. */
export function setting<const S extends v.GenericSchema>(
  schema: S,
  fallback: v.InferInput<S>,
  description: string,
  notes: SettingNotes = {},
) {
  return v.optional(v.pipe(schema, v.description(description), v.metadata({ ...notes })), fallback)
}

/** A key that may be absent. */
export function optionalSetting<const S extends v.GenericSchema>(
  schema: S,
  description: string,
  notes: SettingNotes = {},
) {
  return v.optional(v.pipe(schema, v.description(description), v.metadata({ ...notes })))
}

/** Keys below one name. Unknown ones are errors; left out, all of them have their defaults. */
export function section<const Entries extends v.ObjectEntries>(description: string, entries: Entries) {
  const schema = v.pipe(v.strictObject(entries), v.description(description))
  // All entries are optional; TypeScript cannot see it while `Entries` is open.
  return v.optional(schema, {} as v.InferInput<typeof schema>)
}

// Validators whose messages continue the sentence "server.port ...".

/** Any text but the empty one. */
export const text = () => v.pipe(v.string(), v.nonEmpty('must not be empty'))

/** A number between the bounds, fractions allowed. */
export const amount = (min: number, max: number) =>
  v.pipe(v.number(), v.minValue(min, `must be ${min} or more`), v.maxValue(max, `must be ${max} or less`))

/** A whole number between the bounds. */
export const count = (min: number, max: number) =>
  v.pipe(
    v.number(),
    v.integer('must be a whole number'),
    v.minValue(min, `must be ${min} or more`),
    v.maxValue(max, `must be ${max} or less`),
  )

/** Seconds up to `maxHours`; 0 where the description says what it means. */
export const seconds = (maxHours = 24) => amount(0, maxHours * 3600)
