// What the sections of providers have in common.
import * as v from 'valibot'
import { setting } from '../setting.ts'

const environmentName = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable'))

/** Variables for the processes of a provider, by name. */
export const variableMap = () => v.record(environmentName, v.string())

/** The `env` key of a provider. */
export const variables = (examples: string) =>
  setting(variableMap(), {}, `Variables for its processes, such as ${examples}. They inherit next to nothing else.`, {
    secret: true,
  })
