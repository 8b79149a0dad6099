// Any agent that speaks the Agent Client Protocol, as a provider.
import { GatewayError } from '../../core/error.ts'
import type { Batch } from '../../core/event.ts'
import type { ChatRequest, Parameter } from '../../core/request.ts'
import type { Support, Turn } from '../../core/turn.ts'
import { cancelable } from '../cancelable.ts'
import { settledWithin } from '../acp-settled.ts'
import { type WorkerLease, Workers } from '../acp-workers.ts'
import { createMcpServer } from '../../tools/mcp-server.ts'
import type { Driver, ProviderStatus } from '../driver.ts'
import { bootAgent, findAgent } from './boot.ts'
import { isRefused, toGatewayError } from './errors.ts'
import { takesFunctions } from './tools.ts'
import { listModels } from './models.ts'
import { type AcpOptions, RECYCLE } from './options.ts'
import { type Progress, runTurn } from './turn.ts'
import type { AcpWorker } from './worker.ts'

export type { AcpOptions } from './options.ts'

/** How long a cancelled turn may take to end, and a session to be let go of, in milliseconds. */
const SETTLE = 1000

/**
 * Drives an agent by its configuration alone: workers that were started beforehand take one turn at a time, each in a session of its
 * own. Chat mode has no tools: an agent that begins to use one is stopped at once.
 */
export function createAcpDriver(options: AcpOptions): Driver {
  const { name, log, recycle = {} } = options
  const limits = { turns: recycle.turns ?? RECYCLE.turns, memory: recycle.memory ?? RECYCLE.memory }
  /** A worker that has served a session: what it told. */
  let known: AcpWorker | undefined
  let failure: string | undefined
  const server = createMcpServer()

  const workers = new Workers<AcpWorker>({
    ...options.pool,
    async boot(signal) {
      try {
        const worker = await bootAgent(options, signal)
        failure = undefined
        return worker
      } catch (error) {
        failure = error instanceof GatewayError ? error.message : `The agent "${name}" did not start.`
        throw error
      }
    },
    log(event) {
      if (event.type === 'boot-failed') log.warn({ ...event, agent: name }, 'A process of an agent did not start.')
      else log.debug({ ...event, agent: name }, 'The workers of an agent.')
    },
  })

  async function* answer({ id, request, model }: Turn, signal: AbortSignal): AsyncGenerator<Batch> {
    const lease = await workers.claim(signal)
    const { worker } = lease
    const progress: Progress = { opening: false, settled: false }
    worker.turn = id
    try {
      for await (const batch of runTurn(worker, { name, request, model, server }, progress, signal)) {
        lease.markResponding()
        yield batch
      }
    } catch (thrown) {
      // What was cancelled on purpose did not fail.
      signal.throwIfAborted()
      // The agent did what it must not, stumbled, or is gone. Nobody else gets this worker, and what it asks of its service ends here.
      if (progress.session && !progress.settled && !isRefused(thrown)) worker.kill()
      const error = toGatewayError(thrown, name)
      log.debug({ turn: id, agent: name, error, stderr: worker.lastWords() }, 'A turn of an agent failed.')
      throw error
    } finally {
      if (progress.session) known = worker
      void giveBack(lease, progress)
    }
  }

  /** The worker goes on when its turn is over; else it is stopped. */
  async function giveBack(lease: WorkerLease<AcpWorker>, progress: Progress): Promise<void> {
    const { worker } = lease
    const { opening, session, functions, settled } = progress
    worker.turn = undefined
    worker.functions = undefined
    try {
      const answered = session ? settled || (await settledWithin(session, SETTLE)) : !opening
      // One that was killed may have answered before it knew.
      const orderly = answered && worker.alive
      if (orderly) lease.comesBack()
      if (orderly && session) await worker.clean(session, AbortSignal.timeout(SETTLE))
      lease.release(orderly && !worker.isWornOut(limits))
    } catch {
      lease.release(false)
    } finally {
      // Not before the turn is over: the agent would go on with the answer.
      functions?.close()
    }
  }

  /** Opens a session and lets go of it, where no turn has told yet what is wanted. */
  async function ask(signal: AbortSignal): Promise<AcpWorker> {
    if (known) return known
    const lease = await workers.claim(signal)
    const progress: Progress = { opening: true, settled: true }
    try {
      progress.session = await lease.worker.open(signal)
      known = lease.worker
      return lease.worker
    } catch (error) {
      throw toGatewayError(error, name)
    } finally {
      void giveBack(lease, progress)
    }
  }

  async function status(signal: AbortSignal): Promise<ProviderStatus> {
    const path = findAgent(options)
    if (path === undefined) {
      const notes = [`The program "${options.command}" of this agent was not found.`]
      return { provider: name, state: 'not-installed', notes }
    }
    try {
      const { process, abilities } = await ask(signal)
      const version = process.info.agentInfo?.version
      const notes = abilities.image ? [] : ['It takes no images.']
      return { provider: name, state: 'ready', path, version, notes }
    } catch (error) {
      signal.throwIfAborted()
      const isLogin = error instanceof GatewayError && error.code === 'provider_login_required'
      const note = error instanceof GatewayError ? error.message : 'It did not start.'
      return { provider: name, state: isLogin ? 'not-logged-in' : 'degraded', path, notes: [failure ?? note] }
    }
  }

  return {
    name,
    support: (request) => support(request, workers.snapshot().workers[0]?.worker ?? known),
    run: (turn, signal) => cancelable((inner) => answer(turn, inner), signal),
    async models(signal) {
      if (options.models && options.models.length > 0) return listModels([], options.models)
      return listModels((await ask(signal)).models)
    },
    status,
    start() {
      if (findAgent(options)) workers.start()
    },
    processes: () =>
      workers.snapshot().workers.map(({ worker, state }) => ({
        pid: worker.pid,
        provider: name,
        state,
        startedAt: worker.startedAt,
        turn: worker.turn,
      })),
    async close() {
      await workers.close()
      await server.close()
    },
  }
}

/** The protocol has no place for any parameter; functions reach an agent by MCP, if it takes that. `worker` is one that has started. */
function support(request: ChatRequest, worker: AcpWorker | undefined): Partial<Record<Parameter, Support>> {
  const isForced = request.toolChoice.type === 'required' || request.toolChoice.type === 'named'
  return {
    maxTokens: 'emulated',
    stop: 'emulated',
    count: 'emulated',
    output: request.output.type === 'text' ? 'native' : 'emulated',
    // Where none has started, the turn finds it out.
    tools: !worker || takesFunctions(worker.process.info) ? 'native' : 'ignored',
    toolChoice: isForced ? 'emulated' : 'native',
    parallelToolCalls: request.parallelToolCalls ? 'native' : 'emulated',
  }
}
