import { agentsOf } from './agents.ts'
import type { Variables } from './environment.ts'
import type { Config } from './schema.ts'
import { SETTINGS } from './settings.ts'

/** Variables by whose names one knows that they hold a credential: any other may be the name of a model. */
const SECRET_NAME = /KEY|(?<!MAX\w*)TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|BEARER|AUTH$|AUTHORIZATION|COOKIE/i
/** An address with a password in it. */
const SECRET_ADDRESS = /^[a-z][a-z0-9+.-]*:\/\/[^/@]*:[^/@]+@/i

/**
 * The texts that must appear in no log: all values of secret keys, and of variables that hold credentials. What a CLI
 * inherits, it may write down.
 * @param environment what children may inherit from
 */
export function secretsOf(config: Config, environment: Variables = {}): string[] {
  const settings = SETTINGS.filter((setting) => setting.notes.secret).map(({ path }) => path)
  const agents = agentsOf(config).map(([name]) => `providers.${name}.env`)
  const configured = [...settings, ...agents].flatMap((path) => {
    const value = valueAt(config, path)
    return path.endsWith('.env') ? secretsIn(value) : textsIn(value)
  })
  // What an agent inherits by name is there for its credentials.
  const inherited = agentsOf(config).flatMap(([, { inherit }]) => inherit.map((name) => environment[name]))
  return [...configured, ...secretsIn(environment), ...inherited.flatMap(textsIn)]
}

/** The values of those variables that hold a credential. */
function secretsIn(variables: unknown): string[] {
  return Object.entries(Object(variables) as Record<string, unknown>).flatMap(([name, value]) =>
    textsIn(value).filter((text) => SECRET_NAME.test(name) || SECRET_ADDRESS.test(text)),
  )
}

/** The value of the key with this path. */
export function valueAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((place, name) => (place as Record<string, unknown> | undefined)?.[name], value)
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}
