// A lock that programs hold while they read a file and write it anew. SQLite takes it, by a lock of the system: whoever dies
// lets go of it, also in a container where other processes have the same numbers, so that no lock is ever stale.
import { Database } from 'bun:sqlite'
import { createFile } from './whole-file.ts'

/** Somebody else holds the lock for too long. Its code says that it needs no stack. */
export class LockedError extends Error {
  override readonly name = 'LockedError'
  readonly code = 'ELOCKED'
}

/**
 * Takes the lock that `path` stands for: an empty file, which stays. `using` lets go of it.
 * @param patience milliseconds in which it may get free; the process does nothing else meanwhile
 * @throws LockedError
 */
export function lock(path: string, patience: number): Disposable {
  createFile(path, '')
  const database = new Database(path)
  try {
    database.run(`PRAGMA busy_timeout = ${patience}`)
    // Nothing is written, so nothing has to be written beside it.
    database.run('PRAGMA journal_mode = MEMORY')
    database.run('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY') {
      throw new LockedError(`${path} is held by another program.`)
    }
    throw error
  }
  return { [Symbol.dispose]: () => database.close() }
}
