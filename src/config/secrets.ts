import { agentsOf } from './agents.ts'
import type { Variables } from './environment.ts'
import type { Config } from './schema.ts'
import { SETTINGS } from './settings.ts'

/** Variables by whose names one knows that they hold a credential: what a CLI inherits, it may write down. */
const SECRET_VARIABLE = /(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|BEARER)$/i

/**
 * The texts that must appear in no log: all values of secret keys, and of variables that hold credentials.
 * @param environment what children may inherit from
 */
export function secretsOf(config: Config, environment: Variables = {}): string[] {
  const settings = SETTINGS.filter((setting) => setting.notes.secret).map(({ path }) => path)
  const agents = agentsOf(config)
  const paths = [...settings, ...agents.map(([name]) => `providers.${name}.env`)]
  const inherited = new Set(agents.flatMap(([, { inherit }]) => inherit))
  const variables = Object.entries(environment).filter(([name]) => SECRET_VARIABLE.test(name) || inherited.has(name))
  return [...paths.map((path) => valueAt(config, path)), ...variables.map(([, value]) => value)].flatMap(textsIn)
}

/** The value of the key with this path. */
export function valueAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((place, name) => (place as Record<string, unknown> | undefined)?.[name], value)
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}
