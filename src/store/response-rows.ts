// The rows of the table of responses.
import type { Database, Statement } from 'bun:sqlite'
import type { StoredResponse } from './stored-response.ts'

type Row = {
  id: string
  owner: string
  previous: string | null
  status: string
  created_at: number
  runner: number | null
  response: string
  input: string
  frames: string | null
}

const INSERT = `
INSERT OR REPLACE INTO responses (id, owner, previous, status, created_at, used_at, runner, size, response, input, frames)
VALUES ($id, $owner, $previous, $status, $created_at, $used_at, $runner, $size, $response, $input, $frames)`

const SELECT = `
SELECT id, owner, previous, status, created_at, runner, response, input, frames
FROM responses WHERE id = ? AND used_at > ?`

/** Beyond the limit; the newest of them all stay. */
const SHRINK = `
DELETE FROM responses WHERE id IN (
  SELECT id FROM (SELECT id, SUM(size) OVER (ORDER BY used_at DESC, id) AS total FROM responses) WHERE total > ?
)`

export class ResponseRows {
  readonly #database: Database
  readonly #insert: Statement
  readonly #select: Statement<Row, [string, number]>
  readonly #delete: Statement
  readonly #use: Statement
  readonly #size: Statement<{ size: number | null }, []>

  constructor(database: Database) {
    this.#database = database
    this.#insert = database.prepare(INSERT)
    this.#select = database.prepare<Row, [string, number]>(SELECT)
    this.#delete = database.prepare('DELETE FROM responses WHERE id = ?')
    this.#use = database.prepare('UPDATE responses SET used_at = ? WHERE id = ?')
    this.#size = database.prepare<{ size: number | null }, []>('SELECT SUM(size) AS size FROM responses')
  }

  /** Writes all changes in one transaction: new ones, `null` for those that shall go, and the ids of those that were used. */
  write(changes: ReadonlyMap<string, StoredResponse | null>, used: ReadonlySet<string>, now: number): void {
    this.#database.transaction(() => {
      for (const [id, response] of changes) {
        if (response) this.#insert.run(bindings(response, now))
        else this.#delete.run(id)
      }
      for (const id of used) this.#use.run(now, id)
    })()
  }

  /** @param since those that were last used before count as gone */
  get(id: string, since: number): StoredResponse | undefined {
    const row = this.#select.get(id, since)
    if (!row) return undefined
    return {
      id: row.id,
      owner: row.owner,
      status: row.status,
      createdAt: row.created_at,
      response: JSON.parse(row.response) as object,
      input: JSON.parse(row.input) as object[],
      ...(row.previous === null ? {} : { previous: row.previous }),
      ...(row.frames === null ? {} : { frames: row.frames }),
      ...(row.runner === null ? {} : { runner: row.runner }),
    }
  }

  removeUnusedSince(time: number): void {
    this.#database.run('DELETE FROM responses WHERE used_at <= ?', [time])
    this.#giveBack()
  }

  /** Removes the oldest until all together have at most so many bytes. */
  shrinkTo(maxBytes: number): void {
    if ((this.#size.get()?.size ?? 0) <= maxBytes) return
    this.#database.run(SHRINK, [maxBytes])
    this.#giveBack()
  }

  /** Ends the use of the database. */
  finalize(): void {
    for (const statement of [this.#insert, this.#select, this.#delete, this.#use, this.#size]) statement.finalize()
  }

  /** What is free in the file, to the file system; page by page, as often as the statement is stepped. */
  #giveBack(): void {
    this.#database.query('PRAGMA incremental_vacuum').all()
  }
}

function bindings(stored: StoredResponse, now: number) {
  const response = JSON.stringify(stored.response)
  const input = JSON.stringify(stored.input)
  const frames = stored.frames ?? null
  return {
    id: stored.id,
    owner: stored.owner,
    previous: stored.previous ?? null,
    status: stored.status,
    created_at: stored.createdAt,
    used_at: now,
    runner: stored.runner ?? null,
    size: response.length + input.length + (frames?.length ?? 0),
    response,
    input,
    frames,
  }
}
