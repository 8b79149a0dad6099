// Starts the things a benchmark compares, each as a process of its own, and stops them again.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const CLAUDE = join(import.meta.dir, '../test/real/node_modules/.bin/claude')

export type Running = { url: string; pid: number; stop(): Promise<void> }

/** A port nobody listens on just now. */
export async function freePort(): Promise<number> {
  return await new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}

/** The environment every process of a benchmark gets: nothing of this machine but PATH, a fresh home, a dummy key. */
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

/** The simulated model API. `--delay-ms` is the time it takes before its first byte. */
export async function startUpstream(args: string[] = []): Promise<Running> {
  const child = Bun.spawn(['bun', join(import.meta.dir, '../test/upstream/main.ts'), '--port', '0', ...args], {
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const reader = child.stdout.getReader()
  const { value } = await reader.read()
  reader.releaseLock()
  const { url } = JSON.parse(new TextDecoder().decode(value)) as { url: string }
  return { url, pid: child.pid, stop: () => stop(child) }
}

/** cligate itself, as a person starts it, with the given configuration. */
export async function startCligate(config: object, upstreamUrl = 'http://127.0.0.1:9'): Promise<Running> {
  const home = mkdtempSync(join(tmpdir(), 'cligate-bench-'))
  const file = join(home, 'cligate.yaml')
  writeFileSync(file, Bun.YAML.stringify(config))
  const port = await freePort()
  const child = Bun.spawn(
    ['bun', join(import.meta.dir, '../src/cli.ts'), 'serve', '--port', `${port}`, '--config', file],
    {
      cwd: home,
      env: cleanEnvironment(upstreamUrl, home),
      stdout: 'ignore',
      stderr: Bun.file(join(home, 'stderr.log')),
    },
  )
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`${url}/health`).catch(() => undefined)
    if (answer?.ok) break
    if (tries > 200) throw new Error(`cligate did not start: ${await Bun.file(join(home, 'stderr.log')).text()}`)
    await Bun.sleep(50)
  }
  return {
    url,
    pid: child.pid,
    stop: async () => {
      await stop(child)
      rmSync(home, { recursive: true, force: true })
    },
  }
}

async function stop(child: Bun.Subprocess): Promise<void> {
  child.kill('SIGTERM')
  await child.exited
}

/** Resident memory of a process, in bytes. Linux only. */
export async function residentMemory(pid: number): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text()
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024
}
