// Short commands of the CLI that answer locally, without a model.
import type { Sandbox } from '../../process/sandbox.ts'
import { spawnChild } from '../../process/spawn.ts'
import { type Account, claudeEnvironment } from './command.ts'

export type Inquirer = {
  executable: string
  environment: Readonly<Record<string, string | undefined>>
  account: Account
  sandbox: Sandbox
}

/** Much longer than any of them takes, in milliseconds. */
const TIMEOUT = 15_000

/**
 * What the CLI says on stdout to these arguments; its exit code is not looked at, since `auth status` uses it as an answer.
 * @throws GatewayError `provider_unavailable` where it cannot be started; the reason of the abort
 */
export async function inquire(inquirer: Inquirer, args: readonly string[], signal: AbortSignal): Promise<string> {
  signal.throwIfAborted()
  const { executable, environment, account, sandbox } = inquirer
  const folder = await sandbox.createFolder()
  try {
    const env = claudeEnvironment(environment, account, folder.path)
    const child = spawnChild({ command: executable, args, env, cwd: folder.path })
    await sandbox.adopt(child, folder)
    child.endInput()
    const stop = () => child.kill('SIGKILL')
    const timer = setTimeout(stop, TIMEOUT)
    signal.addEventListener('abort', stop, { once: true })
    try {
      const said: string[] = []
      for await (const lines of child.lines) said.push(...lines)
      await child.exited
      signal.throwIfAborted()
      return said.join('\n')
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      await child.stop({ endInputMs: 0, termMs: 0 })
    }
  } finally {
    await folder.remove()
  }
}
