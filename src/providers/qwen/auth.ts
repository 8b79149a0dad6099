// Which login and which models a process has: the user's settings, and the keys in its environment.
import type { Account } from './options.ts'
import { readUserSettings, type UserSettings, userHome } from './user-settings.ts'

export type Login = {
  user: UserSettings
  /** There is an OPENAI_API_KEY. */
  hasKey: boolean
  baseUrl: string | undefined
  /** The model that is meant where nobody says. */
  defaultModel: string
}

/** Qwen Code's own default (0.24.4), for a key without a model beside it. */
const DEFAULT_MODEL = 'qwen3-coder-plus'

export function readLogin(account: Account, environment: Readonly<Record<string, string | undefined>>): Login {
  const given = { ...environment, ...account.env }
  return {
    user: readUserSettings(userHome(account, environment)),
    hasKey: Boolean(given['OPENAI_API_KEY']),
    baseUrl: given['OPENAI_BASE_URL'] || undefined,
    defaultModel: given['OPENAI_MODEL'] || DEFAULT_MODEL,
  }
}
