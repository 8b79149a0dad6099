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
import { listModels } from './models.ts'
import { type AcpOptions, RECYCLE } from './options.ts'
import { NO_FUNCTIONS, type Shown } from './session-opening.ts'
import { offersFunctions, takesFunctions, TurnFunctions } from './tools.ts'
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
  /** A worker that has opened a session: what it told. */
  let known: AcpWorker | undefined
  let failure: string | undefined
  /** The functions of the last turn: the next one is expected to have the same. */
  let expected: Shown | undefined
  /** Whether a session could not be opened ahead since the last turn that was answered: a process that ends by it would be started for ever. */
  let failsAhead = false
  /** Those who are about to get a worker, and open a session themselves. */
  let claiming = 0
  const mcp = createMcpServer()

  const workers = new Workers<AcpWorker>({
    ...options.pool,
    async boot(signal) {
      try {
        const worker = await bootAgent(options, mcp, signal)
        failure = undefined
        if (!failsAhead) prepare(worker, expected)
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

  /** Of those that wait, one whose next session suits comes first. @throws what `Workers.claim` does */
  async function claim(signal: AbortSignal, suits: (worker: AcpWorker) => boolean): Promise<WorkerLease<AcpWorker>> {
    claiming += 1
    try {
      return await workers.claim(signal, undefined, suits)
    } finally {
      claiming -= 1
    }
  }

  /** Opens the next session of a worker in the background, unless somebody is there already who knows what for. */
  function prepare(worker: AcpWorker, functions: Shown | undefined): void {
    if (claiming > 0) return
    worker.prepare(functions).then(
      (isOpen) => {
        if (isOpen) known = worker
      },
      (error: unknown) => {
        const level = failsAhead ? 'debug' : 'warn'
        failsAhead = true
        log[level]({ agent: name, error }, 'An agent did not open a session ahead. A turn will ask again.')
      },
    )
  }

  async function* answer({ id, request, model }: Turn, signal: AbortSignal): AsyncGenerator<Batch> {
    const functions = offersFunctions(request) ? new TurnFunctions(request.tools, `The agent "${name}"`) : undefined
    const shown = functions?.shown ?? NO_FUNCTIONS
    expected = shown
    const lease = await claim(signal, (worker) => worker.isPreparedFor(shown))
    const { worker } = lease
    const progress: Progress = { opening: false, settled: false }
    worker.turn = id
    try {
      for await (const batch of runTurn(worker, { name, request, model, functions }, progress, signal)) {
        lease.markResponding()
        yield batch
      }
      failsAhead = false
    } catch (thrown) {
      // What was cancelled on purpose did not fail.
      signal.throwIfAborted()
      // The agent did what it must not, stumbled, or is gone. Nobody else gets this worker, and what it asks of its service ends here.
      if (progress.open && !progress.settled && !isRefused(thrown)) worker.kill()
      const error = toGatewayError(thrown, name)
      log.debug({ turn: id, agent: name, error, stderr: worker.lastWords() }, 'A turn of an agent failed.')
      throw error
    } finally {
      if (progress.open) known = worker
      void giveBack(lease, progress, shown)
    }
  }

  /** The worker goes on when its turn is over; else it is stopped. */
  async function giveBack(lease: WorkerLease<AcpWorker>, progress: Progress, shown: Shown): Promise<void> {
    const { worker } = lease
    const { opening, open, settled } = progress
    worker.turn = undefined
    try {
      // Without a session of its own it may have left while one was opened ahead, which goes on.
      const answered = open ? settled || (await settledWithin(open.session, SETTLE)) : !opening || worker.isPrepared
      // One that was killed may have answered before it knew.
      const orderly = answered && worker.alive
      if (orderly) lease.comesBack()
      if (orderly && open) await worker.clean(open, AbortSignal.timeout(SETTLE))
      const goesOn = orderly && !worker.isWornOut(limits)
      if (goesOn) prepare(worker, shown)
      lease.release(goesOn)
    } catch {
      lease.release(false)
    } finally {
      // Not before the turn is over: the agent would go on with the answer.
      open?.opening.close()
    }
  }

  /** Has a session opened where none has told yet what is wanted. */
  async function ask(signal: AbortSignal): Promise<AcpWorker> {
    if (known) return known
    const lease = await claim(signal, (worker) => worker.isPrepared)
    const { worker } = lease
    let isReady = false
    try {
      await worker.tryOut(signal)
      isReady = true
      known = worker
      return worker
    } catch (error) {
      throw toGatewayError(error, name)
    } finally {
      lease.release(isReady && !worker.isWornOut(limits))
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
      await mcp.close()
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
