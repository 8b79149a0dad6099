import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lock } from '../../src/files/lock.ts'
import { issueKey } from '../../src/policy/issued-keys.ts'
import { changeKeyFile, readKeyFile, type StoredKey } from '../../src/store/key-file.ts'
import { openKeyRing } from '../../src/store/key-ring.ts'
import { withoutModes } from '../files/poor-file-system.ts'

const root = mkdtempSync(join(tmpdir(), 'cligate-keys-'))
afterAll(() => rmSync(root, { recursive: true }))
let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(root, 'state-'))
  file = join(folder, 'deep', 'keys.json')
})

function added(name: string): StoredKey {
  const { record } = issueKey(name, ['infer'], 1)
  const key = { ...record, scopes: [...record.scopes] }
  changeKeyFile(file, (keys) => [...keys, key])
  return key
}

describe('the file', () => {
  test('is the owner’s alone, and leaves no draft', () => {
    const key = added('one')
    expect(readKeyFile(file)).toEqual([key])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'deep')).mode & 0o777).toBe(0o700)
    expect(readdirSync(join(folder, 'deep')).toSorted()).toEqual(['keys.json', 'keys.json.lock'])
  })

  test('one that others could read is closed to them', () => {
    added('one')
    chmodSync(file, 0o644)
    readKeyFile(file)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('one that nobody can close to others, as its file system has no modes, is read all the same', () => {
    const key = added('one')
    chmodSync(file, 0o644)
    using _ = withoutModes()
    expect(readKeyFile(file)).toEqual([key])
  })

  test.each(['', '{', '[]', '{"version":2,"keys":[]}', '{"version":1,"keys":[{"id":"x"}]}'])(
    'a damaged one (%j) is refused, and never written over',
    (text) => {
      added('one')
      writeFileSync(file, text)
      expect(() => readKeyFile(file)).toThrow('damaged')
      expect(() => changeKeyFile(file, (keys) => keys)).toThrow('damaged')
      expect(readFileSync(file, 'utf8')).toBe(text)
    },
  )

  test('none is no keys', () => {
    expect(readKeyFile(file)).toEqual([])
    expect(existsSync(file)).toBe(false)
  })
})

describe('several programs at the same time', () => {
  const PROGRAM = join(import.meta.dir, 'key-changes/main.ts')
  const program = async (...words: string[]) => {
    const child = Bun.spawn([process.execPath, PROGRAM, file, ...words], { stdout: 'inherit', stderr: 'pipe' })
    const [said, code] = await Promise.all([child.stderr.text(), child.exited])
    return { said, code }
  }

  test('lose no key, and undo no revocation', async () => {
    const old = Array.from({ length: 30 }, (_, index) => added(`old-${index}`).name)
    added('used-0')
    const all = await Promise.all([
      program('add', 'one', '30'),
      program('add', 'two', '30'),
      program('revoke'),
      program('use', '60'),
    ])
    for (const one of all) expect(one).toEqual({ said: '', code: 0 })
    const keys = readKeyFile(file)
    const fresh = ['one', 'two'].flatMap((name) => Array.from({ length: 30 }, (_, index) => `${name}-${index}`))
    expect(keys.map(({ name }) => name).toSorted()).toEqual([...old, ...fresh, 'used-0'].toSorted())
    expect(keys.filter(({ revokedAt }) => revokedAt === 5).map(({ name }) => name)).toEqual(old)
    expect(keys.find(({ name }) => name === 'used-0')?.lastUsedAt).toBe(1059)
  }, 60_000)
})

describe('the ring of a running server', () => {
  const ringAt = (clock: { now: number }, damages: unknown[] = []) =>
    openKeyRing({ file, onDamage: (error) => damages.push(error), now: () => clock.now })

  test('takes new keys and lets go of revoked ones within a second', () => {
    const clock = { now: 0 }
    const ring = ringAt(clock)
    expect([ring.guards(), ring.keys()]).toEqual([false, []])
    const key = added('one')
    clock.now += 1000
    expect(ring.guards()).toBe(true)
    expect(ring.keys().map(({ name }) => name)).toEqual(['one'])
    changeKeyFile(file, (keys) => keys.map((each) => ({ ...each, revokedAt: 5 })))
    clock.now += 1000
    expect(ring.keys()).toEqual([])
    // All revoked is not the same as open.
    expect(ring.guards()).toBe(true)
    expect(key.name).toBe('one')
    ring.close()
  })

  test('a file that is damaged meanwhile leaves the last good keys', () => {
    const clock = { now: 0 }
    const damages: unknown[] = []
    added('one')
    const ring = ringAt(clock, damages)
    writeFileSync(file, 'garbage')
    clock.now += 1000
    expect(ring.keys()).toHaveLength(1)
    expect(damages).toHaveLength(1)
    ring.close()
    expect(readFileSync(file, 'utf8')).toBe('garbage')
  })

  test('a file that is taken away takes its keys with it, and a key is still asked for', () => {
    const clock = { now: 0 }
    added('one')
    const ring = ringAt(clock)
    rmSync(file)
    clock.now += 1000
    expect([ring.guards(), ring.keys()]).toEqual([true, []])
    ring.close()
  })

  test('a damaged one at the start is an error: nobody knows who may come in', () => {
    added('one')
    writeFileSync(file, 'garbage')
    expect(() => ringAt({ now: 0 })).toThrow('damaged')
  })

  test('ends at once while another program holds the keys', () => {
    const ring = ringAt({ now: 7000 })
    ring.used(added('one').id)
    using _ = lock(`${file}.lock`, 0)
    const began = performance.now()
    ring.close()
    // It would wait five seconds, and the whole shutdown with it.
    expect(performance.now() - began).toBeLessThan(4000)
    expect(readKeyFile(file)[0]?.lastUsedAt).toBeUndefined()
  })

  test('notes when a key was last used, beside what others changed', () => {
    const clock = { now: 7000 }
    const key = added('one')
    const ring = ringAt(clock)
    ring.used(key.id)
    added('two')
    ring.close()
    expect(readKeyFile(file).map(({ name, lastUsedAt }) => [name, lastUsedAt])).toEqual([
      ['one', 7000],
      ['two', undefined],
    ])
  })
})
