// Starts a process and brings it to where it takes a turn.
import { mkdirSync, writeFileSync } from 'node:fs'
import { platform, release, type } from 'node:os'
import { delimiter, join } from 'node:path'
import { GatewayError } from '../../core/error.ts'
import type { Sandbox, SandboxFolder } from '../../process/sandbox.ts'
import { spawnChild } from '../../process/spawn.ts'
import { type Account, claudeArguments, claudeEnvironment } from './command.ts'
import { untilConfirmed } from './confirm.ts'
import { initializeFrame, thinkingFrame } from './frames.ts'
import { configFolder, type Leftovers } from './leftovers.ts'
import { ClaudeProcess } from './process.ts'
import { seedSession } from './seed.ts'
import type { Launch } from './setup.ts'
import { NO_TOOLS } from './tools.ts'

/** What every process of one driver has in common. */
export type Installation = {
  executable: string
  environment: Readonly<Record<string, string | undefined>>
  account: Account
  sandbox: Sandbox
  leftovers: Leftovers
  /** The CLI is known to take a session that was begun for it. */
  seeded?: boolean
  /** The model may search the web. */
  web?: boolean
  /** Its processes look for no login beside the API key, and for nothing else on the machine (`canBeBare`). */
  bare?: boolean
}

export type BootOptions = {
  /**
   * Only documented ways (2.1.329): the model in argv, the system prompt in the first frame, the rest in the environment. The
   * process then serves this launch and no other.
   */
  documented?: { launch: Launch; environment: Readonly<Record<string, string>> }
}

/**
 * Its runtime, Bun, tidies its memory by a clock, and a question that comes meanwhile waits 20 ms. A process that is killed after
 * one answer needs no tidying but when memory is short, which goes on.
 */
const SHORT_LIVED = { BUN_GC_TIMER_DISABLE: '1' }

/** A start that takes longer has failed, in milliseconds. */
const BOOT_TIMEOUT = 30_000

/** @throws GatewayError `provider_unavailable`, or the reason of the abort */
export async function bootClaude(
  installation: Installation,
  options: BootOptions,
  signal: AbortSignal,
): Promise<ClaudeProcess> {
  signal.throwIfAborted()
  const process = await start(installation, options)
  await orDispose(process, BOOT_TIMEOUT, signal, () => handshake(process, options))
  return process
}

/** Something done to a process within so many milliseconds; where it fails, or `signal` aborts, the process is let go. */
export async function orDispose(
  process: ClaudeProcess,
  timeout: number,
  signal: AbortSignal,
  action: () => Promise<void>,
): Promise<void> {
  const stop = () => process.kill()
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    stop()
  }, timeout)
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    await action()
  } catch (error) {
    void process.dispose()
    signal.throwIfAborted()
    throw isLate ? new GatewayError('provider_unavailable', 'Claude Code took too long to begin.') : error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

async function start(installation: Installation, { documented }: BootOptions): Promise<ClaudeProcess> {
  const { executable, sandbox, leftovers, web = false } = installation
  const bare = installation.bare === true && !documented
  const folder = await sandbox.createFolder()
  try {
    const { work, temporary, programs } = makeFolders(folder)
    const env: Record<string, string> = {
      ...claudeEnvironment(installation.environment, installation.account, temporary),
      ...SHORT_LIVED,
      ...documented?.environment,
    }
    if (env['PATH']) env['PATH'] = `${programs}${delimiter}${env['PATH']}`
    const session = installation.seeded && !documented ? writeSeed(work, temporary) : undefined
    const args = claudeArguments({ model: documented?.launch.model, session, web, bare })
    const child = spawnChild({ command: executable, args, env, cwd: work })
    await sandbox.adopt(child, folder)
    const betas = env['ANTHROPIC_BETAS']?.split(',') ?? []
    const config = configFolder(env)
    return new ClaudeProcess({ child, folder, work, config, leftovers, environment: env, documented, betas, web, bare })
  } catch (error) {
    await folder.remove()
    throw error
  }
}

/**
 * The model may be told the folder that it works in, so that nothing else lies in there. `programs` has a `git` that does not start: the
 * true one would be run, and waited for, each time that settings are told (2.1.329), to find nothing in an empty folder.
 */
function makeFolders(folder: SandboxFolder): { work: string; temporary: string; programs: string } {
  const within = (name: string) => join(folder.path, name)
  const folders = { work: within('work'), temporary: within('tmp'), programs: within('bin') }
  for (const path of Object.values(folders)) mkdirSync(path, { mode: 0o700 })
  // Not a program, and where a shell takes it for one all the same, a failure. Windows looks for other names.
  writeFileSync(join(folders.programs, 'git'), 'exit 1', { mode: 0o700 })
  return folders
}

/** @returns path of the session file */
function writeSeed(work: string, temporary: string): string {
  const path = join(temporary, 'session.jsonl')
  const facts = { folder: work, platform: platform(), system: `${type()} ${release()}`, now: new Date() }
  writeFileSync(path, seedSession({ ...facts, newUuid: () => crypto.randomUUID() }), { mode: 0o600 })
  return path
}

/** Until it has answered the first frame, and asked for the tools. */
async function handshake(process: ClaudeProcess, { documented }: BootOptions): Promise<void> {
  // Also where the tokens are left to the model: by default its thinking comes as a digest for a terminal.
  const thinking = documented?.launch.thinking ?? null
  // Older versions (2.1.200) ask for the tools only when a turn begins.
  const tools = !documented || documented.launch.tools !== NO_TOOLS
  let first = ''
  const frames = (newId: () => string) => {
    first = newId()
    return initializeFrame(first, tools, documented?.launch.system) + thinkingFrame(newId(), thinking)
  }
  const answers = await untilConfirmed(process, frames, { tools, ended: () => startError(process) })
  process.report = answers.get(first) ?? {}
}

async function startError(process: ClaudeProcess): Promise<GatewayError> {
  const { message } = await process.crash()
  const cause = new Error(`${message} ${process.lastWords()}`)
  return new GatewayError('provider_unavailable', 'Claude Code did not start. Run: cligate doctor', { cause })
}
