import * as v from 'valibot'
import { notArray } from './not-array.ts'

/** Keys that valibot 1.5 leaves out of every record, unchecked. To a caller they are names like others; no name is `__proto__`. */
const LEFT_OUT = ['constructor', 'prototype']
const NO_NAME = '__proto__'

/** A record with all names that are there, in their order, for what is the caller's own: labels, arguments, results. */
export function wholeRecord<Value extends v.GenericSchema>(value: Value) {
  return withKey(v.string(), value)
}

/** The same with a rule for its keys. */
export function withKey<Key extends v.GenericSchema<string, string>, Value extends v.GenericSchema>(
  key: Key,
  value: Value,
) {
  const record = notArray(v.record(key, value))
  const run: (typeof record)['~run'] = (dataset, config) => {
    const given: unknown = dataset.value
    const result = record['~run'](dataset, config)
    if (!result.typed || typeof given !== 'object' || given === null) return result
    if (!LEFT_OUT.some((name) => Object.hasOwn(given, name))) return result
    const whole: Record<string, unknown> = {}
    for (const [name, field] of Object.entries(given)) {
      if (name === NO_NAME) continue
      const inner: v.OutputDataset<unknown, v.BaseIssue<unknown>> = value['~run']({ value: field }, config)
      if (inner.issues) return { typed: false, value: given, issues: inner.issues } as never
      whole[name] = inner.value
    }
    return { ...result, value: whole } as typeof result
  }
  return { ...record, '~run': run }
}
