import { afterEach, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const running: Bun.Subprocess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

async function start(options: object = {}) {
  const program = join(import.meta.dir, 'shutdown-program/main.ts')
  const child = Bun.spawn([process.execPath, program, JSON.stringify(options)], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  running.push(child)
  const reader = child.stdout.getReader()
  const { value } = await reader.read()
  const { url, children } = JSON.parse(new TextDecoder().decode(value)) as { url: string; children: [number, number] }
  const lines: { message: string; level: string }[] = []
  const logged = readLines(child.stderr, (line) => lines.push(JSON.parse(line)))
  /** The head has come and the body is under way. */
  const hold = async () => {
    const response = await fetch(`${url}held`)
    return { text: response.text().catch(() => 'cut') }
  }
  const tell = (line: string) => {
    void child.stdin.write(`${line}\n`)
    void child.stdin.flush()
  }
  const until = async (message: string) => {
    while (!lines.some((line) => line.message.startsWith(message))) await Bun.sleep(5)
  }
  /** What was logged, whether a child is left, and the exit code. */
  const end = async () => {
    const code = await child.exited
    await logged
    // A signal that was sent takes effect a moment later, whoever sent it.
    const deadline = Date.now() + 2000
    while (children.some(isAlive) && Date.now() < deadline) await Bun.sleep(5)
    return { code, messages: lines.map((line) => line.message), left: children.filter(isAlive) }
  }
  return { child, url, children, lines, hold, tell, until, end }
}

async function readLines(stream: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<void> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop()!
    parts.forEach(take)
  }
}

/** A zombie is dead: where nobody collects orphans, as in many containers, it keeps its number. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe('the first signal', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s closes everything and exits with 0', async (signal) => {
    const { child, children, end } = await start()
    expect(children.every(isAlive)).toBe(true)
    child.kill(signal)
    const { code, messages, left } = await end()
    expect({ code, left }).toEqual({ code: 0, left: [] })
    expect(messages).toEqual(['Stopping; once more to stop at once.', 'draining', 'closing', 'Stopped.'])
  })

  test('an answer under way is finished, and no new connection is taken', async () => {
    const { child, url, hold, tell, until, end } = await start()
    const { text } = await hold()
    child.kill('SIGTERM')
    await until('draining')
    const refused = await fetch(url, { keepalive: false }).then(
      () => 'answered',
      () => 'refused',
    )
    expect(refused).toBe('refused')
    tell('release')
    expect(await text).toBe('begin end')
    expect(await end()).toMatchObject({ code: 0, left: [] })
  })

  test('an answer that outlasts the deadline is cut', async () => {
    const { child, hold, end } = await start({ graceMs: 50 })
    const { text } = await hold()
    child.kill('SIGTERM')
    expect(await text).toBe('cut')
    expect(await end()).toMatchObject({ code: 0, left: [] })
  })

  test.each([
    ['hangs', 'A step of the shutdown took too long.'],
    ['fails', 'A step of the shutdown failed.'],
  ])('a gateway whose close %s holds up nothing', async (close, message) => {
    const { child, end } = await start({ close })
    child.kill('SIGTERM')
    const { code, messages, left } = await end()
    expect({ code, left }).toEqual({ code: 0, left: [] })
    expect(messages).toContain(message)
  })
})

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('a second %s ends it at once, children too', async (signal, expected) => {
  const { child, hold, until, end } = await start()
  const { text } = await hold()
  child.kill('SIGTERM')
  await until('draining')
  child.kill(signal)
  const { code, left } = await end()
  expect({ code, left }).toEqual({ code: expected, left: [] })
  expect(await text).toBe('cut')
})

test('a rejection that nobody awaited is logged, and the server goes on', async () => {
  const { child, url, tell, until, lines, end } = await start()
  tell('reject')
  await until('Unhandled rejection.')
  expect(await (await fetch(url)).text()).toBe('ok')
  expect(JSON.stringify(lines)).toContain('rejected')
  expect(JSON.stringify(lines)).not.toContain('SEEDED')
  child.kill('SIGTERM')
  expect(await end()).toMatchObject({ code: 0, left: [] })
})

test('an uncaught exception is logged, running answers are finished, and the exit code is 1', async () => {
  const { hold, tell, until, lines, end } = await start()
  const { text } = await hold()
  tell('throw')
  await until('draining')
  tell('release')
  expect(await text).toBe('begin end')
  expect(await end()).toMatchObject({ code: 1, left: [] })
  expect(JSON.stringify(lines)).toContain('thrown')
  expect(JSON.stringify(lines)).not.toContain('SEEDED')
})
