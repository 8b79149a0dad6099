import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GatewayError } from '../../src/core/error.ts'
import { parseJsonLine } from '../../src/process/json-lines.ts'
import { LineTooLongError } from '../../src/process/lines.ts'
import { descendantsOf } from '../../src/process/process-group.ts'
import { liveChildren, spawnChild, stopAllChildren } from '../../src/process/spawn.ts'
import { allLines, end, firstLine, gone, grandchildOf, isRunning, megabytes, rejection, startFake } from './fake.ts'

const NOW = { endInputMs: 0, termMs: 0 }
const thrown = (action: () => unknown) => {
  try {
    action()
    return undefined
  } catch (error) {
    return error
  }
}

afterEach(async () => {
  await Promise.all(liveChildren().map(end))
})

describe('input and output', () => {
  test('lines come as they are written, and what is written arrives whole', async () => {
    const child = startFake(['echo'])
    expect(child.write('{"text":"grüezi 👋"}\n')).toBe(true)
    expect(await firstLine(child)).toBe('{"text":"grüezi 👋"}')
    expect(child.write('two\nthree')).toBe(true)
    child.endInput()
    expect(await allLines(child)).toEqual(['two', 'three'])
    expect(await child.exited).toEqual({ code: 0, signal: null })
  })

  test('30 MB on stdin arrive, though the end of the input follows at once', async () => {
    const child = startFake(['echo'])
    const line = `${'世'.repeat(100_000)}\n`
    expect(child.write(line.repeat(100))).toBe(true)
    child.endInput()
    let characters = 0
    for await (const lines of child.lines) for (const got of lines) characters += got.length
    expect(characters).toBe(100 * 100_000)
    expect(await child.exited).toEqual({ code: 0, signal: null })
  })

  test('what a child said before it died can be read later', async () => {
    const child = startFake(['crash', 3, 5])
    expect(await child.exited).toEqual({ code: 3, signal: null })
    await Bun.sleep(50)
    expect(await allLines(child)).toHaveLength(5)
    expect(child.stderrTail()).toBe('fatal: the fake broke down\n')
  })

  test('a flood gives all its lines in order', async () => {
    const child = startFake(['flood', 50_000])
    let number = 0
    for await (const lines of child.lines) {
      for (const line of lines) {
        const parsed = parseJsonLine(line)
        if (!parsed.ok || parsed.value['number'] !== ++number) throw new Error(`Line ${number}: ${line}`)
      }
    }
    expect(number).toBe(50_000)
  })

  test('garbage is lines that are no JSON, and the good one behind it is read', async () => {
    const child = startFake(['garbage'])
    const parsed = (await allLines(child)).map(parseJsonLine)
    expect(parsed.filter(({ ok }) => ok).map(({ line }) => line)).toEqual([
      '{"text":"\uFFFD"}',
      '{"type":"line","number":1}',
    ])
    expect(parsed.length).toBeGreaterThan(7)
  })

  test('half a line that never ends is no line, and killing ends the reading', async () => {
    const child = startFake(['half-line'])
    const next = child.lines.next()
    expect(await Promise.race([next, Bun.sleep(150)])).toBeUndefined()
    await child.stop(NOW)
    // At the end, what there is of it is given: the reader sees that it is no JSON.
    expect(await next).toEqual({ done: false, value: ['{"type":"lin'] })
    expect((await child.lines.next()).done).toBe(true)
  })

  test('a reader who stops early ends a flood', async () => {
    const child = startFake(['flood'])
    for await (const lines of child.lines) {
      expect(lines.length).toBeGreaterThan(0)
      break
    }
    expect(await child.exited).toEqual({ code: 0, signal: null })
  })
})

