// Remembers which CLI has passed the self-test, so that a restart does not wait for it. A failure is not remembered.
import { rename, stat, writeFile } from 'node:fs/promises'
import { asFields, fieldsAt, numberAt, textAt } from './fields.ts'

/** Which CLI: a result holds for no other. */
export type CliIdentity = {
  path: string
  version: string
  /** Milliseconds since 1970. */
  modified: number
}

/** `seeded`: also with a session that was begun for it. */
export type Pass = { seeded: boolean }

/** Counts up when the self-test asks for more: older results then hold no longer. */
const REVISION = 1

export async function identify(path: string, version: string | undefined): Promise<CliIdentity> {
  const modified = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
  return { path, version: version ?? 'unknown', modified }
}

/** How this CLI has passed the self-test before, if it has. Never rejects. */
export async function readPass(file: string | undefined, cli: CliIdentity): Promise<Pass | undefined> {
  if (file === undefined) return undefined
  try {
    const stored = asFields(await Bun.file(file).json())
    const about = fieldsAt(stored, 'passed')
    const same =
      numberAt(stored, 'revision') === REVISION &&
      textAt(about, 'path') === cli.path &&
      textAt(about, 'version') === cli.version &&
      numberAt(about, 'modified') === cli.modified
    return same ? { seeded: stored?.['seeded'] === true } : undefined
  } catch {
    return undefined
  }
}

/** Never rejects: without the file the next start tests again. */
export async function writePass(file: string | undefined, cli: CliIdentity, pass: Pass): Promise<void> {
  if (file === undefined) return
  const draft = `${file}.${process.pid}`
  try {
    await writeFile(draft, JSON.stringify({ revision: REVISION, passed: cli, ...pass }), { mode: 0o600 })
    await rename(draft, file)
  } catch {
    // A folder that cannot be written to costs the next start a second, and no more.
  }
}
