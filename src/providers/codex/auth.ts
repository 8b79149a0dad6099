// Who pays for a turn, as far as Codex says so without asking the service.
import { type Fields, textAt } from '../fields.ts'
import { CUSTOM_PROVIDERS, hasKey } from './command.ts'
import type { CodexOptions } from './options.ts'

/** `key`: a key of the account's environment. `api`: a stored key. `chatgpt`: a subscription. */
export type Login = { kind: 'none' | 'key' | 'api' | 'chatgpt'; method: string }

/** By the answer to `getAuthStatus`, which looks at the stored login only. */
export function loginOf(options: Pick<CodexOptions, 'account'>, answer: Fields): Login {
  if (hasKey(options.account)) return { kind: 'key', method: 'api_key' }
  const method = textAt(answer, 'authMethod')
  if (method === undefined) return { kind: 'none', method: 'none' }
  if (method === 'apikey') return { kind: 'api', method: 'api_key' }
  return { kind: 'chatgpt', method }
}

/** How turns of this login are asked: through which of Codex's providers, and with its own instructions or without. */
export function routeOf(
  options: Pick<CodexOptions, 'provider' | 'prompt'>,
  { kind }: Login,
): { provider: string; retries: boolean; prompt: 'codex' | 'none' } {
  // What ChatGPT's service takes could not be tried without an account: for it, Codex stays as it is.
  const subscription = kind === 'chatgpt'
  const prompt = options.prompt ?? (subscription ? 'codex' : 'none')
  const builtIn = kind !== 'key' && (options.provider ?? (subscription ? 'built-in' : 'custom')) === 'built-in'
  if (builtIn || kind === 'none') return { provider: 'openai', retries: true, prompt }
  return { provider: CUSTOM_PROVIDERS[kind], retries: false, prompt }
}
