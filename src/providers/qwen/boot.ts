// Starts a process, brings it to where it takes turns, and has it prove that it is safe to chat with.
import { mkdir, writeFile } from 'node:fs/promises'
import { GatewayError } from '../../core/error.ts'
import { asFields, type Fields, textAt } from '../fields.ts'
import { type AcpProcess, startAcp } from '../acp-process.ts'
import { ACP_ARGUMENTS, qwenEnvironment, workerFolder } from './command.ts'
import type { Installation } from '../installation.ts'
import { readLogin } from './auth.ts'
import { CLI, type QwenOptions } from './options.ts'
import { selfTest } from './self-test.ts'
import { selfTestSpare } from './self-test-spare.ts'
import { inquirySettings } from './settings.ts'
import { QwenWorker } from './worker.ts'

/** @throws GatewayError `provider_unavailable`, or `internal_error` where it is not safe to chat with; the reason of the abort */
export async function bootQwen(
  options: QwenOptions,
  installation: Installation,
  signal: AbortSignal,
): Promise<QwenWorker> {
  signal.throwIfAborted()
  const { account, environment, sandbox } = options
  const login = readLogin(account, environment)
  const sandboxFolder = await sandbox.createFolder('qwen')
  const folder = workerFolder(sandboxFolder.path)
  try {
    await Promise.all([mkdir(folder.work), mkdir(folder.temporary), mkdir(folder.programs)])
    await writeFile(folder.settings, JSON.stringify(inquirySettings(login)), { mode: 0o600 })
    await writeFile(folder.system, '', { mode: 0o600 })
  } catch (error) {
    await sandboxFolder.remove()
    throw error
  }
  const { command, args } = installation
  // Its own launcher looks for Node.js.
  const env = qwenEnvironment(environment, account, login.user, folder, args.length === 0)
  let started: { process: AcpProcess; worker: QwenWorker } | undefined
  /** It asks between a tool and the next request to the service. Where there must be none, the turn ends here. */
  const afterTools = (params: unknown) => {
    const sessionId = textAt(asFields(params), 'sessionId') ?? ''
    const goesOn = started?.worker.goesOn(sessionId)
    const answer = (yes: boolean) => {
      if (!yes) started?.process.client.notify('session/cancel', { sessionId })
      return { messages: [] }
    }
    return goesOn ? goesOn().then(answer) : answer(false)
  }
  const process = await startAcp(
    {
      name: CLI.title,
      holdBack: false,
      extensions: { 'craft/drainMidTurnQueue': afterTools },
      command,
      args: [...args, ...ACP_ARGUMENTS],
      env,
      cwd: folder.work,
      sandbox,
      folder: sandboxFolder,
    },
    signal,
  )
  const worker = new QwenWorker(process, folder, installation.version ?? '0.0.0')
  started = { process, worker }
  try {
    const asked = await selfTest(worker, signal)
    await allowSpares(worker, asked, options, signal)
    if (options.web) await allowSearch(worker, options, signal)
    return worker
  } catch (error) {
    void worker.dispose()
    throw error
  }
}

/** Without them each turn takes some 40 ms more. */
async function allowSpares(
  worker: QwenWorker,
  asked: Fields,
  { log }: QwenOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    await selfTestSpare(worker, asked, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (!worker.alive) throw error
    // On a slow machine each process would be replaced for it.
    worker.stuck = false
    log.info({ error }, 'Qwen Code opens no sessions ahead: this version of it may be newer than cligate.')
  }
}

/** Tries what is another session than that of a turn without the search. Without it there is still the chat. */
async function allowSearch(worker: QwenWorker, { log }: QwenOptions, signal: AbortSignal): Promise<void> {
  try {
    await selfTest(worker, signal, true)
    worker.noSearch = undefined
  } catch (error) {
    signal.throwIfAborted()
    if (!worker.alive) throw error
    worker.noSearch = GatewayError.from(error).message
    log.warn({ error }, 'Models of Qwen Code do not search the web, though chat.web is on.')
  }
}
