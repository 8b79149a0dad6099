// Codex as a provider.
import { GatewayError } from '../../core/error.ts'
import type { Batch } from '../../core/event.ts'
import type { Turn } from '../../core/turn.ts'
import type { Driver, ProviderStatus } from '../driver.ts'
import { routeOf } from './auth.ts'
import { assign } from './assign.ts'
import { cancelable } from '../cancelable.ts'
import { notInstalled } from '../installation.ts'
import { catalogEntry, readCatalog } from './catalog.ts'
import { toItems } from './history.ts'
import { limitNotes } from './limits.ts'
import { listModels } from './models.ts'
import { type CodexOptions, CLI, MINIMUM_VERSION } from './options.ts'
import { resolveParameters } from './parameters.ts'
import { type CodexWorker, WorkerGone } from './worker.ts'
import { CodexWorkers } from './workers.ts'
import { toStatus } from './status.ts'
import { offerTools } from './tools.ts'
import { runTurn } from './turn.ts'

export type { CodexOptions } from './options.ts'

/** How long a status may take, in milliseconds. */
const STATUS_WITHIN = 20_000

/**
 * Drives the real Codex: one process of its app-server takes all turns, each in a thread that is made for it and that it forgets.
 * Nothing of the machine is in a turn: no tools, no settings, no memory; what Codex reports about itself proves it.
 */
export function createCodexDriver(options: CodexOptions): Driver {
  const workers = new CodexWorkers(options)

  const parametersOf = ({ request, model }: Pick<Turn, 'request' | 'model'>) =>
    resolveParameters(request, catalogEntry(workers.catalog, model))

  async function* answer(turn: Turn, signal: AbortSignal): AsyncGenerator<Batch> {
    const offered = offerTools(turn.request)
    const items = toItems(turn.request, offered.toCli)
    const over = await workers.admit(signal)
    try {
      for (let attempt = 1; ; attempt += 1) {
        const worker = await workers.acquire(turn.id, signal)
        let answered = false
        try {
          const assignment = assign(options, {
            model: turn.model,
            items,
            offered,
            parameters: parametersOf(turn),
            login: worker.login,
            catalog: workers.catalog,
            limits: () => workers.limits,
            now: Date.now(),
          })
          for await (const batch of runTurn(worker, assignment, signal)) {
            answered = true
            yield batch
          }
          return
        } catch (error) {
          signal.throwIfAborted()
          if (!(error instanceof WorkerGone)) throw logged(turn, worker, error)
          // Nothing was asked yet, so that another process may be.
          if (attempt > 1) throw GatewayError.from(error.cause)
        } finally {
          workers.release(worker, turn.id, answered)
        }
      }
    } finally {
      over()
    }
  }

  function logged({ id }: Turn, worker: CodexWorker, error: unknown): unknown {
    const cause = error instanceof Error ? error.cause : undefined
    options.log.debug({ turn: id, error, cause, stderr: worker.lastWords() }, 'A turn of Codex failed.')
    return error
  }

  return {
    name: 'codex',
    support: (request, model) => parametersOf({ request, model }).support,
    run: (turn, signal) => cancelable((inner) => answer(turn, inner), signal),
    async models(signal) {
      const executable = workers.find()
      if (executable === undefined) throw notInstalled(CLI)
      const catalog = await readCatalog(options, executable, 'account', signal)
      workers.useCatalog(catalog)
      return listModels(catalog)
    },
    status: (signal) => readStatus(signal),
    start: () => workers.start(),
    processes: () => workers.processes(),
    close: () => workers.close(),
  }

  async function readStatus(outer: AbortSignal): Promise<ProviderStatus> {
    const signal = AbortSignal.any([outer, workers.closed, AbortSignal.timeout(STATUS_WITHIN)])
    const path = workers.find()
    const { executable: configured, minimumVersion: minimum = MINIMUM_VERSION } = options
    const { home } = options.account
    const facts = { path, configured, minimum, home, version: undefined, login: undefined, error: undefined, notes: [] }
    if (path === undefined) return toStatus(facts)
    try {
      const { login } = await workers.ready(signal)
      const notes = login.kind === 'none' ? [] : [...routeNotes(login), ...limitNotes(workers.limits, Date.now())]
      return toStatus({ ...facts, version: workers.version, login, notes })
    } catch (error) {
      outer.throwIfAborted()
      return toStatus({ ...facts, version: workers.version, error: GatewayError.from(error) })
    }
  }

  function routeNotes(login: CodexWorker['login']): string[] {
    const { retries, prompt } = routeOf(options, login)
    return [
      ...(retries ? ["Codex's own provider is used: after some errors it asks again by itself."] : []),
      ...(prompt === 'codex' ? ["Codex's own instructions stand in front of each conversation."] : []),
    ]
  }
}
