// Accounts of a provider beside the person's own: each a folder below the state folder, which the CLI takes for its home.
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { lock } from '../files/lock.ts'
import { replaceFile } from '../files/whole-file.ts'

/** The account that a CLI has by itself, in its own home. */
export const OWN_ACCOUNT = 'default'

/** How long another choice may take, in milliseconds. */
const PATIENCE = 5000

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/

/** Whether a text may name an account: it becomes the name of a folder. */
export function isAccountName(name: string): boolean {
  return NAME.test(name)
}

/** Where an account keeps its login; undefined for the person's own, which lies where the CLI always looks. */
export function accountFolder(stateFolder: string, provider: string, name: string): string | undefined {
  return name === OWN_ACCOUNT ? undefined : join(stateFolder, 'accounts', provider, name)
}

/** Makes the folder of an account, for its owner alone. */
export function createAccount(stateFolder: string, provider: string, name: string): string | undefined {
  const folder = accountFolder(stateFolder, provider, name)
  if (folder) mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** The names of a provider's accounts, the person's own first. */
export function listAccounts(stateFolder: string, provider: string): string[] {
  const folder = join(stateFolder, 'accounts', provider)
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [OWN_ACCOUNT]
  const named = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return [
    OWN_ACCOUNT,
    ...named
      .map(({ name }) => name)
      .filter(isAccountName)
      .toSorted(),
  ]
}

/** The account that a provider's turns are run by. */
export function activeAccount(stateFolder: string, provider: string): string {
  const name = readActive(stateFolder)[provider]
  return name !== undefined && listAccounts(stateFolder, provider).includes(name) ? name : OWN_ACCOUNT
}

/** Makes an account the one that turns are run by, from the next start on. */
export function useAccount(stateFolder: string, provider: string, name: string): void {
  const file = activeFile(stateFolder)
  using _ = lock(`${file}.lock`, PATIENCE)
  replaceFile(file, JSON.stringify({ ...readActive(stateFolder), [provider]: name }), { durable: true })
}

const activeFile = (stateFolder: string) => join(stateFolder, 'accounts', 'active.json')

/** A file that is damaged names nobody: everyone is their own again, which spends no stranger's account. */
function readActive(stateFolder: string): Record<string, string> {
  try {
    const value: unknown = JSON.parse(readFileSync(activeFile(stateFolder), 'utf8'))
    if (typeof value !== 'object' || value === null) return {}
    return Object.fromEntries(Object.entries(value).filter(([, name]) => typeof name === 'string'))
  } catch {
    return {}
  }
}
