import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import * as v from 'valibot'
import { CONFIG_VARIABLE, readDotEnv, readVariables, type Variables } from './environment.ts'
import { ConfigError, type Problem } from './error.ts'
import { readConfigFile } from './file.ts'
import { problemOf } from './issues.ts'
import { type Layer, parseText } from './layer.ts'
import { type Config, ConfigSchema } from './schema.ts'
import { isLoopback } from './server-key.ts'
import { SETTINGS, settingAt } from './settings.ts'

/** A command-line flag: `{ name: '--port', path: 'server.port', value: '9000' }`. */
export type Flag = { name: string; path: string; value: string | boolean }

export type LoadOptions = {
  flags?: readonly Flag[]
  /** The file of `--config`; it must exist. */
  file?: string
  /**
   * The `.env` file to read, which must exist; false reads none. Without it, that of `folder`, if there is one.
   */
  envFile?: string | false
  environment?: Variables
  /** Where `.env` and `cligate.yaml` are looked for, and relative paths start. */
  folder?: string
}

export type LoadedConfig = {
  config: Config
  /** Where each key's value was set: `default`, `flag --port`, `env PORT`, `.env PORT`, `file /x/cligate.yaml:3`. */
  sources: Readonly<Record<string, string>>
  /** The configuration file, where there is one. */
  file: string | undefined
  /** The environment with what .env adds to it: what children may inherit from. */
  environment: Variables
  /** What is worth telling, one sentence each. */
  warnings: readonly string[]
}

/**
 * Reads the configuration: flags over environment over `.env` over file over defaults.
 * @throws ConfigError with everything that is wrong
 */
export function loadConfig(options: LoadOptions = {}): LoadedConfig {
  const { flags = [], environment = process.env, folder = process.cwd() } = options
  const problems: Problem[] = []
  const warnings: string[] = []
  const dotEnv =
    options.envFile === false
      ? {}
      : readDotEnv(resolve(folder, options.envFile ?? '.env'), options.envFile !== undefined, problems)
  // Bun itself puts what it finds in .env into the environment (not in the compiled binary): that is still the .env file.
  const real = Object.fromEntries(Object.entries(environment).filter(([name, value]) => dotEnv[name] !== value))
  const variables = { ...dotEnv, ...real }
  const home = real['HOME'] || homedir()
  const file = findFile(options.file, variables, folder, home)

  const layers = [
    file ? readConfigFile(file, variables, problems, warnings) : new Map(),
    readVariables(dotEnv, '.env', folder, problems),
    readVariables(real, 'env', folder, problems),
    flagLayer(flags, folder),
  ]
  const merged: Layer = new Map()
  for (const layer of layers) for (const [path, written] of layer) merged.set(path, written)
  const state = join(variables['XDG_STATE_HOME'] || join(home, '.local/state'), 'cligate')
  if (!merged.has('state_dir')) merged.set('state_dir', { value: state, source: 'default', folder })

  const parsed = v.safeParse(ConfigSchema, nested(merged, home))
  for (const issue of parsed.issues ?? []) problems.push(problemOf(issue, merged))
  if (parsed.success) problems.push(...contradictions(parsed.output, merged))
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems)

  const paths = new Set([...SETTINGS.map(({ path }) => path), ...merged.keys()])
  const sources = [...paths].map((path) => [path, merged.get(path)?.source ?? 'default'])
  return {
    config: deepFreeze({ ...parsed.output, state_dir: parsed.output.state_dir ?? state }),
    sources: Object.freeze(Object.fromEntries(sources)),
    file,
    environment: variables,
    warnings,
  }
}

/** What each key allows and the whole does not. */
function contradictions({ server, cors }: v.InferOutput<typeof ConfigSchema>, layer: Layer): Problem[] {
  const open =
    server.api_keys.length === 0 &&
    Object.keys(server.users).length === 0 &&
    (server.insecure || isLoopback(server.host))
  if (!open || !cors.origins.includes('*')) return []
  const message = 'cors.origins "*" needs a key in server.api_keys, or any web page could use your accounts'
  return [{ message, source: layer.get('cors.origins')?.source ?? 'default' }]
}

function findFile(asked: string | undefined, variables: Variables, folder: string, home: string): string | undefined {
  const named = asked ?? variables[CONFIG_VARIABLE]
  if (named) return resolve(folder, named)
  const user = join(variables['XDG_CONFIG_HOME'] || join(home, '.config'), 'cligate')
  return [folder, user]
    .flatMap((place) => ['cligate.yaml', 'cligate.yml'].map((name) => join(place, name)))
    .find((path) => existsSync(path))
}

function flagLayer(flags: readonly Flag[], folder: string): Layer {
  return new Map(
    flags.map(({ name, path, value }) => {
      const kind = settingAt(path)?.kind ?? 'text'
      return [
        path,
        { value: typeof value === 'string' ? parseText(value, kind) : value, source: `flag ${name}`, folder },
      ]
    }),
  )
}

/** The values as the tree that the schema describes, with paths made absolute. */
function nested(layer: Layer, home: string): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const [path, { value, folder }] of layer) {
    const names = path.split('.')
    const last = names.pop()!
    let place = root
    for (const name of names) place = (place[name] ??= {}) as Record<string, unknown>
    const kind = settingAt(path)?.notes.path
    const made = (one: unknown) => (kind && typeof one === 'string' ? absolute(one, kind, folder, home) : one)
    place[last] = Array.isArray(value) ? value.map(made) : made(value)
  }
  return root
}

function absolute(path: string, kind: 'file' | 'command', folder: string, home: string): string {
  if (path === '~' || path.startsWith('~/')) return join(home, path.slice(1))
  if (path === '' || (kind === 'command' && !path.includes('/'))) return path
  return resolve(folder, path)
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const item of Object.values(value)) deepFreeze(item)
  return Object.freeze(value)
}
