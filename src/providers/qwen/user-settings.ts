// What the user has configured in Qwen Code: which models, and whose keys pay for them.
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileStamp } from '../../files/file-stamp.ts'
import { asFields, type Fields, fieldsAt, listAt, textAt } from '../fields.ts'
import type { Account } from './options.ts'

/** A model as the user's settings have it. */
export type ProviderModel = {
  id: string
  /** Under which key of `modelProviders` it stands. */
  provider: string
  /** All of it, unchanged. */
  entry: Fields
}

export type UserSettings = {
  /** `security.auth.selectedType`: `openai`, `qwen-oauth`, ... */
  authType: string | undefined
  models: readonly ProviderModel[]
}

/** Qwen Code's own folder. */
export function userHome(account: Account, environment: Readonly<Record<string, string | undefined>>): string {
  return account.home ?? environment['QWEN_HOME'] ?? join(environment['HOME'] ?? homedir(), '.qwen')
}

/** The settings in `home`. None, or broken ones, count as empty: so it does itself (0.24.4). */
export function readUserSettings(home: string): UserSettings {
  try {
    return parseUserSettings(readFileSync(join(home, 'settings.json'), 'utf8'))
  } catch {
    return { authType: undefined, models: [] }
  }
}

/** JSON with comments. @throws Error where it is none */
export function parseUserSettings(text: string): UserSettings {
  const settings = asFields(Bun.JSONC.parse(text))
  const providers = fieldsAt(settings, 'modelProviders') ?? {}
  const models = Object.keys(providers).flatMap((provider) =>
    (listAt(providers, provider) ?? []).flatMap((value): ProviderModel[] => {
      const entry = asFields(value)
      const id = textAt(entry, 'id')
      return entry && id !== undefined ? [{ id, provider, entry }] : []
    }),
  )
  return { authType: textAt(fieldsAt(fieldsAt(settings, 'security'), 'auth'), 'selectedType'), models }
}

/** The entry for a model; one of the provider that is logged in to goes first. */
export function findModel({ authType, models }: UserSettings, id: string): ProviderModel | undefined {
  const found = models.filter((model) => model.id === id)
  return found.find((model) => model.provider === authType) ?? found[0]
}

/** Equal as long as the settings and the keys beside them are the same: a running process has the old ones in its environment. */
export function settingsStamp(home: string): string {
  return ['settings.json', '.env', 'oauth_creds.json'].map((name) => fileStamp(join(home, name))).join(' ')
}
