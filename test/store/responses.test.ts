import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Database } from 'bun:sqlite'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IN_MEMORY, openDatabase } from '../../src/store/database.ts'
import { MIGRATIONS } from '../../src/store/migrations/index.ts'
import { createResponseStore, noUnwrittenResponses, type ResponseStoreOptions } from '../../src/store/responses.ts'
import type { StoredResponse } from '../../src/store/stored-response.ts'

let folder: string
let files = 0
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cligate-store-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
const file = () => join(folder, `${(files += 1)}`, 'cligate.sqlite')

const DAY = 86_400_000
const response = (id: string, more: Partial<StoredResponse> = {}): StoredResponse => ({
  id,
  owner: 'me',
  status: 'completed',
  createdAt: 1,
  response: { id, text: '漢字\0\u2028' },
  input: [{ type: 'message' }],
  ...more,
})
const open = (path: string, more: Partial<ResponseStoreOptions> = {}) =>
  createResponseStore({ path, maxAgeMs: 30 * DAY, maxBytes: 1e9, ...more })

describe('responses', () => {
  test('are there at once, and after a restart', () => {
    const path = file()
    const store = open(path)
    const kept = response('a', { frames: 'event: x\n\n', previous: 'b', runner: 7 })
    store.save(kept)
    expect(store.get('me', 'a')).toEqual(kept)
    store.close()
    store.close()
    const again = open(path)
    expect(again.get('me', 'a')).toEqual(kept)
    again.close()
  })

  test('are found by the store that follows, before they are written', () => {
    const path = file()
    const unwritten = noUnwrittenResponses()
    const [old, next] = [open(path, { unwritten }), open(path, { unwritten })]
    old.save(response('a'))
    expect(existsSync(path)).toBe(false)
    expect(next.get('me', 'a')).toEqual(response('a'))
    expect(next.delete('me', 'a')).toBe(true)
    old.save(response('b'))
    // The old one ends: what both have left to write is written.
    old.close()
    for (const store of [next, open(path)]) {
      expect([store.get('me', 'a'), store.get('me', 'b')]).toEqual([undefined, response('b')])
      store.close()
    }
  })

  test('are written behind the answer, without being asked for', async () => {
    const path = file()
    const store = open(path)
    store.save(response('a'))
    // Nothing touches the disk before the answer is out.
    expect(existsSync(path)).toBe(false)
    const written = () => {
      if (!existsSync(path)) return 0
      const database = new Database(path, { readonly: true })
      try {
        return database.query('SELECT id FROM responses').all().length
      } catch {
        return 0
      } finally {
        database.close()
      }
    }
    for (const deadline = Date.now() + 10_000; written() === 0 && Date.now() < deadline;) await Bun.sleep(20)
    expect(written()).toBe(1)
    store.close()
  })

  test('are nobody else’s', () => {
    const store = open(IN_MEMORY)
    store.save(response('a'))
    expect(store.get('you', 'a')).toBeUndefined()
    expect(store.chain('you', 'a')).toBeUndefined()
    expect(store.delete('you', 'a')).toBe(false)
    expect(store.get('me', 'a')).toBeDefined()
    store.close()
  })

  test('are gone when they are deleted, from the file as well', () => {
    const path = file()
    const writer = open(path)
    writer.save(response('a', { response: { secret: 'canary-text' } }))
    writer.close()
    expect(readFileSync(path).includes('canary-text')).toBe(true)
    const store = open(path)
    expect(store.delete('me', 'a')).toBe(true)
    expect(store.get('me', 'a')).toBeUndefined()
    expect(store.delete('me', 'a')).toBe(false)
    store.close()
    const again = open(path)
    expect(again.get('me', 'a')).toBeUndefined()
    again.close()
    expect(readFileSync(path).includes('canary-text')).toBe(false)
  })

  test('a later state takes the place of an earlier one', () => {
    const path = file()
    const store = open(path)
    store.save(response('a', { status: 'queued', runner: 1 }))
    store.save(response('a', { status: 'completed' }))
    expect(store.get('me', 'a')).toEqual(response('a'))
    store.close()
    const again = open(path)
    again.save(response('a', { status: 'failed' }))
    expect(again.get('me', 'a')?.status).toBe('failed')
    again.close()
  })

  test('make a chain, oldest first, which is none when one of them is gone', () => {
    const store = open(IN_MEMORY)
    store.save(response('a'))
    store.save(response('b', { previous: 'a' }))
    store.save(response('c', { previous: 'b' }))
    expect(store.chain('me', 'c')?.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    store.delete('me', 'a')
    expect(store.chain('me', 'c')).toBeUndefined()
    store.close()
  })

  test('that lead to themselves are no chain', () => {
    const store = open(IN_MEMORY)
    store.save(response('a', { previous: 'b' }))
    store.save(response('b', { previous: 'a' }))
    expect(store.chain('me', 'a')).toBeUndefined()
    store.close()
  })

  test('are not kept where that is turned off', () => {
    const path = file()
    const store = open(path, { enabled: false })
    store.save(response('a'))
    expect(store.enabled).toBe(false)
    expect(store.get('me', 'a')).toBeUndefined()
    store.close()
    expect(existsSync(path)).toBe(false)
  })
})

describe('bounds', () => {
  test('what is too old is not there any more, unless it was gone on from', () => {
    const path = file()
    let time = 100 * DAY
    const now = () => time
    let store = open(path, { now })
    store.save(response('old'))
    store.save(response('used'))
    store.close()
    time += 20 * DAY
    store = open(path, { now })
    expect(store.chain('me', 'used')).toHaveLength(1)
    store.close()
    time += 20 * DAY
    store = open(path, { now })
    expect(store.get('me', 'old')).toBeUndefined()
    expect(store.get('me', 'used')).toBeDefined()
    store.save(response('new'))
    store.close()
    const database = new Database(path, { readonly: true })
    const left = database.query<{ id: string }, []>('SELECT id FROM responses ORDER BY id').all()
    database.close()
    expect(left.map(({ id }) => id)).toEqual(['new', 'used'])
  })

  test('the oldest go when all together are too large', () => {
    const path = file()
    let time = 100 * DAY
    for (const id of ['a', 'b', 'c', 'd']) {
      const store = open(path, { now: () => time, maxBytes: 5000 })
      store.save(response(id, { response: { text: 'x'.repeat(2000) } }))
      store.close()
      time += 1000
    }
    const store = open(path, { now: () => time })
    expect(['a', 'b', 'c', 'd'].filter((id) => store.get('me', id))).toEqual(['c', 'd'])
    store.close()
  })
})

describe('the database', () => {
  test('is for its owner alone, with all files beside it', () => {
    const path = file()
    const database = openDatabase(path)
    database.run('CREATE TABLE t (x INTEGER) STRICT')
    for (const name of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(name).mode & 0o777).toBe(0o600)
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700)
    database.close()
  })

  test('is brought up to date once', () => {
    const path = file()
    openDatabase(path).close()
    const database = openDatabase(path)
    expect(database.query('PRAGMA user_version').get()).toEqual({ user_version: MIGRATIONS.length })
    expect(database.query('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    database.close()
  })

  test('of a newer version is left alone', () => {
    const path = file()
    const database = openDatabase(path)
    database.run('PRAGMA user_version = 999')
    database.close()
    expect(() => openDatabase(path)).toThrow('newer version')
  })

  test('that is none is left as it is: responses are kept in memory, and the owner is warned', () => {
    const path = file()
    openDatabase(path).close()
    writeFileSync(path, 'this is no database, and longer than a header of one'.repeat(100))
    const before = readFileSync(path)
    const warnings: string[] = []
    const store = open(path, { warn: (_, message) => warnings.push(message) })
    store.save(response('a'))
    expect(store.get('me', 'a')).toBeDefined()
    expect(store.get('me', 'none')).toBeUndefined()
    store.close()
    expect(warnings).toEqual(['The database of responses cannot be used: they are kept in memory only.'])
    expect(readFileSync(path).equals(before)).toBe(true)
  })
})
