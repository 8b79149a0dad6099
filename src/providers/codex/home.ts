// The folder that takes the place of ~/.codex: it has the user's login, and nothing else of the user.
//
// auth.json is a link, so that there is one login and one chain of refresh tokens: Codex (0.169.0) writes it in place, through the
// link, and reads it again before it uses a refresh token after a 401, so that several processes do not use one twice. A copy
// would end the login of whoever comes second.
import { mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileStamp } from '../../files/file-stamp.ts'
import type { Sandbox, SandboxFolder } from '../../process/sandbox.ts'
import { shareFiles } from '../share-files.ts'
import type { Account } from './options.ts'

export type CodexFolder = {
  /** All of it; removed with the process. */
  sandbox: SandboxFolder
  home: string
  databases: string
  temporary: string
  /** Empty: what Codex works in. */
  work: string
}

/** The login, and the number that tells the provider which installation asks. */
const SHARED = ['auth.json', 'installation_id']

/** The user's own folder of Codex. */
export function userHome(account: Account, environment: Readonly<Record<string, string | undefined>>): string {
  return account.home ?? environment['CODEX_HOME'] ?? join(environment['HOME'] ?? homedir(), '.codex')
}

/** @throws Error where the folder cannot be made, or the login not be shared */
export async function createCodexFolder(sandbox: Sandbox, user: string): Promise<CodexFolder> {
  const root = await sandbox.createFolder('codex')
  const part = (name: string) => {
    const path = join(root.path, name)
    mkdirSync(path, { mode: 0o700 })
    return path
  }
  try {
    const folder: CodexFolder = {
      sandbox: root,
      home: part('home'),
      databases: part('databases'),
      temporary: part('tmp'),
      work: part('work'),
    }
    shareFiles(SHARED, user, folder.home)
    return folder
  } catch (error) {
    await root.remove()
    throw error
  }
}

/** Writes a file into the folder, for this user's eyes only; gives its path. */
export function writePrivate(folder: CodexFolder, name: string, text: string): string {
  const path = join(folder.sandbox.path, name)
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' })
  return path
}

/** Equal as long as the login file is the same, unchanged: a running process does not notice another login by itself. */
export function loginStamp(user: string): string {
  return fileStamp(join(user, 'auth.json'))
}
