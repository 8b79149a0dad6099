// Qwen Code as a provider.
import { GatewayError } from '../../core/error.ts'
import type { Batch } from '../../core/event.ts'
import type { Turn } from '../../core/turn.ts'
import { Slots } from '../../process/pool-slots.ts'
import type { Driver, ProcessInfo, ProviderStatus } from '../driver.ts'
import { assign } from './assign.ts'
import { cancelable } from '../acp-cancelable.ts'
import { toGatewayError } from './errors.ts'
import { callable } from './functions.ts'
import { readLogin } from './login.ts'
import { listModels, loginMethod } from './models.ts'
import { MINIMUM_VERSION, type QwenOptions } from './options.ts'
import { resolveParameters } from './parameters.ts'
import { toStatus, WEB_NOTE } from './status.ts'
import { serviceOf } from './service.ts'
import { type Answering, runTurn } from './turn.ts'
import { runWebTurn } from './web-turn.ts'
import type { OpenSession, QwenWorker } from './worker.ts'
import { QwenWorkers } from './workers.ts'

export type { QwenOptions } from './options.ts'

/** How long a status may take, in milliseconds. */
const STATUS_WITHIN = 20_000

/**
 * Drives the real Qwen Code: one process takes all turns, each in a session that is made for it and closed behind it. Nothing of the
 * machine is in a turn: no tools, no context files, no memory; a turn with a stand-in for the model service proves it first.
 */
export function createQwenDriver(options: QwenOptions): Driver {
  const workers = new QwenWorkers(options)
  const slots = new Slots(options)
  const closing = new AbortController()
  const login = () => readLogin(options.account, options.environment)

  async function* answer(turn: Turn, signal: AbortSignal): AsyncGenerator<Batch> {
    const assignment = assign(turn, login(), options.web)
    await slots.take(signal, (reason, retryAfter) =>
      options.log.debug({ reason, retryAfter }, 'Qwen Code: a turn is refused.'),
    )
    const begun = performance.now()
    try {
      for (let attempt = 1; ; attempt += 1) {
        const worker = await workers.acquire(turn.id, signal)
        let session: OpenSession | undefined
        let answered = false
        try {
          session = await worker.open(assignment, signal)
          const answering = answeringTo(turn)
          const run = assignment.web ? runWebTurn : runTurn
          for await (const batch of run(session, answering, signal)) {
            answered = true
            yield batch
          }
          return
        } catch (error) {
          signal.throwIfAborted()
          // Nothing was asked yet, so that another process may be.
          if (attempt === 1 && !session && !worker.alive) continue
          throw logged(turn, worker, toGatewayError(error))
        } finally {
          void leave(worker, session, turn.id, answered)
        }
      }
    } finally {
      slots.free(performance.now() - begun)
    }
  }

  function logged({ id }: Turn, worker: QwenWorker, error: GatewayError): GatewayError {
    const { cause } = error
    options.log.debug({ turn: id, error, cause, stderr: worker.lastWords() }, 'A turn of Qwen Code failed.')
    return error
  }

  async function leave(worker: QwenWorker, session: OpenSession | undefined, turn: string, answered: boolean) {
    await session?.close()
    workers.release(worker, turn, answered)
  }

  /** What Qwen Code says of its login and models. @throws GatewayError `provider_login_required` where there is no login */
  async function inquire(signal: AbortSignal) {
    const worker = await workers.ready(signal)
    return worker.inquire(login(), signal).catch((error: unknown) => {
      signal.throwIfAborted()
      throw toGatewayError(error)
    })
  }

  async function readStatus(outer: AbortSignal): Promise<ProviderStatus> {
    const signal = AbortSignal.any([outer, closing.signal, AbortSignal.timeout(STATUS_WITHIN)])
    const { executable: configured, minimumVersion: minimum = MINIMUM_VERSION } = options
    const notes = options.web ? [WEB_NOTE] : []
    const facts = { installation: workers.find(), configured, minimum, method: undefined, error: undefined, notes }
    if (!facts.installation) return toStatus(facts)
    try {
      return toStatus({ ...facts, method: loginMethod(await inquire(signal)) })
    } catch (error) {
      outer.throwIfAborted()
      return toStatus({ ...facts, error: GatewayError.from(error) })
    }
  }

  return {
    name: 'qwen',
    support: (request, model) => resolveParameters(request, serviceOf(model, login()), options.web).support,
    run: (turn, signal) => cancelable((inner) => answer(turn, inner), signal),
    models: async (signal) => listModels(await inquire(signal)),
    status: readStatus,
    start: () => workers.start(),
    processes: () => workers.workers.map(toProcessInfo),
    async close() {
      const reason = new GatewayError('provider_unavailable', 'The gateway is shutting down.')
      closing.abort(reason)
      slots.refuseAll(reason)
      await workers.close()
    },
  }
}

function answeringTo({ request, model }: Turn): Answering {
  return { model, maxTokens: request.sampling.maxTokens, names: callable(request), parallel: request.parallelToolCalls }
}

function toProcessInfo(worker: QwenWorker): ProcessInfo {
  const [turn] = worker.running
  return {
    pid: worker.pid,
    provider: 'qwen',
    state: worker.stopping ? 'stopping' : turn === undefined ? 'idle' : 'busy',
    startedAt: worker.startedAt,
    ...(turn === undefined ? {} : { turn }),
  }
}
