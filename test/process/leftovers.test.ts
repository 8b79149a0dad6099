import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { type Leftovers, openLeftovers } from '../../src/process/leftovers.ts'
import { removablePath } from '../../src/process/leftovers-remove.ts'

const HOUR = 3_600_000
let base = ''
let journal = ''
let opened: Leftovers[] = []
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'leftovers-')))
  journal = join(base, 'leftovers.jsonl')
})
afterEach(async () => {
  await Promise.all(opened.map((leftovers) => leftovers.close()))
  opened = []
  rmSync(base, { recursive: true, force: true })
})

function open(options: { delayMs?: number; enabled?: boolean } = {}): Leftovers {
  const leftovers = openLeftovers({ file: journal, ...options })
  opened.push(leftovers)
  return leftovers
}

function make(name: string, content = 'x'): string {
  const path = join(base, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

async function vanished(path: string): Promise<void> {
  const deadline = Date.now() + 3000
  while (existsSync(path)) {
    if (Date.now() > deadline) throw new Error(`${path} is still there`)
    await Bun.sleep(2)
  }
}

/** As if all that is in the journal had been added so long ago. */
function age(milliseconds: number): void {
  const aged = readFileSync(journal, 'utf8').replace(/"at":(\d+)/g, (_, at) => `"at":${Number(at) - milliseconds}`)
  writeFileSync(journal, aged)
}

describe('when', () => {
  test('after the delay, by itself', async () => {
    const file = make('transcript.jsonl')
    const started = performance.now()
    open({ delayMs: 80 }).add(file)
    await vanished(file)
    expect(performance.now() - started).toBeGreaterThan(75)
  })

  test('at once with a delay of 0, or `now`', async () => {
    const [one, two] = [make('one'), make('two')]
    open({ delayMs: 0 }).add(one)
    await vanished(one)
    open({ delayMs: HOUR }).add(two, { now: true })
    await vanished(two)
  })

  test('not before the delay', async () => {
    const file = make('later')
    const leftovers = open()
    leftovers.add(file)
    expect(await leftovers.sweep()).toBe(0)
    await leftovers.close()
    expect(existsSync(file)).toBe(true)
  })

  test('12 hours by default, counted from when it was added, over restarts', async () => {
    const file = make('transcript.jsonl')
    const first = open()
    first.add(file)
    await first.close()
    age(11 * HOUR)
    const second = open()
    expect(await second.sweep()).toBe(0)
    await second.close()
    age(HOUR)
    open()
    await vanished(file)
  })

  test('a delay that was changed counts for what was added before', async () => {
    const file = make('transcript.jsonl')
    const first = open()
    first.add(file)
    await first.close()
    open({ delayMs: 0 })
    await vanished(file)
  })

  test('never, when it is switched off', async () => {
    const file = make('kept')
    const before = open()
    before.add(file)
    await before.close()
    age(100 * HOUR)
    const text = readFileSync(journal, 'utf8')
    const leftovers = open({ enabled: false })
    leftovers.add(file, { now: true })
    expect(await leftovers.sweep()).toBe(0)
    await leftovers.close()
    expect(existsSync(file)).toBe(true)
    expect(readFileSync(journal, 'utf8')).toBe(text)
  })

  test('close removes what is due, and a later run does the rest, also what is added after it', async () => {
    const [due, later, after] = [make('due'), make('later'), make('after')]
    const leftovers = open({ delayMs: HOUR })
    leftovers.add(due, { now: true })
    leftovers.add(later)
    await Promise.all([leftovers.close(), leftovers.close()])
    leftovers.add(after)
    expect([due, later, after].map((path) => existsSync(path))).toEqual([false, true, true])
    open({ delayMs: 0 })
    await vanished(later)
    await vanished(after)
  })

  test('a file that comes only after it was added', async () => {
    const leftovers = open({ delayMs: HOUR })
    leftovers.add(join(base, 'not-yet'))
    await leftovers.close()
    const file = make('not-yet')
    expect(await open({ delayMs: 0 }).sweep()).toBe(1)
    expect(existsSync(file)).toBe(false)
  })

  test('one that never comes is forgotten', async () => {
    const leftovers = open({ delayMs: 0 })
    leftovers.add(join(base, 'nobody', 'never'))
    expect(await leftovers.sweep()).toBe(0)
    const file = make('nobody/never')
    expect(await open({ delayMs: 0 }).sweep()).toBe(0)
    expect(existsSync(file)).toBe(true)
  })
})

describe('what', () => {
  test('files, sockets, and folders that were added as such', async () => {
    const file = make('file')
    const socket = join(base, 's.sock')
    const server = createServer()
    await new Promise<void>((resolve) => void server.listen(socket, resolve))
    const folder = dirname(make('folder/sub/file'))
    const leftovers = open({ delayMs: 0 })
    leftovers.add(file)
    leftovers.add(socket)
    leftovers.add(dirname(folder), { folder: true })
    expect(await leftovers.sweep()).toBe(3)
    expect([file, socket, dirname(folder)].some((path) => existsSync(path))).toBe(false)
    server.close()
  })

  test('no folder that was added as a file, no file that was added as a folder', async () => {
    const inside = make('folder/file')
    const file = make('plain')
    const leftovers = open({ delayMs: 0 })
    leftovers.add(dirname(inside))
    leftovers.add(file, { folder: true })
    expect(await leftovers.sweep()).toBe(0)
    expect(existsSync(inside) && existsSync(file)).toBe(true)
  })

  test('no link, whatever it leads to, and nothing behind one that came later', async () => {
    const target = make('precious/file')
    const [link, folderLink, swapped] = [join(base, 'link'), join(base, 'folder-link'), make('session/file')]
    symlinkSync(target, link)
    symlinkSync(dirname(target), folderLink)
    const leftovers = open({ delayMs: 40 })
    leftovers.add(link)
    leftovers.add(folderLink, { folder: true })
    leftovers.add(swapped)
    // The folder it was in becomes a link to another one, with a file of that name.
    renameSync(dirname(swapped), join(base, 'aside'))
    symlinkSync(dirname(target), dirname(swapped))
    await Bun.sleep(60)
    expect(await leftovers.sweep()).toBe(0)
    expect([target, link, folderLink, join(base, 'aside/file')].every((path) => existsSync(path))).toBe(true)
  })

  test('a link inside a folder is removed, what it leads to is not', async () => {
    const target = make('precious/file')
    const folder = dirname(make('mine/file'))
    symlinkSync(dirname(target), join(folder, 'link'))
    const leftovers = open({ delayMs: 0 })
    leftovers.add(folder, { folder: true })
    expect(await leftovers.sweep()).toBe(1)
    expect(existsSync(target)).toBe(true)
  })

  test('where the folder was a link when it was added, the file in it is removed', async () => {
    const file = make('real-config/session.json')
    symlinkSync(dirname(file), join(base, 'config'))
    const leftovers = open({ delayMs: 0 })
    leftovers.add(join(base, 'config/session.json'))
    expect(await leftovers.sweep()).toBe(1)
    expect(existsSync(file)).toBe(false)
  })

  test('no file that came later under the same name: process numbers come back', async () => {
    const file = make('sessions/4711.json', 'ours')
    const leftovers = open({ delayMs: HOUR })
    leftovers.add(file)
    await leftovers.close()
    // Renamed into place, as programs write files; the old one is kept, so that its number is not given out again.
    renameSync(file, join(base, 'old'))
    make('sessions/4711.json', 'another’s')
    expect(await open({ delayMs: 0 }).sweep()).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe('another’s')
  })

  // Asked only, never tried: a mistake here must not cost the machine.
  test('neither the root nor the home folder nor what they are in, nor anything that is not a plain absolute path', () => {
    for (const path of ['/', '//', '/.', '/tmp/..', homedir(), `${homedir()}/`, dirname(homedir())]) {
      expect(removablePath(path)).toBeUndefined()
    }
    symlinkSync(dirname(homedir()), join(base, 'homes'))
    expect(removablePath(join(base, 'homes', basename(homedir())))).toBeUndefined()
    const file = make('folder/file')
    expect(removablePath(file)).toBe(file)
    for (const path of ['', '.', 'folder', 'folder/file', './x', `${base}/a/../folder/file`, `${file}\0`, `${file}/`]) {
      expect(removablePath(path)).toBeUndefined()
    }
  })

  test('nor by way of the journal', async () => {
    const home = process.env['HOME']
    const file = make('home/user/file')
    process.env['HOME'] = dirname(file)
    try {
      const folders = [dirname(file), `${dirname(file)}/`, join(base, 'home'), base, `${base}/x/../home`]
      const lines = folders.map((path) => `${JSON.stringify({ path, at: 0, folder: true })}\n`)
      writeFileSync(journal, lines.join(''), { mode: 0o600 })
      const leftovers = open({ delayMs: 0 })
      for (const path of folders) leftovers.add(path, { folder: true, now: true })
      expect(await leftovers.sweep()).toBe(0)
      expect(existsSync(file)).toBe(true)
    } finally {
      process.env['HOME'] = home
    }
  })
})

describe('the journal', () => {
  test('is for its owner only', async () => {
    const umask = process.umask(0)
    try {
      const leftovers = open({ delayMs: HOUR })
      leftovers.add(make('a'))
      expect(lstatSync(journal).mode & 0o777).toBe(0o600)
      await leftovers.close()
      appendFileSync(journal, 'garbage\n')
      open({ delayMs: HOUR })
      expect(lstatSync(journal).mode & 0o777).toBe(0o600)
      expect(readFileSync(journal, 'utf8')).not.toContain('garbage')
    } finally {
      process.umask(umask)
    }
  })

  test('stands a torn last line, and garbage of any kind', async () => {
    const [before, after] = [make('before'), make('after')]
    const first = open({ delayMs: HOUR })
    first.add(before)
    await first.close()
    const garbage = [
      'null',
      '42',
      '[]',
      '{}',
      '{"path":7,"at":1}',
      '{"path":"/x"}',
      '{"done":[]}',
      '\u0000\u0001',
      '💥',
    ]
    appendFileSync(journal, `${garbage.join('\n')}\n`)
    appendFileSync(journal, new Uint8Array([0xff, 0xfe, 0x0a]))
    appendFileSync(journal, '{"path":"/tmp/torn","a')
    const second = open({ delayMs: HOUR })
    second.add(after)
    await second.close()
    expect(await open({ delayMs: 0 }).sweep()).toBe(2)
    expect(existsSync(before) || existsSync(after)).toBe(false)
  })

  test('a line torn by another gateway costs only that line', async () => {
    const file = make('file')
    const leftovers = open({ delayMs: HOUR })
    leftovers.add(make('first'))
    appendFileSync(journal, '{"path":"/tmp/torn","a')
    leftovers.add(file)
    await leftovers.close()
    expect(await open({ delayMs: 0 }).sweep()).toBe(2)
  })

  test('that others can write to is not believed, and replaced', async () => {
    const file = make('file')
    writeFileSync(journal, `${JSON.stringify({ path: file, at: 0 })}\n`)
    chmodSync(journal, 0o666)
    expect(await open({ delayMs: 0 }).sweep()).toBe(0)
    expect(existsSync(file)).toBe(true)
    expect(lstatSync(journal).mode & 0o777).toBe(0o600)
  })

  test('that is a link or a folder is not believed', async () => {
    const file = make('file')
    const elsewhere = make('elsewhere', `${JSON.stringify({ path: file, at: 0 })}\n`)
    symlinkSync(elsewhere, journal)
    expect(await open({ delayMs: 0 }).sweep()).toBe(0)
    rmSync(journal)
    mkdirSync(journal)
    const leftovers = open({ delayMs: 0 })
    expect(existsSync(file)).toBe(true)
    // It still does its work, from memory.
    leftovers.add(file)
    expect(await leftovers.sweep()).toBe(1)
  })

  test('a clock that was ahead does not keep a file for years', async () => {
    const file = make('file')
    writeFileSync(journal, `${JSON.stringify({ path: file, at: Date.now() + 1000 * HOUR })}\n`, { mode: 0o600 })
    open({ delayMs: 50 })
    await vanished(file)
  })

  test('what is done is done: the journal says so, and is rewritten from time to time', async () => {
    const leftovers = open({ delayMs: HOUR })
    const kept = make('kept')
    leftovers.add(kept)
    for (let index = 0; index < 800; index++) leftovers.add(make(`files/${index}`), { now: true })
    await leftovers.sweep()
    expect(readFileSync(journal, 'utf8').split('\n').filter(Boolean).length).toBeLessThan(1300)
    await leftovers.close()
    const again = make('files/7')
    const next = open({ delayMs: 0 })
    expect(await next.sweep()).toBe(1)
    expect(existsSync(kept)).toBe(false)
    expect(existsSync(again)).toBe(true)
  })

  test('two gateways may share it', async () => {
    const [one, two] = [open({ delayMs: HOUR }), open({ delayMs: HOUR })]
    const files = Array.from({ length: 20 }, (_, index) => make(`shared-${index}`))
    files.forEach((file, index) => (index % 2 ? one : two).add(file))
    await Promise.all([one.close(), two.close()])
    expect(await open({ delayMs: 0 }).sweep()).toBe(20)
  })
})
