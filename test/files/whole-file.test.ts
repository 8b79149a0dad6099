import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFile, replaceFile } from '../../src/files/whole-file.ts'

const root = mkdtempSync(join(tmpdir(), 'cligate-whole-'))
afterAll(() => rmSync(root, { recursive: true }))
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(root, 'x-'))
})
const modeOf = (path: string) => statSync(path).mode & 0o777

describe.each([false, true])('durable: %p', (durable) => {
  test('replacing makes the file and its folders for the owner alone, and leaves nothing else', () => {
    const path = join(folder, 'deep/er/file')
    replaceFile(path, 'one', { durable })
    replaceFile(path, 'two – ü', { durable })
    expect(readFileSync(path, 'utf8')).toBe('two – ü')
    expect([modeOf(path), modeOf(join(folder, 'deep')), modeOf(join(folder, 'deep/er'))]).toEqual([0o600, 0o700, 0o700])
    expect(readdirSync(join(folder, 'deep/er'))).toEqual(['file'])
  })

  test('creating leaves a file that is there as it is', () => {
    const path = join(folder, 'file')
    expect(createFile(path, 'one', { durable })).toBe(true)
    expect(createFile(path, 'two', { durable })).toBe(false)
    expect(readFileSync(path, 'utf8')).toBe('one')
    expect(readdirSync(folder)).toEqual(['file'])
  })
})

test('the mode is the one that was asked for, whatever the process takes away', () => {
  const path = join(folder, 'file')
  const before = process.umask(0o077)
  try {
    replaceFile(path, 'text', { mode: 0o664 })
  } finally {
    process.umask(before)
  }
  expect(modeOf(path)).toBe(0o664)
})

test('a link is replaced, and what it leads to left alone', () => {
  const [target, path] = [join(folder, 'target'), join(folder, 'link')]
  writeFileSync(target, 'old')
  symlinkSync(target, path)
  replaceFile(path, 'new')
  expect([readFileSync(target, 'utf8'), readFileSync(path, 'utf8')]).toEqual(['old', 'new'])
  expect(lstatSync(path).isFile()).toBe(true)
  rmSync(path)
  symlinkSync(join(folder, 'nowhere'), path)
  expect(createFile(path, 'new')).toBe(false)
})

test('a place that cannot be taken leaves no draft behind', () => {
  const path = join(folder, 'file')
  mkdirSync(join(path, 'full'), { recursive: true })
  expect(() => replaceFile(path, 'text')).toThrow()
  expect(readdirSync(folder)).toEqual(['file'])
})

test('whoever reads meanwhile sees the old text or the new one, and nothing between', async () => {
  const path = join(folder, 'file')
  const texts = ['a', 'b'].map((letter) => letter.repeat(300_000))
  replaceFile(path, texts[0]!)
  chmodSync(folder, 0o700)
  const source = `
    import { readFileSync } from 'node:fs'
    const seen = new Set()
    const end = Date.now() + 600
    while (Date.now() < end) {
      const text = readFileSync(${JSON.stringify(path)}, 'utf8')
      seen.add(text.length + [...new Set(text)].join(''))
    }
    console.log(JSON.stringify([...seen].toSorted()))`
  const reader = Bun.spawn([process.execPath, '-e', source], { stdout: 'pipe', stderr: 'inherit' })
  for (let round = 0; reader.exitCode === null; round++) {
    replaceFile(path, texts[round % 2]!)
    await Bun.sleep(0)
  }
  const seen = JSON.parse(await reader.stdout.text()) as string[]
  expect(seen.length).toBeGreaterThan(0)
  for (const one of seen) expect(['300000a', '300000b']).toContain(one)
}, 30_000)
