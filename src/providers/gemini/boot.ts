// Starts a worker and brings it to where its next prompt reaches the model without a delay.
import { GatewayError } from '../../core/error.ts'
import { NamedPipe } from '../../process/named-pipe.ts'
import type { McpServer } from '../../tools/mcp-server.ts'
import { AcpError, AUTH_REQUIRED } from '../acp-errors.ts'
import { startAcp } from '../acp-process.ts'
import { findLogin, loginStamp, userHome } from './auth.ts'
import { workerArguments, workerEnvironment } from './command.ts'
import { loginError, toGatewayError } from './errors.ts'
import type { Installation } from '../installation.ts'
import { createHome } from './home.ts'
import { CLI, type GeminiOptions } from './options.ts'
import { type Base, toBase } from './session-load.ts'
import { hookText, NOWHERE, policyText, workerSettings } from './settings.ts'
import { GeminiWorker } from './worker.ts'

type BootOptions = GeminiOptions & {
  /** Those for which effort and functions have to work. */
  aliased: ReadonlySet<string>
  /** Shows the CLI the caller's functions. */
  mcp: McpServer
  /** What the first turn is expected to be built on. */
  base: Base
}

export async function bootGemini(
  options: BootOptions,
  { command, args }: Installation,
  signal: AbortSignal,
): Promise<GeminiWorker> {
  const { environment, account, sandbox, web, aliased, mcp, base, log } = options
  const { type, found } = findLogin(account, environment)
  if (type === undefined || !found) throw loginError()
  const login = loginStamp(account, environment)
  const policy = policyText(web, false)
  const contents = { settings: workerSettings({ auth: type, web, models: aliased }), policy }
  const home = await createHome(sandbox, userHome(account, environment), contents)
  const agent = await startAcp(
    {
      name: CLI.title,
      command,
      args: [...args, ...workerArguments(home, type)],
      env: workerEnvironment(environment, account, home, type, args.length > 0),
      cwd: home.work,
      sandbox,
      folder: home.folder,
      giveUp: (stderr) => (/failed to authenticate|authorization code/i.test(stderr) ? loginError() : undefined),
    },
    signal,
  )
  let worker: GeminiWorker | undefined
  try {
    const pipe = await NamedPipe.create(home.pipe)
    const onUnprepared = (error: unknown) => log.info({ error }, 'A session of Gemini CLI was not begun ahead.')
    worker = new GeminiWorker(agent, { home, pipe, mcp, login, aliased, policy, onUnprepared })
    await worker.checkLogin(signal)
    await rehearse(worker, toBase(policy, []), signal)
    await worker.prepare(base)
    return worker
  } catch (error) {
    worker?.kill()
    await (worker ? worker.dispose() : agent.dispose({ endInputMs: 0, termMs: 0 }))
    signal.throwIfAborted()
    if (error instanceof AcpError && error.code === AUTH_REQUIRED) throw toGatewayError(error)
    if (error instanceof GatewayError && error.code !== 'provider_error') throw error
    throw new GatewayError('provider_unavailable', `${CLI.title} did not start. Run: cligate doctor`, { cause: error })
  }
}

/**
 * A turn of two messages that goes through everything but the request: the first real one is 50 ms sooner for it, and a version of
 * the CLI that does not take a conversation as this one does is found out here.
 */
async function rehearse(worker: GeminiWorker, base: Base, signal: AbortSignal): Promise<void> {
  const records = [
    { type: 'user' as const, content: [{ text: 'Hello' }] },
    { type: 'gemini' as const, content: [{ text: 'Hello' }] },
    { type: 'user' as const, content: [{ text: 'Hello' }] },
  ]
  const open = await worker.open(
    { system: '\u200b', records, modelId: NOWHERE, hook: hookText(undefined, false), base },
    signal,
  )
  try {
    for await (const _ of open.session.prompt([{ type: 'text', text: '' }], { signal }));
  } catch (error) {
    // There is no such model: the request was never made.
    if (!(error instanceof AcpError)) throw error
  } finally {
    open.close()
    await worker.clean()
  }
}