describe('memory', () => {
  test('a flood that nobody reads is held back, not stored', async () => {
    const before = megabytes()
    const child = startFake(['flood'])
    await Bun.sleep(800)
    expect(megabytes() - before).toBeLessThan(60)
    expect(await firstLine(child)).toContain('"number":1,')
    await Bun.sleep(400)
    expect(megabytes() - before).toBeLessThan(80)
  })

  test('a line of 1 GB fails at the cap and leaves the memory alone', async () => {
    const child = startFake(['huge-line'], { maxLineLength: 4 * 1024 * 1024 })
    const before = megabytes()
    expect(await rejection(allLines(child))).toBeInstanceOf(LineTooLongError)
    expect(megabytes() - before).toBeLessThan(150)
    await gone(child.pid)
  })

  test('stderr is drained for ever, and its end is kept', async () => {
    const before = megabytes()
    const child = startFake(['stderr-flood', 50], { stderrLimit: 1000 })
    // The second line comes behind 50 MB: a pipe that nobody drains would have stopped the child.
    for await (const lines of child.lines) if (lines.some((line) => line.includes('"number":2'))) break
    const deadline = Date.now() + 3000
    while (!child.stderrTail().endsWith('the last words\n') && Date.now() < deadline) await Bun.sleep(5)
    const tail = child.stderrTail()
    expect(tail).toEndWith('the last words\n')
    expect(tail).toContain('\nwarning: something is odd\n')
    expect(tail.length).toBeLessThanOrEqual(1000)
    expect(tail.length).toBeGreaterThan(900)
    expect(megabytes() - before).toBeLessThan(100)
  })
})

describe('a child that does not listen', () => {
  test('writing to one that has exited is false, and nothing else', async () => {
    const child = startFake(['crash', 1])
    await child.exited
    expect(child.write('hello\n')).toBe(false)
    child.endInput()
    child.kill('SIGTERM')
    child.kill('SIGKILL')
  })

  test('writing to one that closed its stdin is false, and does not throw', async () => {
    const child = startFake(['close-stdin'])
    await firstLine(child)
    const deadline = Date.now() + 3000
    while (child.write('a\n') && Date.now() < deadline) await Bun.sleep(2)
    expect(child.write('b\n')).toBe(false)
    expect(isRunning(child.pid)).toBe(true)
  })

  test('a large write to one that dies without reading rejects nowhere', async () => {
    const rejections: unknown[] = []
    const note = (reason: unknown) => rejections.push(reason)
    process.on('unhandledRejection', note)
    try {
      const child = startFake(['deaf'])
      await firstLine(child)
      expect(child.write('x'.repeat(5_000_000))).toBe(true)
      expect(child.write('y'.repeat(5_000_000))).toBe(true)
      child.endInput()
      await child.stop(NOW)
      await Bun.sleep(50)
      expect(child.write('z')).toBe(false)
      expect(rejections).toEqual([])
    } finally {
      process.off('unhandledRejection', note)
    }
  })
})

describe('programs that cannot start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spawn-'))
  const file = (name: string, content: string, mode: number) => {
    writeFileSync(join(folder, name), content)
    chmodSync(join(folder, name), mode)
    return join(folder, name)
  }
  const attempt = (options: { command?: string; args?: string[]; cwd?: string; env?: Record<string, string> }) =>
    thrown(() => spawnChild({ command: '/bin/true', args: [], env: {}, cwd: folder, ...options }))

  test.each([
    ['a missing program', { command: join(folder, 'none') }, '"none" was not found on this machine.'],
    ['a missing folder', { cwd: join(folder, 'gone') }, '"true" could not start: its working folder is gone.'],
    ['no permission', { command: file('plain', '', 0o644) }, '"plain" may not be executed by this user.'],
    ['a folder', { command: folder }, 'may not be executed by this user.'],
    ['no program', { command: file('garbage', 'abc', 0o755) }, '"garbage" is no program that this machine can run.'],
    ['a long argument', { args: ['x'.repeat(200_000)] }, 'its arguments or its environment are too long'],
    ['a long variable', { env: { LONG: 'x'.repeat(200_000) } }, 'its arguments or its environment are too long'],
    ['a NUL', { args: ['a\0b'] }, '"true" could not be started.'],
  ])('%s is provider_unavailable, and names no path', (_, options, message) => {
    const error = attempt(options)
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({ code: 'provider_unavailable', status: 503 })
    expect((error as GatewayError).message).toContain(message)
    expect((error as GatewayError).message).not.toContain(tmpdir())
    expect((error as GatewayError).cause).toBeInstanceOf(Error)
    expect(liveChildren()).toEqual([])
  })

  afterAll(() => rmSync(folder, { recursive: true }))
})

