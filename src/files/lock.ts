// A lock that programs hold while they read a file and write it anew. SQLite takes it, by a lock of the system: whoever dies
// lets go of it, also in a container where other processes have the same numbers, so that no lock is ever stale.
import { Database } from 'bun:sqlite'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorCode } from './error-code.ts'

/** Somebody else holds the lock for too long. Its code says that it needs no stack. */
export class LockedError extends Error {
  override readonly name = 'LockedError'
  readonly code = 'ELOCKED'
}

/**
 * Takes the lock that `path` stands for: an empty file, which stays. `using` lets go of it.
 * @param patience milliseconds in which it may get free; the process does nothing else meanwhile
 * @throws LockedError; Error, which names the file, where there can be no lock
 */
export function lock(path: string, patience: number): Disposable {
  let database: Database | undefined
  try {
    createEmpty(path)
    const opened = (database = new Database(path))
    opened.run(`PRAGMA busy_timeout = ${patience}`)
    // Nothing is written, so nothing has to be written beside it.
    opened.run('PRAGMA journal_mode = MEMORY')
    opened.run('BEGIN EXCLUSIVE')
    return { [Symbol.dispose]: () => opened.close() }
  } catch (error) {
    database?.close()
    throw explained(path, error)
  }
}

/** For the owner alone, which SQLite would not see to. It is not written, so no draft and no second name of it is needed. */
function createEmpty(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
  }
}

function explained(path: string, error: unknown): Error {
  const code = errorCode(error)
  if (code === 'SQLITE_BUSY') return new LockedError(`${path} is held by another program.`)
  const isWritten = code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT'
  const message = isWritten
    ? `${path} is not the empty file that it should be. Remove it when no cligate runs.`
    : `${path} cannot be locked: ${error instanceof Error ? error.message : String(error)}`
  return Object.assign(new Error(message, { cause: error }), { code })
}
