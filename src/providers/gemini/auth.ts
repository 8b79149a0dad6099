// How Gemini CLI is logged in, from its files and the environment alone: no model is asked, nothing of a credential is kept.
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { asFields, fieldsAt, textAt } from '../fields.ts'
import type { Account } from './options.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The CLI's own names (0.61.0). */
export type AuthType = 'oauth-personal' | 'gemini-api-key' | 'vertex-ai' | 'gateway' | 'compute-default-credentials'

export type Login = {
  /** Undefined where nothing says how to log in. */
  type: AuthType | undefined
  /** Whether what that way needs is there. The keychain cannot be looked into: there it counts as there. */
  found: boolean
}

/** Variables that say who pays, where the account names none of its own. */
export const CREDENTIALS = [
  'GEMINI_API_KEY',
  'GOOGLE_API_KEY',
  'GOOGLE_GENAI_USE_VERTEXAI',
  'GOOGLE_GENAI_USE_GCA',
  'GOOGLE_CLOUD_PROJECT',
  'GOOGLE_CLOUD_PROJECT_ID',
  'GOOGLE_CLOUD_LOCATION',
  'GOOGLE_CLOUD_QUOTA_PROJECT',
  'GOOGLE_CLOUD_ACCESS_TOKEN',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'GEMINI_CLI_USE_COMPUTE_ADC',
]

const AUTH_TYPES: readonly string[] = [
  'oauth-personal',
  'gemini-api-key',
  'vertex-ai',
  'gateway',
  'compute-default-credentials',
] satisfies AuthType[]

/** The folder with the user's settings and login. */
export function userHome(account: Account, environment: Environment): string {
  const home = account.home ?? environment['GEMINI_CLI_HOME'] ?? environment['HOME'] ?? homedir()
  return join(home, '.gemini')
}

/** The credentials of a worker: the account's own, else the host's, and those that the CLI keeps in its `.env` file. */
export function credentials(account: Account, environment: Environment): Record<string, string> {
  const own = account.env ?? {}
  if (CREDENTIALS.some((name) => own[name] !== undefined)) return { ...own }
  const host = CREDENTIALS.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]]))
  return { ...readEnvFile(join(userHome(account, environment), '.env')), ...Object.fromEntries(host), ...own }
}

export function findLogin(account: Account, environment: Environment): Login {
  const folder = userHome(account, environment)
  const env = credentials(account, environment)
  const ownKey = CREDENTIALS.some((name) => account.env?.[name] !== undefined)
  const selected = ownKey ? undefined : selectedType(folder)
  const hasLogin = existsSync(join(folder, 'oauth_creds.json'))
  const type = selected ?? typeFromEnvironment(env) ?? (hasLogin ? 'oauth-personal' : undefined)
  return { type, found: type !== undefined && isFound(type, env, folder, hasLogin) }
}

/** Equal as long as the same account would be found: a worker that waits does not notice another login by itself. */
export function loginStamp(account: Account, environment: Environment): string {
  const { type } = findLogin(account, environment)
  const who = readText(join(userHome(account, environment), 'google_accounts.json'))
  const text = JSON.stringify([type, credentials(account, environment), who])
  return new Bun.CryptoHasher('sha256').update(text).digest('base64')
}

function selectedType(folder: string): AuthType | undefined {
  const settings = readJson(join(folder, 'settings.json'))
  const type = textAt(fieldsAt(fieldsAt(settings, 'security'), 'auth'), 'selectedType')
  return AUTH_TYPES.includes(type ?? '') ? (type as AuthType) : undefined
}

/** In the CLI's own order. */
function typeFromEnvironment(env: Environment): AuthType | undefined {
  if (env['GOOGLE_GENAI_USE_GCA'] === 'true') return 'oauth-personal'
  if (env['GOOGLE_GENAI_USE_VERTEXAI'] === 'true') return 'vertex-ai'
  if (env['GEMINI_API_KEY'] !== undefined) return 'gemini-api-key'
  return env['GEMINI_CLI_USE_COMPUTE_ADC'] === 'true' ? 'compute-default-credentials' : undefined
}

function isFound(type: AuthType, env: Environment, folder: string, hasLogin: boolean): boolean {
  const hasProject = Boolean(env['GOOGLE_CLOUD_PROJECT'] ?? env['GOOGLE_CLOUD_PROJECT_ID'])
  switch (type) {
    case 'oauth-personal':
      return (
        hasLogin || existsSync(join(folder, 'gemini-credentials.json')) || Boolean(env['GOOGLE_CLOUD_ACCESS_TOKEN'])
      )
    case 'gemini-api-key':
      return Boolean(env['GEMINI_API_KEY']) || existsSync(join(folder, 'gemini-credentials.json')) || hasKeychain()
    case 'vertex-ai':
      return Boolean(env['GOOGLE_API_KEY']) || (hasProject && Boolean(env['GOOGLE_CLOUD_LOCATION']))
    case 'gateway':
    case 'compute-default-credentials':
      return true
    default:
      return type satisfies never
  }
}

const hasKeychain = (): boolean => process.platform === 'darwin' || process.platform === 'win32'

/** `NAME=value` lines; of all names only those that say who pays. */
function readEnvFile(file: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const line of readText(file)?.split('\n') ?? []) {
    const [, name, value] = /^\s*(?:export\s+)?([A-Z_]+)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (name && value && CREDENTIALS.includes(name)) found[name] = value.replace(/^(["'])(.*)\1$/, '$2')
  }
  return found
}

function readJson(file: string) {
  try {
    return asFields(JSON.parse(readText(file) ?? ''))
  } catch {
    return undefined
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