describe('the ladder', () => {
  test('the end of stdin is enough for a good child', async () => {
    const child = startFake(['echo'])
    expect(await child.stop({ endInputMs: 3000, termMs: 3000 })).toEqual({ code: 0, signal: null })
  })

  test('SIGTERM for one that ignores it', async () => {
    const child = startFake(['hang'])
    await firstLine(child)
    expect(await child.stop({ endInputMs: 50, termMs: 3000 })).toEqual({ code: null, signal: 'SIGTERM' })
  })

  test('SIGKILL for one that traps SIGTERM', async () => {
    const child = startFake(['trap-term'])
    await firstLine(child)
    const started = performance.now()
    expect(await child.stop({ endInputMs: 50, termMs: 100 })).toEqual({ code: null, signal: 'SIGKILL' })
    expect(performance.now() - started).toBeGreaterThan(140)
  })

  test('0 skips a rung', async () => {
    const [noEnd, noTerm, kill] = [startFake(['echo']), startFake(['echo']), startFake(['echo'])]
    for (const child of [noEnd, noTerm, kill]) {
      child.write('up\n')
      await firstLine(child)
    }
    expect(await noEnd.stop({ endInputMs: 0, termMs: 3000 })).toEqual({ code: null, signal: 'SIGTERM' })
    expect(await noTerm.stop({ endInputMs: 3000, termMs: 0 })).toEqual({ code: 0, signal: null })
    const started = performance.now()
    expect(await kill.stop(NOW)).toEqual({ code: null, signal: 'SIGKILL' })
    expect(performance.now() - started).toBeLessThan(500)
  })

  test('is climbed once, however often it is called, and a call without patience ends it', async () => {
    const child = startFake(['trap-term'])
    await firstLine(child)
    const patient = child.stop({ endInputMs: 60_000, termMs: 60_000 })
    const joined = child.stop({ endInputMs: 1, termMs: 1 })
    expect(await Promise.race([patient, Bun.sleep(100)])).toBeUndefined()
    const started = performance.now()
    const killed = { code: null, signal: 'SIGKILL' }
    expect(await child.stop(NOW)).toEqual(killed)
    expect(await Promise.all([patient, joined, child.stop(), child.exited])).toEqual([killed, killed, killed, killed])
    expect(performance.now() - started).toBeLessThan(1000)
  })

  test('kills one that is halted', async () => {
    const child = startFake(['slow', 5])
    await firstLine(child)
    child.kill('SIGSTOP')
    expect(await child.stop({ endInputMs: 30, termMs: 50 })).toEqual({ code: null, signal: 'SIGKILL' })
  })

  test('of one that has exited gives how', async () => {
    const child = startFake(['crash', 7])
    await child.exited
    expect(await child.stop()).toEqual({ code: 7, signal: null })
    expect((await child.lines.next()).done).toBe(true)
  })

  test('SIGSTOP halts, SIGCONT goes on', async () => {
    const child = startFake(['slow', 5])
    await firstLine(child)
    child.kill('SIGSTOP')
    // What was under way is read; then it is still.
    let next = child.lines.next()
    while ((await Promise.race([next, Bun.sleep(150)])) !== undefined) next = child.lines.next()
    child.kill('SIGCONT')
    expect((await next).done).toBe(false)
  })
})

