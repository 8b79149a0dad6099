// The SQLite file in the state folder: for its owner alone, and never overwritten when it cannot be read.
import { Database } from 'bun:sqlite'
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { MIGRATIONS } from './migrations/index.ts'

/** How long a write waits for another gateway with the same state folder, in milliseconds. Reads never wait. */
const BUSY_TIMEOUT = 1000

/** For a database that ends with the process. */
export const IN_MEMORY = ':memory:'

/**
 * Opens the database at `path` and brings it up to date.
 * @throws Error when the file is no database, is newer than this version, or cannot be written
 */
export function openDatabase(path: string): Database {
  if (path !== IN_MEMORY) createPrivate(path)
  const database = new Database(path, { strict: true })
  try {
    database.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`)
    // Before the first table, or without effect.
    database.run('PRAGMA auto_vacuum = INCREMENTAL')
    database.run('PRAGMA journal_mode = WAL')
    // What is deleted is no more to be found in the file.
    database.run('PRAGMA secure_delete = ON')
    // A crash of the machine may lose the last transactions, and leaves the file whole.
    database.run('PRAGMA synchronous = NORMAL')
    migrate(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Moves what was written last into the file itself first. All statements must be finalized. */
export function closeDatabase(database: Database): void {
  try {
    database.run('PRAGMA wal_checkpoint(TRUNCATE)')
  } catch {
    // Another gateway uses it: whoever closes it last does the same.
  }
  database.close()
}

/** Before SQLite makes it: the files beside it, with what was written last, take its mode. */
function createPrivate(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
  chmodSync(path, 0o600)
}

function migrate(database: Database): void {
  const version = () => {
    const row: unknown = database.query('PRAGMA user_version').get()
    return Number(Reflect.get(Object(row), 'user_version'))
  }
  if (version() > MIGRATIONS.length) throw new Error('The database was made by a newer version of cligate.')
  if (version() === MIGRATIONS.length) return
  database
    .transaction(() => {
      // Read once more: another gateway may have been faster.
      for (const migration of MIGRATIONS.slice(version())) database.run(migration)
      database.run(`PRAGMA user_version = ${MIGRATIONS.length}`)
    })
    .immediate()
}
