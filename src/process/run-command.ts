// Short commands of a CLI that answer by themselves and end: versions, logins, lists.
import type { Sandbox, SandboxFolder } from './sandbox.ts'
import { type ChildExit, type ChildOptions, spawnChild } from './spawn.ts'

export type CommandOptions = ChildOptions & {
  sandbox: Sandbox
  folder: SandboxFolder
  /** Milliseconds after which it is killed; 15 s by default. */
  timeout?: number
}

/** `output` is stdout with single line breaks; `errors` is the end of stderr. */
export type CommandResult = { output: string; errors: string; exit: ChildExit }

const TIMEOUT = 15_000

/**
 * Runs a command to its end, with stdin closed; its exit code is the caller's to judge. A command that takes too long is killed
 * with all it started, and gives what it said until then.
 * @throws GatewayError `provider_unavailable` where it cannot be started; the reason of the abort
 */
export async function runCommand(options: CommandOptions, signal: AbortSignal): Promise<CommandResult> {
  signal.throwIfAborted()
  const child = spawnChild(options)
  await options.sandbox.adopt(child, options.folder)
  child.endInput()
  const kill = () => child.kill('SIGKILL')
  const timer = setTimeout(kill, options.timeout ?? TIMEOUT)
  signal.addEventListener('abort', kill, { once: true })
  if (signal.aborted) kill()
  try {
    const output: string[] = []
    for await (const lines of child.lines) output.push(...lines)
    const exit = await child.exited
    signal.throwIfAborted()
    return { output: output.join('\n'), errors: child.stderrTail(), exit }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', kill)
    await child.stop({ endInputMs: 0, termMs: 0 })
  }
}