describe('the whole group', () => {
  test.each(['SIGTERM', 'SIGKILL'] as const)('%s reaches the grandchild', async (signal) => {
    const child = startFake(['grandchild'])
    const grandchild = await grandchildOf(child)
    expect(isRunning(grandchild)).toBe(true)
    child.kill(signal)
    await gone(child.pid, grandchild)
    expect((await child.exited).signal).toBe(signal)
  })

  test('SIGKILL reaches a grandchild in a session of its own', async () => {
    const child = startFake(['grandchild', '--detached'])
    const grandchild = await grandchildOf(child)
    expect(descendantsOf(child.pid)).toEqual([grandchild])
    await child.stop(NOW)
    await gone(grandchild)
  })

  test('a grandchild that is left behind is killed, and holds no output', async () => {
    const child = startFake(['grandchild', '--exit'])
    const grandchild = await grandchildOf(child)
    expect(await child.exited).toEqual({ code: 0, signal: null })
    expect(await allLines(child)).toEqual([])
    await gone(grandchild)
  })

  test('the output ends, though somebody out of reach holds the pipe', async () => {
    const child = startFake(['grandchild', '--exit', '--detached'])
    const grandchild = await grandchildOf(child)
    try {
      const started = performance.now()
      expect(await allLines(child)).toEqual([])
      expect(performance.now() - started).toBeLessThan(2000)
      expect(isRunning(grandchild)).toBe(true)
      await child.stop()
    } finally {
      process.kill(grandchild, 'SIGKILL')
    }
  })

  test('also when the reading begins only after the exit', async () => {
    const child = startFake(['grandchild', '--exit', '--detached'])
    await child.exited
    const grandchild = await grandchildOf(child)
    try {
      expect(await allLines(child)).toEqual([])
      expect(isRunning(grandchild)).toBe(true)
    } finally {
      process.kill(grandchild, 'SIGKILL')
    }
  })
})

describe('all children', () => {
  test('are known while they live', async () => {
    const child = startFake(['hang'])
    expect(liveChildren()).toEqual([child])
    expect(Math.abs(child.startedAt - Date.now())).toBeLessThan(1000)
    await child.stop(NOW)
    expect(liveChildren()).toEqual([])
  })

  test('stop, the deaf ones too', async () => {
    const children = [startFake(['trap-term']), startFake(['hang']), startFake(['flood']), startFake(['grandchild'])]
    const grandchild = await grandchildOf(children[3]!)
    await firstLine(children[0]!)
    // One is in the middle of a patient stop.
    void children[0]!.stop({ endInputMs: 60_000, termMs: 60_000 })
    await stopAllChildren()
    expect(liveChildren()).toEqual([])
    await gone(grandchild, ...children.map((child) => child.pid))
  })

  test('hundreds of them leave no file open, no zombie and no memory', async () => {
    const openFiles = () => readdirSync('/dev/fd').length
    const round = async (count: number) => {
      for (let index = 0; index < count; index++) {
        const child = spawnChild({ command: '/bin/sh', args: ['-c', 'echo out; echo err >&2; cat'], env: {}, cwd: '/' })
        child.write('hello\n')
        switch (index % 4) {
          case 0:
            child.endInput()
            await allLines(child)
            break
          case 1:
            await child.lines.next()
            break
          case 2:
            for await (const _ of child.lines) break
            break
          default:
          // Nothing is read.
        }
        await child.stop(NOW)
      }
    }
    await round(40)
    Bun.gc(true)
    const files = openFiles()
    const memory = megabytes()
    await round(400)
    await Bun.sleep(20)
    // Before the collector comes by: it may be late.
    expect(openFiles()).toBeLessThanOrEqual(files + 4)
    Bun.gc(true)
    await Bun.sleep(20)
    expect(descendantsOf(process.pid)).toEqual([])
    expect(megabytes() - memory).toBeLessThan(40)
    expect(liveChildren()).toEqual([])
  })
})
