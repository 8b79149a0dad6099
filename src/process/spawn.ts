// The one place that starts processes. Each child leads a process group of its own, both its pipes are always drained, and
// nothing that it does to them is an exception here.
import type { Subprocess } from 'bun'
import { ByteTail } from './byte-tail.ts'
import { ChildInput } from './child-input.ts'
import { childOutput } from './child-output.ts'
import { splitLines } from './lines.ts'
import { killTree, signalGroup } from './process-group.ts'
import { spawnError } from './spawn-error.ts'

export type ChildOptions = {
  /** Absolute path of the program. */
  command: string
  /** Never text of a caller: visible to all users of the machine, and limited to 128 KiB each. */
  args: readonly string[]
  /** The whole environment; nothing is inherited. */
  env: Record<string, string>
  cwd: string
  /** Bytes of stderr that are kept; 16 KiB by default. */
  stderrLimit?: number
  /** See splitLines. */
  maxLineLength?: number
}

/** `code` is null when a signal ended the child. */
export type ChildExit = { code: number | null; signal: string | null }

/** Milliseconds that each rung of the ladder waits for the exit before the next; 0 skips the rung. */
export type StopLadder = { endInputMs?: number; termMs?: number }

export interface Child {
  readonly pid: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /**
   * The lines of stdout, one array per read, for one consumer. The child is held back when nobody reads. Ends when the child
   * has exited and its output is over; throws LineTooLongError.
   */
  readonly lines: AsyncGenerator<string[]>
  /** One write and flush. Never throws; false when stdin is closed. */
  write(text: string): boolean
  endInput(): void
  /** The last of what the child said on stderr. */
  stderrTail(): string
  /** Resolves at the exit, not at the end of the pipes. Never rejects. */
  readonly exited: Promise<ChildExit>
  /** To the whole process group; SIGKILL reaches descendants that left the group too (Linux). Silent when the child is gone. */
  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT' | 'SIGSTOP' | 'SIGCONT'): void
  /**
   * stdin end (1 s) -> SIGTERM (2 s) -> SIGKILL, and whatever is left of the group. Idempotent: a later call joins the first one;
   * one whose rungs are both 0 kills at once.
   */
  stop(ladder?: StopLadder): Promise<ChildExit>
}

type Process = Subprocess<'pipe', 'pipe', 'pipe'>

const live = new Set<Child>()

/** Starts a child. Throws GatewayError `provider_unavailable` when the program cannot be started. */
export function spawnChild(options: ChildOptions): Child {
  let child: Process
  try {
    child = Bun.spawn([options.command, ...options.args], {
      cwd: options.cwd,
      env: options.env,
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
      detached: true,
      // Else Bun reads an output that nobody wants yet into memory without limit (1.6 GB in 1.5 s, Bun 1.4.5).
      lazy: true,
    })
  } catch (cause) {
    throw spawnError(options.command, options.cwd, cause)
  }
  return manage(child, options)
}

function manage(child: Process, options: ChildOptions): Child {
  const { pid } = child
  const input = new ChildInput(child.stdin)
  const stderr = new ByteTail(options.stderrLimit ?? 16 * 1024)
  let running = true
  let stopping: Promise<ChildExit> | undefined

  const exited = child.exited
    .catch(() => null)
    .then((): ChildExit => {
      running = false
      live.delete(managed)
      // What the child leaves in its group has no business any more. Its number is not another's yet: Linux and macOS hand
      // numbers out in a circle. Windows does not, and has no groups.
      if (process.platform !== 'win32') signalGroup(pid, 'SIGKILL')
      input.end()
      const signal = child.signalCode
      return { code: child.exitCode, signal: signal === null ? null : String(signal) }
    })
  void drain(
    childOutput(() => child.stderr, exited),
    stderr,
  )

  function kill(signal: NodeJS.Signals): void {
    if (!running) return
    if (signal === 'SIGKILL') killTree(pid)
    else signalGroup(pid, signal)
  }

  async function climb({ endInputMs = 1000, termMs = 2000 }: StopLadder): Promise<ChildExit> {
    if (endInputMs > 0) {
      input.end()
      if (await within(exited, endInputMs)) return exited
    }
    if (termMs > 0) {
      kill('SIGTERM')
      if (await within(exited, termMs)) return exited
    }
    kill('SIGKILL')
    return exited
  }

  const managed: Child = {
    pid,
    startedAt: Date.now(),
    lines: splitLines(
      childOutput(() => child.stdout, exited),
      { maxLength: options.maxLineLength },
    ),
    write: (text) => input.write(text),
    endInput: () => input.end(),
    stderrTail: () => stderr.text(),
    exited,
    kill,
    stop(ladder = {}) {
      if (stopping && ladder.endInputMs === 0 && ladder.termMs === 0) kill('SIGKILL')
      stopping ??= climb(ladder)
      return stopping
    },
  }
  live.add(managed)
  guardExit()
  return managed
}

