// Qwen Code as a provider.
import { GatewayError } from '../../core/error.ts'
import type { Batch } from '../../core/event.ts'
import type { Turn } from '../../core/turn.ts'
import type { Driver, ProviderStatus } from '../driver.ts'
import { assign } from './assign.ts'
import { cancelable } from '../cancelable.ts'
import { toGatewayError } from './errors.ts'
import { callable } from './tools.ts'
import { readLogin } from './auth.ts'
import { listModels, loginMethod } from './models.ts'
import { MINIMUM_VERSION, type QwenOptions } from './options.ts'
import { RefusedForms } from './refused-forms.ts'
import { resolveParameters } from './parameters.ts'
import { toStatus, webNote } from './status.ts'
import { serviceOf } from './service.ts'
import type { SessionRequest } from './session.ts'
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
  const forms = new RefusedForms()
  const login = () => readLogin(options.account, options.environment)

  async function* answer(wanted: Turn, signal: AbortSignal): AsyncGenerator<Batch> {
    let turn = forms.without(wanted)
    let assignment = assign(turn, login(), options.web)
    const over = await workers.admit(signal)
    try {
      for (let attempt = 1; ; attempt += 1) {
        const worker = await workers.acquire(turn.id, signal)
        let session: OpenSession | undefined
        let answered = false
        try {
          if (assignment.web && worker.noSearch !== undefined) assignment = assign(turn, login())
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
          const failure = logged(turn, worker, toGatewayError(error))
          if (answered || !forms.learn(turn, failure)) throw failure
          turn = forms.without(turn)
          assignment = assign(turn, login(), options.web)
        } finally {
          void leave(worker, session, turn.id, answered ? assignment : undefined)
        }
      }
    } finally {
      over()
    }
  }

  function logged({ id }: Turn, worker: QwenWorker, error: GatewayError): GatewayError {
    const { cause } = error
    options.log.debug({ turn: id, error, cause, stderr: worker.lastWords() }, 'A turn of Qwen Code failed.')
    return error
  }

  async function leave(
    worker: QwenWorker,
    session: OpenSession | undefined,
    turn: string,
    answered: SessionRequest | undefined,
  ) {
    await session?.close()
    workers.release(worker, turn, answered !== undefined)
    if (answered && workers.isNext(worker)) worker.expect(answered)
  }

  /** What Qwen Code says of its login and models. @throws GatewayError `provider_login_required` where there is no login */
  async function inquire(worker: QwenWorker, signal: AbortSignal) {
    return worker.inquire(login(), signal).catch((error: unknown) => {
      signal.throwIfAborted()
      throw toGatewayError(error)
    })
  }

  async function readStatus(outer: AbortSignal): Promise<ProviderStatus> {
    const signal = AbortSignal.any([outer, workers.closed, AbortSignal.timeout(STATUS_WITHIN)])
    const { executable: configured, minimumVersion: minimum = MINIMUM_VERSION } = options
    const notes: string[] = []
    const facts = { installation: workers.find(), configured, minimum, method: undefined, error: undefined, notes }
    if (!facts.installation) return toStatus(facts)
    try {
      const worker = await workers.ready(signal)
      if (options.web) notes.push(webNote(worker.noSearch))
      return toStatus({ ...facts, method: loginMethod(await inquire(worker, signal)) })
    } catch (error) {
      outer.throwIfAborted()
      return toStatus({ ...facts, error: GatewayError.from(error) })
    }
  }

  return {
    name: 'qwen',
    support: (request, model) => resolveParameters(request, serviceOf(model, login()), options.web).support,
    run: (turn, signal) => cancelable((inner) => answer(turn, inner), signal),
    models: async (signal) => listModels(await inquire(await workers.ready(signal), signal)),
    status: readStatus,
    start: () => workers.start(),
    processes: () => workers.processes(),
    close: () => workers.close(),
  }
}

function answeringTo({ request, model }: Turn): Answering {
  return { model, maxTokens: request.sampling.maxTokens, names: callable(request), parallel: request.parallelToolCalls }
}
