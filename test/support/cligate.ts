// Starts cligate and its surroundings as processes of their own, the way a person does; for end-to-end tests and benchmarks.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dir, '../..')

/** The real Claude Code, pinned in test/real/package.json. */
export const CLAUDE = join(ROOT, 'test/real/node_modules/.bin/claude')

export type Running = { url: string; pid: number; stop(): Promise<void> }

/** cligate as a process. `home` holds its configuration, state and logs, and is removed by `stop`. */
export type RunningCligate = Running & {
  home: string
  exited: Promise<number>
  /** What it wrote to stderr so far. */
  log(): string
  kill(signal: NodeJS.Signals): void
  /** Starts it again in the same home after its process has ended. */
  restart(): Promise<RunningCligate>
}

/** A port nobody listens on just now. */
async function freePort(): Promise<number> {
  return await new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}

/** The environment every child gets: nothing of this machine but PATH, a fresh home, a dummy key, loopback. */
export function cleanEnvironment(upstreamUrl: string, home: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: home,
    ANTHROPIC_BASE_URL: upstreamUrl,
    ANTHROPIC_API_KEY: 'sk-dummy',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
  }
}

/** The simulated model API as a process; `--chunks N --delay-ms N` say what it answers. */
export async function startUpstreamProcess(args: string[] = []): Promise<Running> {
  const child = Bun.spawn(['bun', join(ROOT, 'test/upstream/main.ts'), '--port', '0', ...args], {
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const reader = child.stdout.getReader()
  const { value } = await reader.read()
  reader.releaseLock()
  const { url } = JSON.parse(new TextDecoder().decode(value)) as { url: string }
  return { url, pid: child.pid, stop: () => stop(child) }
}

export type StartOptions = {
  /** What `cligate.yaml` says. */
  config?: object
  /** The simulated model API; nobody listens there by default. */
  upstreamUrl?: string
  environment?: Record<string, string>
  args?: string[]
  home?: string
}

/** Resolves when /health answers. */
export async function startCligate(options: StartOptions = {}): Promise<RunningCligate> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'cligate-test-'))
  const config = join(home, 'cligate.yaml')
  const stderr = join(home, 'stderr.log')
  mkdirSync(home, { recursive: true })
  writeFileSync(config, Bun.YAML.stringify({ state_dir: join(home, 'state'), ...options.config }), { mode: 0o600 })
  const port = await freePort()
  const args = ['serve', '--port', `${port}`, '--config', config, ...(options.args ?? [])]
  const child = Bun.spawn(['bun', join(ROOT, 'src/cli.ts'), ...args], {
    cwd: home,
    env: { ...cleanEnvironment(options.upstreamUrl ?? 'http://127.0.0.1:9', home), ...options.environment },
    stdin: 'ignore',
    stdout: Bun.file(join(home, 'stdout.log')),
    stderr: Bun.file(stderr),
  })
  const log = () => (existsSync(stderr) ? readFileSync(stderr, 'utf8') : '')
  const url = `http://127.0.0.1:${port}`
  const deadline = Date.now() + 20_000
  while (
    !(await fetch(`${url}/health`).then(
      (answer) => answer.ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`cligate did not start (exit ${child.exitCode}): ${log()}`)
    }
    await Bun.sleep(25)
  }
  return {
    url,
    pid: child.pid,
    home,
    exited: child.exited,
    log,
    kill: (signal) => child.kill(signal),
    restart: async () => {
      await child.exited
      return await startCligate({ ...options, home })
    },
    stop: async () => {
      await stop(child)
      rmSync(home, { recursive: true, force: true })
    },
  }
}

async function stop(child: Bun.Subprocess): Promise<void> {
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await child.exited
  clearTimeout(late)
}

/** Resident memory of a process, in bytes. Linux only. */
export async function residentMemory(pid: number): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text()
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024
}

/** Waits until `check` gives something, or fails after `timeout` milliseconds. */
export async function eventually<T>(
  what: string,
  check: () => T | undefined | false | Promise<T | undefined | false>,
  timeout = 10_000,
): Promise<T> {
  const deadline = Date.now() + timeout
  while (true) {
    const result = await check()
    if (result !== undefined && result !== false) return result
    if (Date.now() > deadline) throw new Error(`not within ${timeout} ms: ${what}`)
    await Bun.sleep(20)
  }
}