async function drain(chunks: AsyncIterable<Uint8Array>, tail: ByteTail): Promise<void> {
  try {
    for await (const chunk of chunks) tail.add(chunk)
  } catch {
    // A broken pipe ends the draining, and nothing else.
  }
}

/** Whether `exited` settles within so many milliseconds. */
async function within(exited: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: Timer | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false)
  })
  const inTime = await Promise.race([exited.then(() => true), late])
  clearTimeout(timer)
  return inTime
}

/** The children that have not exited. */
export function liveChildren(): readonly Child[] {
  return [...live]
}

/** SIGTERM to all, and SIGKILL to those that are there half a second later. Resolves when all have exited, 5 s at most. */
export async function stopAllChildren(): Promise<void> {
  const all = liveChildren()
  for (const child of all) child.kill('SIGTERM')
  if (await within(Promise.all(all.map((child) => child.exited)), 500)) return
  await within(Promise.all(all.map((child) => child.stop({ endInputMs: 0, termMs: 0 }))), 5000)
}

let guarded = false

/** However this process ends, if it can still do anything, its children end with it. */
function guardExit(): void {
  if (guarded) return
  guarded = true
  process.on('exit', () => {
    for (const child of live) child.kill('SIGKILL')
  })
}

/**
 * Starts a program that lives on when this one ends: a session of its own, no terminal, and what it says goes to a file.
 * @returns its pid
 */
export function spawnDetached(command: readonly string[], options: { cwd: string; output: number }): number {
  const { cwd, output } = options
  const child = Bun.spawn([...command], { cwd, stdin: 'ignore', stdout: output, stderr: output, detached: true })
  child.unref()
  return child.pid
}

/** Runs a program on the terminal of this one, until it ends. @returns its exit code; 128 and the signal where one ended it */
export async function runInTerminal(command: readonly string[], env: Record<string, string>): Promise<number> {
  // Ctrl-C is for the program; this one waits for what it makes of it.
  const ignore = () => {}
  process.on('SIGINT', ignore)
  try {
    return await Bun.spawn([...command], { env, stdio: ['inherit', 'inherit', 'inherit'] }).exited
  } finally {
    process.off('SIGINT', ignore)
  }
}

/** The output of a short command, waited for; undefined when it fails or takes over 2 s. For what the system tells in no other way. */
export function commandOutput(command: string, args: readonly string[]): string | undefined {
  try {
    const result = Bun.spawnSync([command, ...args], { stdin: 'ignore', stderr: 'ignore', timeout: 2000 })
    return result.success ? result.stdout.toString() : undefined
  } catch {
    return undefined
  }
}

/** Runs a command of the system to its end, however long that takes. @returns whether it is there, and succeeded */
export async function commandSucceeds(command: string, args: readonly string[]): Promise<boolean> {
  try {
    return (await Bun.spawn([command, ...args], { stdio: ['ignore', 'ignore', 'ignore'] }).exited) === 0
  } catch {
    return false
  }
}
