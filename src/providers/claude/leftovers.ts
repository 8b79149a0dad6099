// What a process leaves in Claude Code's own folder (2.1.329): a note of itself by its number, and, in spite of
// --no-session-persistence, perhaps a folder for its working directory.
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { textAt, asFields } from '../fields.ts'

/** Where files are handed in that are to be removed; with `now` at once, else after the configured delay; a folder
 * only where it is called one. */
export type Leftovers = { add(path: string, options?: { now?: boolean; folder?: boolean }): unknown }

/** Claude Code's own folder, as a process with this environment finds it. */
export function configFolder(environment: Readonly<Record<string, string>>): string | undefined {
  const home = environment['HOME']
  return environment['CLAUDE_CONFIG_DIR'] ?? (home === undefined ? undefined : join(home, '.claude'))
}

/** Hands in what the process `pid`, which has ended and which worked in `folder`, left behind. Never rejects. */
export async function collectLeftovers(
  leftovers: Leftovers,
  config: string,
  pid: number,
  folder: string,
): Promise<void> {
  const sessions = join(config, 'sessions')
  const names = await readdir(sessions).catch(() => [])
  const own = names.filter((name) => name.startsWith(`${pid}.`))
  if (own.length > 0 && (await isOurs(join(sessions, `${pid}.json`), folder))) {
    for (const name of own) leftovers.add(join(sessions, name), { now: true })
  }
  const project = join(config, 'projects', folder.replace(/[^A-Za-z0-9]/g, '-'))
  if (existsSync(project)) leftovers.add(project, { folder: true })
}

/** Numbers come round again: a note that names another folder is not our process's. */
async function isOurs(file: string, folder: string): Promise<boolean> {
  try {
    const cwd = textAt(asFields(await Bun.file(file).json()), 'cwd')
    return cwd === undefined || cwd === folder
  } catch {
    return true
  }
}
