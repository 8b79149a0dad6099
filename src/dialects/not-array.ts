import * as v from 'valibot'

const REFUSAL = v.custom(() => false, 'must be an object, not an array')

/**
 * The same schema of an object, without arrays. Valibot 1.5 takes an array for an object with its indexes as keys, and gives
 * a plain object: no check behind it can tell.
 */
export function notArray<Schema extends v.GenericSchema>(schema: Schema): Schema {
  const run: Schema['~run'] = (dataset, config) =>
    (Array.isArray(dataset.value) ? REFUSAL : schema)['~run'](dataset, config)
  return { ...schema, '~run': run }
}
