// The question at the first start on a terminal: a key, or open to every program of this machine?
import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { createFile } from '../files/whole-file.ts'
import { issueKey } from '../policy/issued-keys.ts'
import { changeKeyFile, KEY_FILE, readKeyFile } from '../store/key-file.ts'

export type Terminal = {
  interactive: boolean
  /** The answer in words; undefined where there is none in time. */
  ask(question: string): Promise<string | undefined>
  print(text: string): void
}

/** Says that the question was asked, so that it is asked once. */
const ASKED_FILE = 'asked-for-key'

/** Asks whoever starts an open server whether to protect it. Whatever comes back but a yes leaves it open. */
export async function askForKey({ server, state_dir: folder }: Config, terminal: Terminal): Promise<void> {
  const file = join(folder, KEY_FILE)
  const guarded = server.api_keys.length > 0 || Object.keys(server.users).length > 0 || readKeyFile(file).length > 0
  if (!terminal.interactive || guarded || server.insecure) return
  if (!createFile(join(folder, ASKED_FILE), '')) return
  const answer = await terminal.ask('Protect your endpoint with an API key? (y/N) ')
  if (!/^y(?:es)?$/i.test(answer?.trim() ?? '')) {
    terminal.print('It stays open to the programs of this machine. Later: cligate keys create --name NAME\n')
    return
  }
  const { secret, record } = issueKey('first key', ['admin'], Date.now())
  changeKeyFile(file, (keys) => [...keys, { ...record, scopes: [...record.scopes] }])
  terminal.print(`The key is shown this once:\n\n  ${secret}\n\n`)
}
