// A server that runs on behind the terminal: started, waited for, and ended again.
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { lock, LockedError } from '../files/lock.ts'
import { processStart } from '../process/process-start.ts'
import { spawnDetached } from '../process/spawn.ts'
import { CommandError } from './exit-code.ts'
import { ownCommand } from './own-program.ts'
import type { Step } from './progress.ts'
import { runningServer, type ServerRecord } from './server-record.ts'

/** Milliseconds beyond the server's own grace after which it is killed. */
const PATIENCE = 30_000
/** How long another start, and then the server itself until it listens, may take; and how often it is looked for; in milliseconds. */
const START_LIMIT = 20_000
const LOOK_EVERY = 50
/** Bytes of the log at which a start begins a new one; the one before is kept. */
const LOG_LIMIT = 10 * 2 ** 20

export const serverLogFile = (folder: string) => join(folder, 'server.log')

export type StartResult = { server: ServerRecord; already: boolean }

/**
 * Starts a server in the background, once: of two who start at the same time, both get the same server.
 * @param words what follows `serve`
 * @throws CommandError with the end of its log when it does not come to listen
 */
export async function startInBackground(folder: string, words: readonly string[], step: Step): Promise<StartResult> {
  using _ = await startLock(folder, step)
  step('Starting the server')
  const running = runningServer(folder)
  if (running) return { server: running, already: true }
  const output = openLog(folder)
  const from = statSync(serverLogFile(folder)).size
  const pid = spawnDetached([...ownCommand(), 'serve', ...words], { cwd: process.cwd(), output })
  closeSync(output)
  return { server: await listening(folder, pid, from), already: false }
}

async function startLock(folder: string, step: Step): Promise<Disposable> {
  const deadline = Date.now() + START_LIMIT
  for (let tried = false; ; tried = true) {
    try {
      return lock(join(folder, 'start.lock'), 0)
    } catch (error) {
      if (!(error instanceof LockedError)) throw error
      if (Date.now() > deadline) throw new CommandError('Another start is under way and does not end.')
      if (!tried) step('Waiting for another start')
    }
    await Bun.sleep(LOOK_EVERY)
  }
}

async function listening(folder: string, pid: number, from: number): Promise<ServerRecord> {
  const deadline = Date.now() + START_LIMIT
  for (;;) {
    const running = runningServer(folder)
    if (running?.pid === pid) return running
    const ended = processStart(pid) === undefined
    if (ended || Date.now() > deadline) {
      if (!ended) process.kill(pid, 'SIGKILL')
      const said = readFileSync(serverLogFile(folder), 'utf8').slice(from).trim().slice(-2000)
      throw new CommandError(
        `The server ${ended ? 'ended at once' : 'does not listen'}.${said ? ` It said:\n${said}` : ''}`,
      )
    }
    await Bun.sleep(LOOK_EVERY)
  }
}

/**
 * Ends a server and waits for it: running answers are completed, up to the configured time.
 * @returns false when it had to be killed
 */
export async function stopServer(
  { pid, process: start }: ServerRecord,
  graceSeconds: number,
  step: Step,
): Promise<boolean> {
  step(`Waiting for the answers that the server works on (pid ${pid})`)
  const runs = () => processStart(pid) === start
  const deadline = Date.now() + graceSeconds * 1000 + PATIENCE
  process.kill(pid, 'SIGTERM')
  while (runs()) {
    if (Date.now() > deadline) {
      process.kill(pid, 'SIGKILL')
      return false
    }
    await Bun.sleep(LOOK_EVERY)
  }
  return true
}

function openLog(folder: string): number {
  const file = serverLogFile(folder)
  const found = statSync(file, { throwIfNoEntry: false })
  if (found && found.size > LOG_LIMIT) renameSync(file, `${file}.1`)
  return openSync(file, 'a', 0o600)
}
