// Remembers which CLI has passed the self-test, so that a restart does not wait for it. A failure is not remembered.
import { stat } from 'node:fs/promises'
import { replaceFile } from '../../files/whole-file.ts'
import { asFields, fieldsAt, numberAt, textAt } from '../fields.ts'
import type { Way } from './self-test.ts'

/** Which CLI: a result holds for no other. */
export type CliIdentity = {
  path: string
  version: string
  /** Milliseconds since 1970. */
  modified: number
  /** Its processes are started with `--bare`. */
  bare: boolean
}

/** Counts up when the self-test asks for more: older results then hold no longer. */
const REVISION = 4

export async function identify(path: string, version: string | undefined, bare = false): Promise<CliIdentity> {
  const modified = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
  return { path, version: version ?? 'unknown', modified, bare }
}

/** The way in which this CLI has passed the self-test before, if it has. Never rejects. */
export async function readPass(file: string | undefined, cli: CliIdentity): Promise<Way | undefined> {
  if (file === undefined) return undefined
  try {
    const stored = asFields(await Bun.file(file).json())
    const about = fieldsAt(stored, 'passed')
    const same =
      numberAt(stored, 'revision') === REVISION &&
      textAt(about, 'path') === cli.path &&
      textAt(about, 'version') === cli.version &&
      numberAt(about, 'modified') === cli.modified &&
      about?.['bare'] === cli.bare
    const way = textAt(stored, 'way')
    return same && (way === 'warmed' || way === 'seeded' || way === 'plain') ? way : undefined
  } catch {
    return undefined
  }
}

/** Never throws: without the file the next start tests again. */
export function writePass(file: string | undefined, cli: CliIdentity, way: Way): void {
  if (file === undefined) return
  try {
    replaceFile(file, JSON.stringify({ revision: REVISION, passed: cli, way }))
  } catch {
    // A folder that cannot be written to costs the next start a second, and no more.
  }
}
