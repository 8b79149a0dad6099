// The private home of one worker: its own settings, an empty folder to work in, and the user's login by links, so that there is
// one login and one chain of refresh tokens (Gemini CLI 0.61.0 writes the file in place, through the link).
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sandbox, SandboxFolder } from '../../process/sandbox.ts'
import { shareFiles } from '../share-files.ts'
import { HOOK_FILE } from './settings.ts'

export type WorkerHome = {
  /** All of it; removed with the process. */
  folder: SandboxFolder
  /** Empty: what the CLI works in. */
  work: string
  temporary: string
  /** What PATH names: no program but the shell that runs the hook. */
  programs: string
  system: string
  hook: string
  policy: string
  /** A conversation, before it stands where the CLI looks for it. */
  conversation(id: string): string
  /** Where a named pipe can be made. */
  pipe: string
  /** Where the CLI notes the answers of the service, as it got them. */
  answers: string
  /** The CLI's own note of the name that it gave to the working folder. */
  projects: string
  /** Where the CLI keeps conversations of the working folder, once it has named it. */
  chats(name: string): string
}

/** The login, and the number that tells the service which installation asks. */
const SHARED = ['oauth_creds.json', 'google_accounts.json', 'gemini-credentials.json', 'installation_id']

/** @throws Error where the folders cannot be made, or the login not be shared */
export async function createHome(
  sandbox: Sandbox,
  user: string,
  contents: { settings: object; policy: string },
): Promise<WorkerHome> {
  const folder = await sandbox.createFolder('gemini')
  const within = (name: string) => join(folder.path, name)
  try {
    for (const name of ['.gemini', 'w', 'tmp', 'bin']) mkdirSync(within(name), { mode: 0o700 })
    const home: WorkerHome = {
      folder,
      work: within('w'),
      temporary: within('tmp'),
      programs: within('bin'),
      system: within('system.md'),
      hook: within(HOOK_FILE),
      answers: within('answers.jsonl'),
      policy: within('policy.toml'),
      conversation: (id) => within(`conversation-${id}.jsonl`),
      pipe: within('pipe'),
      projects: within('.gemini/projects.json'),
      chats: (name) => within(`.gemini/tmp/${name}/chats`),
    }
    const write = (file: string, text: string) => writeFileSync(file, text, { mode: 0o600 })
    write(within('.gemini/settings.json'), JSON.stringify(contents.settings))
    write(home.policy, contents.policy)
    write(home.hook, '')
    write(home.system, '\u200b')
    if (process.platform !== 'win32') symlinkSync('/bin/sh', join(home.programs, 'bash'))
    shareFiles(SHARED, user, within('.gemini'))
    return home
  } catch (error) {
    await folder.remove()
    throw error
  }
}
