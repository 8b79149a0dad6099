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
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFile, replaceFile } from '../../src/files/whole-file.ts'
import { withoutLinks, withoutModes } from './poor-file-system.ts'

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

describe('a poor file system', () => {
  test('without hard links gets its file, and one that is there stays', () => {
    using _ = withoutLinks()
    const path = join(folder, 'file')
    expect(createFile(path, 'one', { mode: 0o640, durable: true })).toBe(true)
    expect(createFile(path, 'two')).toBe(false)
    expect([readFileSync(path, 'utf8'), modeOf(path)]).toEqual(['one', 0o640])
    expect(readdirSync(folder)).toEqual(['file'])
  })

  test('without modes gets its file, but none that is to be closed or opened to others', () => {
    using _ = withoutModes()
    const before = process.umask(0o777)
    try {
      for (const path of ['file', 'file']) replaceFile(join(folder, path), 'text')
      expect(() => replaceFile(join(folder, 'shared'), 'text', { mode: 0o644 })).toThrow('EPERM')
    } finally {
      process.umask(before)
    }
    expect(readdirSync(folder)).toEqual(['file'])
  })

  test('that gives every file the mode that was asked for is not asked to change it', () => {
    using _ = withoutModes()
    replaceFile(join(folder, 'file'), 'text', { mode: 0o600 })
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('text')
  })
})

describe('drafts of programs that were killed', () => {
  const aged = (name: string, minutes: number) => {
    writeFileSync(join(folder, name), 'half')
    const then = Date.now() / 1000 - minutes * 60
    utimesSync(join(folder, name), then, then)
  }
  const DRAFT = 'aB3'.repeat(4)

  test('are removed by who writes the same file next', () => {
    aged(`file.${DRAFT}.new`, 11)
    replaceFile(join(folder, 'file'), 'text')
    expect(readdirSync(folder)).toEqual(['file'])
    aged(`other.${DRAFT}.new`, 11)
    createFile(join(folder, 'other'), 'text')
    expect(readdirSync(folder)).toEqual(['file', 'other'])
  })

  test('stay while they may be somebody’s, and so does what only looks like one', () => {
    aged(`file.${DRAFT}.new`, 1)
    const others = [`other.${DRAFT}.new`, `xfile.${DRAFT}.new`, 'file.new', 'file.mine.new', `file.${DRAFT}.new.txt`]
    for (const name of others) aged(name, 60)
    replaceFile(join(folder, 'file'), 'text')
    expect(readdirSync(folder).toSorted()).toEqual(['file', `file.${DRAFT}.new`, ...others].toSorted())
  })
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
