import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { lock, LockedError } from '../../src/files/lock.ts'
import { withoutLinks } from './poor-file-system.ts'

const root = mkdtempSync(join(tmpdir(), 'cligate-lock-'))
afterAll(() => rmSync(root, { recursive: true }))
let count = 0
const fresh = () => join(root, `${(count += 1)}`, 'file.lock')

function codeOf(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return (error as { code?: unknown }).code
  }
  return undefined
}

/** Another program, which holds the lock until it is told to end, or killed. */
async function holder(path: string) {
  const source = `
    import { lock } from ${JSON.stringify(join(import.meta.dir, '../../src/files/lock.ts'))}
    using _ = lock(${JSON.stringify(path)}, 5000)
    console.log('held')
    await Bun.stdin.text()`
  const child = Bun.spawn([process.execPath, '-e', source], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' })
  const reader = child.stdout.getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('held\n')
  return {
    kill: async () => {
      child.kill('SIGKILL')
      await child.exited
    },
    end: () => void child.stdin.end(),
  }
}

describe('a lock', () => {
  test('is held by one program at a time, and free when it is done', async () => {
    const path = fresh()
    const other = await holder(path)
    expect(() => lock(path, 0)).toThrow(LockedError)
    expect(() => lock(path, 0)).toThrow('held by another program')
    // Waits for it, longer than a busy machine needs.
    other.end()
    lock(path, 30_000)[Symbol.dispose]()
    await other.kill()
  }, 60_000)

  test('of a program that was killed is nobody’s', async () => {
    const path = fresh()
    const other = await holder(path)
    await other.kill()
    lock(path, 0)[Symbol.dispose]()
  }, 60_000)

  test('can be taken again and again, and leaves an empty file for the owner alone', () => {
    const path = fresh()
    for (let round = 0; round < 3; round++) {
      using _ = lock(path, 0)
      expect(() => lock(path, 0)).toThrow(LockedError)
    }
    expect(readFileSync(path, 'utf8')).toBe('')
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test('needs no file system with hard links, and leaves nothing beside it', () => {
    const path = fresh()
    using _ = withoutLinks()
    lock(path, 0)[Symbol.dispose]()
    expect(readdirSync(dirname(path))).toEqual(['file.lock'])
  })

  test('where no file can be made says which one', () => {
    expect(() => lock('/dev/null/x/file.lock', 0)).toThrow(
      /^\/dev\/null\/x\/file\.lock cannot be locked: .*(ENOTDIR|EEXIST)/,
    )
  })

  test('that cannot be opened says which one', () => {
    const path = fresh()
    mkdirSync(path, { recursive: true })
    expect(() => lock(path, 0)).toThrow(`${path} cannot be locked: unable to open database file`)
    // What comes from the system is told without a stack.
    expect(codeOf(() => lock(path, 0))).toBe('SQLITE_CANTOPEN')
  })

  test.each(['1234 987654', 'x'.repeat(5000)])('that somebody has written into says what to do', (text) => {
    const path = fresh()
    mkdirSync(dirname(path))
    writeFileSync(path, text)
    expect(() => lock(path, 0)).toThrow(
      `${path} is not the empty file that it should be. Remove it when no cligate runs.`,
    )
    expect(readFileSync(path, 'utf8')).toBe(text)
  })
})
