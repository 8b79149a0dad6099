#!/usr/bin/env bun
// A command-line program that behaves as badly as one can. `bun fake-cli.ts <mode> [options]`:
//
//   echo                    each line of stdin comes back on stdout; ends with stdin
//   flood                   JSON lines for ever, as fast as stdout takes them (~220 bytes each, numbered)
//   flood <n>               n of them, then exit 0
//   garbage                 binary, invalid UTF-8, broken JSON, JSON that is no object, a NUL, and one good line; then exit 0
//   half-line               half a JSON line without a line break, then hangs
//   huge-line [megabytes]   one line of that size (1024 by default) in chunks of 64 KiB, then a good line, then exit 0
//   hang                    one line, then nothing; ignores the end of stdin
//   crash <code> <n>        n lines, a reason on stderr, then exit <code>
//   stderr-flood [megabytes] stderr text for ever (or so many megabytes), and one line on stdout; then waits for the end of stdin
//   trap-term               one line, then ignores SIGTERM, SIGINT and the end of stdin
//   grandchild [--detached] starts a grandchild that sleeps and holds stdout, prints {"grandchild": <pid>}, exits 0 after
//                           stdin ends; `--detached`: in a session of its own
//   grandchild --exit       the same, but exits 0 at once
//   slow <milliseconds> [n] a numbered line each so many milliseconds, n times (for ever)
//   close-stdin             closes its stdin, prints a line, then hangs
//   deaf                    never reads its stdin, which stays open; prints a line, then hangs
//   environment             prints {"environment": ..., "cwd": ..., "argv": ...}, then exit 0
//
// A line is JSON with a number: {"type":"line","number":1}. No mode stores what it writes.
import { closeSync, writeSync } from 'node:fs'

const [mode = 'echo', ...options] = process.argv.slice(2)
const line = (number: number, more = {}) => `${JSON.stringify({ type: 'line', number, ...more })}\n`
const sleepForEver = () => new Promise<never>(() => setInterval(() => {}, 60_000))
const numberAt = (index: number, fallback: number) => Number(options[index] ?? fallback)

/** Writes all of it, waiting where stdout is full: Bun's own stdout would keep in memory what nobody reads. */
function put(content: string | Uint8Array, descriptor = 1): void {
  let rest = typeof content === 'string' ? Buffer.from(content) : content
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === 'EPIPE') process.exit(0)
      if (code !== 'EAGAIN') throw error
      Bun.sleepSync(1)
    }
  }
}

const modes: Record<string, () => Promise<void> | void> = {
  async echo() {
    for await (const chunk of Bun.stdin.stream()) put(chunk)
  },

  flood() {
    const count = numberAt(0, Infinity)
    const padding = 'x'.repeat(180)
    for (let number = 1; number <= count;) {
      let batch = ''
      for (let size = 0; size < 200 && number <= count; size++, number++) batch += line(number, { padding })
      put(batch)
    }
  },

  garbage() {
    put(new Uint8Array([0xff, 0xfe, 0x00, 0x80, 0xc3, 0x28, 0x0a]))
    put(new Uint8Array([...Buffer.from('{"text":"'), 0xe4, 0xb8, ...Buffer.from('"}\n')]))
    put('{"type":"broken"\n[1,2]\n"text"\nnull\n42\n\n\r\n\u0000\n\u001b[31mred\u001b[0m\n')
    put(line(1))
  },

  async 'half-line'() {
    put(line(1).slice(0, 12))
    await sleepForEver()
  },

  'huge-line'() {
    const chunk = Buffer.alloc(64 * 1024, 'x')
    for (let chunks = numberAt(0, 1024) * 16; chunks > 0; chunks--) put(chunk)
    put(`\n${line(1)}`)
  },

  async hang() {
    put(line(1))
    await sleepForEver()
  },

  crash() {
    for (let number = 1; number <= numberAt(1, 0); number++) put(line(number))
    put('fatal: the fake broke down\n', 2)
    process.exit(numberAt(0, 1))
  },

  async 'stderr-flood'() {
    put(line(1))
    const chunk = Buffer.alloc(64 * 1024, 'warning: something is odd\n')
    for (let chunks = numberAt(0, Infinity) * 16; chunks > 0; chunks--) put(chunk, 2)
    put('the last words\n', 2)
    put(line(2))
    await Bun.stdin.text()
  },

  async 'trap-term'() {
    process.on('SIGTERM', () => {})
    process.on('SIGINT', () => {})
    put(line(1))
    await sleepForEver()
  },

  async grandchild() {
    const child = Bun.spawn(['sleep', '300'], {
      stdin: 'ignore',
      stdout: 'inherit',
      stderr: 'inherit',
      detached: options.includes('--detached'),
    })
    put(`${JSON.stringify({ grandchild: child.pid })}\n`)
    if (!options.includes('--exit')) await Bun.stdin.text()
    process.exit(0)
  },

  async slow() {
    const count = numberAt(1, Infinity)
    for (let number = 1; number <= count; number++) {
      put(line(number))
      await Bun.sleep(numberAt(0, 100))
    }
  },

  async 'close-stdin'() {
    closeSync(0)
    put(line(1))
    await sleepForEver()
  },

  async deaf() {
    put(line(1))
    await sleepForEver()
  },

  environment() {
    put(`${JSON.stringify({ environment: process.env, cwd: process.cwd(), argv: process.argv.slice(2) })}\n`)
  },
}

const run = modes[mode]
if (!run) {
  put(`fake-cli: no mode "${mode}"\n`, 2)
  process.exit(64)
}
await run()
