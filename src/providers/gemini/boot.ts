// Starts a worker and brings it to where its next prompt reaches the model without a delay.
import { GatewayError } from '../../core/error.ts'
import { AcpError, AUTH_REQUIRED } from '../acp-errors.ts'
import { startAcp } from '../acp-process.ts'
import { findLogin, loginStamp, userHome } from './auth.ts'
import { workerArguments, workerEnvironment } from './command.ts'
import { loginError, toGatewayError } from './errors.ts'
import type { Installation } from '../installation.ts'
import { createHome } from './home.ts'
import { CLI, type GeminiOptions } from './options.ts'
import { hookText, NOWHERE, policyText, workerSettings } from './settings.ts'
import { GeminiWorker } from './worker.ts'

/** `models`: those for which effort and functions have to work. */
export async function bootGemini(
  options: GeminiOptions,
  { command, args }: Installation,
  models: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<GeminiWorker> {
  const { environment, account, sandbox, web } = options
  const { type, found } = findLogin(account, environment)
  if (type === undefined || !found) throw loginError()
  const stamp = loginStamp(account, environment)
  const contents = { settings: workerSettings({ auth: type, web, models }), policy: policyText(web, false) }
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
  try {
    const worker = new GeminiWorker(agent, home, stamp, models, contents.policy)
    await worker.checkLogin(signal)
    await rehearse(worker, contents.policy, signal)
    return worker
  } catch (error) {
    await agent.dispose({ endInputMs: 0, termMs: 0 })
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
async function rehearse(worker: GeminiWorker, policy: string, signal: AbortSignal): Promise<void> {
  const records = [
    { type: 'user' as const, content: [{ text: 'Hello' }] },
    { type: 'gemini' as const, content: [{ text: 'Hello' }] },
    { type: 'user' as const, content: [{ text: 'Hello' }] },
  ]
  const { session } = await worker.open(
    { system: '\u200b', records, modelId: NOWHERE, hook: hookText(undefined, false), policy },
    signal,
  )
  try {
    for await (const _ of session.prompt([{ type: 'text', text: '' }], { signal }));
  } catch (error) {
    // There is no such model: the request was never made.
    if (!(error instanceof AcpError)) throw error
  } finally {
    session.dispose()
    await worker.clean()
  }
}
