// Starts the fake CLI, and looks at what is left of processes.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { childEnvironment } from '../../src/process/environment.ts'
import { processStart } from '../../src/process/process-start.ts'
import { type Child, type ChildOptions, spawnChild } from '../../src/process/spawn.ts'

export const FAKE_CLI = join(import.meta.dir, '../fake-cli/fake-cli.ts')

export function startFake(args: (string | number)[], options: Partial<ChildOptions> = {}): Child {
  return spawnChild({
    command: process.execPath,
    args: [FAKE_CLI, ...args.map(String)],
    env: childEnvironment(process.env, []),
    cwd: tmpdir(),
    ...options,
  })
}

/** Kills without a grace: for the end of a test. */
export const end = (child: Child) => child.stop({ endInputMs: 0, termMs: 0 })

export async function firstLine(child: Child): Promise<string> {
  const { value } = await child.lines.next()
  return value?.[0] ?? ''
}

export async function allLines(child: Child): Promise<string[]> {
  const all: string[] = []
  for await (const lines of child.lines) all.push(...lines)
  return all
}

/** The pid that the fake's grandchild mode prints. */
export async function grandchildOf(child: Child): Promise<number> {
  const { grandchild } = JSON.parse(await firstLine(child)) as { grandchild: number }
  return grandchild
}

export const isRunning = (pid: number) => processStart(pid) !== undefined

/** Resolves when the process is gone; rejects after 5 s. */
export async function gone(...pids: number[]): Promise<void> {
  const deadline = Date.now() + 5000
  while (pids.some(isRunning)) {
    if (Date.now() > deadline) throw new Error(`Still running: ${pids.filter(isRunning).join(', ')}`)
    await Bun.sleep(5)
  }
}

/** What a promise rejects with; undefined when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
    return undefined
  } catch (error) {
    return error
  }
}

export const megabytes = () => process.memoryUsage().rss / 1024 / 1024
