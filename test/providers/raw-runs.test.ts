// Processes whose own lines are passed on: a fake CLI in every bad mood.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { GatewayError } from '../../src/core/error.ts'
import type { RawRequest, RawRun } from '../../src/core/raw.ts'
import { childEnvironment } from '../../src/process/environment.ts'
import { openSandbox, type Sandbox } from '../../src/process/sandbox.ts'
import type { RawLauncher } from '../../src/providers/raw-launch.ts'
import { RawRuns, type RawRunsOptions } from '../../src/providers/raw-runs.ts'
import { eventually } from '../http/gate.ts'
import { FAKE_CLI, isRunning } from '../process/fake.ts'
import { temporaryHome } from '../real/harness/real-cli.ts'

const REQUEST: RawRequest = { prompt: 'hello\n', provider: 'fake' }
const never = new AbortController().signal

let home: Awaited<ReturnType<typeof temporaryHome>>
let sandbox: Sandbox
let runs: RawRuns
beforeEach(async () => {
  home = await temporaryHome()
  sandbox = await openSandbox({ root: home.path })
})
afterEach(async () => {
  await runs.close()
  await sandbox.close()
  await home[Symbol.asyncDispose]()
})

const fake = (...args: (string | number)[]): RawLauncher => ({
  provider: 'fake',
  prepare: async (request, folder) => ({
    command: process.execPath,
    args: [FAKE_CLI, ...args.map(String)],
    env: childEnvironment(process.env, []),
    cwd: folder.path,
    input: request.prompt,
    isLast: (line) => line === 'last',
    isOwn: (line) => line === 'own',
  }),
})

function started(launcher: RawLauncher, more: Partial<RawRunsOptions> = {}, signal = never): Promise<RawRun> {
  const timeouts = { firstEvent: 0, betweenEvents: 0, total: 0 }
  runs = new RawRuns({ launchers: [launcher], sandbox, timeouts, maxActive: 2, ...more })
  return runs.start(REQUEST, signal)
}

async function linesOf(run: RawRun): Promise<string[]> {
  const all: string[] = []
  for await (const lines of run.lines) all.push(...lines)
  return all
}

const pidOf = () => runs.processes()[0]!.pid
const folders = () => readdirSync(sandbox.path).filter((name) => name.startsWith('raw-'))

describe('lines', () => {
  test('are those of stdout, and the exit is told', async () => {
    const run = await started(fake('flood', 3))
    expect(run.id).toMatch(/^chat_[A-Za-z0-9]{24}$/)
    const lines = await linesOf(run)
    expect(lines.map((line) => (JSON.parse(line) as { number: number }).number)).toEqual(
      [0, 1, 2].map((n) => n + JSON.parse(lines[0]!).number),
    )
    expect(await run.exited).toEqual({ code: 0, signal: null, stopped: false })
    await eventually(() => runs.processes().length === 0 && folders().length === 0)
  })

  test('hold what was written to stdin, and the end of stdin', async () => {
    expect(await linesOf(await started(fake('echo')))).toEqual(['hello'])
  })

  test('are passed on whatever they are', async () => {
    const lines = await linesOf(await started(fake('garbage')))
    expect(lines.length).toBeGreaterThan(3)
  })

  test('for the gateway itself are left out', async () => {
    runs = new RawRuns({
      launchers: [fake('echo')],
      sandbox,
      timeouts: { firstEvent: 0, betweenEvents: 0, total: 0 },
      maxActive: 1,
    })
    expect(await linesOf(await runs.start({ ...REQUEST, prompt: 'own\nmine\n' }, never))).toEqual(['mine'])
  })

  test('that are too long are an error', async () => {
    const run = await started(fake('huge-line', 40))
    expect(linesOf(run)).rejects.toMatchObject({ code: 'provider_error' })
    await run.exited
  }, 60_000)
})

describe('ends', () => {
  test('a crash: the lines before it, and the code', async () => {
    const run = await started(fake('crash', 3, 2))
    expect(await linesOf(run)).toHaveLength(2)
    expect(await run.exited).toMatchObject({ code: 3, stopped: false })
    expect(run.lastWords()).not.toBe('')
  })

  test('stop kills it, whatever it thinks of signals, and its reader has an end', async () => {
    const run = await started(fake('trap-term'))
    await run.lines.next()
    const pid = pidOf()
    expect(await runs.stop(run.id)).toBe(true)
    expect(isRunning(pid)).toBe(false)
    expect(await run.lines.next()).toMatchObject({ done: true })
    expect(await run.exited).toEqual({ code: null, signal: 'SIGKILL', stopped: true })
    expect(await runs.stop(run.id)).toBe(false)
  })

  test('stop reaches what it started', async () => {
    const run = await started(fake('grandchild', '--detached'))
    const { value } = await run.lines.next()
    const { grandchild } = JSON.parse((value as string[])[0]!) as { grandchild: number }
    await runs.stop(run.id)
    await eventually(() => !isRunning(grandchild))
  })

  test('nobody reads on: it is gone', async () => {
    const run = await started(fake('flood'))
    await run.lines.next()
    const pid = pidOf()
    await run.lines.return(undefined)
    await eventually(() => !isRunning(pid))
  })

  test('the caller leaves: it is gone, also before anybody has read', async () => {
    const caller = new AbortController()
    await started(fake('hang'), {}, caller.signal)
    const pid = pidOf()
    caller.abort()
    await eventually(() => !isRunning(pid) && runs.processes().length === 0)
  })

  test('the caller left before: nothing is started', async () => {
    expect(
      started(fake('hang'), {}, AbortSignal.abort(new GatewayError('client_closed_request', 'x'))),
    ).rejects.toMatchObject({ code: 'client_closed_request' })
    await eventually(() => folders().length === 0)
    expect(runs.processes()).toEqual([])
  })

  test('silence is a timeout, and kills', async () => {
    const run = await started(fake('hang'), { timeouts: { firstEvent: 0, betweenEvents: 50, total: 0 } })
    const pid = pidOf()
    expect(linesOf(run)).rejects.toMatchObject({ code: 'timeout' })
    await eventually(() => !isRunning(pid))
  })

  test('close kills all, and nothing is started any more', async () => {
    const run = await started(fake('hang'))
    const pid = pidOf()
    await runs.close()
    expect(isRunning(pid)).toBe(false)
    expect(await run.exited).toMatchObject({ stopped: true })
    expect(runs.start(REQUEST, never)).rejects.toMatchObject({ code: 'provider_unavailable' })
  })
})

describe('refusals', () => {
  test('a provider that there is not, with those there are', async () => {
    await started(fake('flood', 1))
    expect(runs.start({ ...REQUEST, provider: 'other' }, never)).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'provider',
    })
  })

  test('more than may run', async () => {
    await started(fake('hang'), { maxActive: 1 })
    expect(runs.start(REQUEST, never)).rejects.toMatchObject({ code: 'queue_full' })
  })

  test('a program that is not there, and no folder is left', async () => {
    const launcher: RawLauncher = {
      ...fake('hang'),
      prepare: async (request, folder, signal) => ({
        ...(await fake('hang').prepare(request, folder, signal)),
        command: '/nowhere/cli',
      }),
    }
    expect(started(launcher)).rejects.toMatchObject({ code: 'provider_unavailable' })
    await eventually(() => folders().length === 0)
    expect(existsSync(sandbox.path)).toBe(true)
  })
})
