// Pieces that the schemas of all dialects are made of.
import * as v from 'valibot'
import { notArray } from './not-array.ts'
import { withKey } from './whole-record.ts'

/** Also the rule for what may stand in a CLI's argv: no leading dash, no white space. */
const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}$/

/** For the description of a request. */
export const OTHER_FIELDS =
  'Fields that cannot be honoured, and fields not listed here, are named in the response header `x-cligate-ignored`; in strict mode they are a 400.'

/** An optional field: may be left out or null, which mean the same. */
export const field = <Schema extends v.GenericSchema>(schema: Schema, description: string) =>
  v.pipe(v.nullish(schema), v.description(description))

export const deprecated = <Schema extends v.GenericSchema>(schema: Schema, description: string) =>
  v.pipe(v.nullish(schema), v.metadata({ description, deprecated: true }))

export const notHonoured = field(v.unknown(), 'Not honoured.')

export const between = (least: number, most: number) => v.pipe(v.number(), v.minValue(least), v.maxValue(most))

/** JSON allows numbers like 1e308, which no CLI could hold. */
export const wholeNumber = v.pipe(v.number(), v.integer(), v.safeInteger())

/** A whole number that makes sense from 1 on: of tokens, of answers. */
export const positive = v.pipe(wholeNumber, v.minValue(1))

/** In answers. */
export const count = v.pipe(v.number(), v.integer(), v.minValue(0))

export const modelName = v.pipe(
  v.string(),
  v.regex(
    MODEL_NAME,
    'must be a model name: at most 128 letters, digits and . _ : / @ -, with a letter or digit first',
  ),
  v.description('A name from `GET /v1/models`, one of its aliases, or `provider/model`.'),
)

const stopText = v.pipe(v.string(), v.nonEmpty())

/** `stop` of OpenAI's older APIs: one text or several. */
export const stopTexts = field(
  v.union([stopText, v.pipe(v.array(stopText), v.maxLength(4))]),
  'Up to 4 texts that end the answer; they are not part of it.',
)

/** The caller's own names for things. */
export const label = v.pipe(v.string(), v.maxLength(1024))

/** `metadata` of OpenAI's APIs. */
export const labels = v.pipe(
  withKey(v.pipe(v.string(), v.maxLength(64)), v.pipe(v.string(), v.maxLength(512))),
  v.maxEntries(16),
)

export const jsonSchema = notArray(v.record(v.string(), v.unknown()))
