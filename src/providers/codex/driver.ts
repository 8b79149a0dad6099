// Codex as a provider.
import { GatewayError } from '../../core/error.ts'
import type { Batch } from '../../core/event.ts'
import type { Turn } from '../../core/turn.ts'
import { Slots } from '../../process/pool-slots.ts'
import type { Driver, ProcessInfo, ProviderStatus } from '../driver.ts'
import { routeOf } from './auth.ts'
import { assign } from './assign.ts'
import { cancelable } from '../acp-cancelable.ts'
import { catalogEntry, readCatalog } from './catalog.ts'
import { toItems } from './history.ts'
import { limitNotes } from './limits.ts'
import { listModels } from './models.ts'
import { type CodexOptions, INSTALL, MINIMUM_VERSION } from './options.ts'
import { resolveParameters } from './parameters.ts'
import { type CodexServer, ServerGone } from './server.ts'
import { CodexServers } from './servers.ts'
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
  const servers = new CodexServers(options)
  const slots = new Slots(options)
  const closing = new AbortController()

  const parametersOf = ({ request, model }: Pick<Turn, 'request' | 'model'>) =>
    resolveParameters(request, catalogEntry(servers.catalog, model))

  async function* answer(turn: Turn, signal: AbortSignal): AsyncGenerator<Batch> {
    const offered = offerTools(turn.request)
    const items = toItems(turn.request, offered.toCli)
    await slots.take(signal, (reason, retryAfter) =>
      options.log.debug({ reason, retryAfter }, 'Codex: a turn is refused.'),
    )
    const begun = performance.now()
    try {
      for (let attempt = 1; ; attempt += 1) {
        const server = await servers.acquire(turn.id, signal)
        let answered = false
        try {
          const assignment = assign(options, {
            model: turn.model,
            items,
            offered,
            parameters: parametersOf(turn),
            login: server.login,
            catalog: servers.catalog,
            limits: () => servers.limits,
            now: Date.now(),
          })
          for await (const batch of runTurn(server, assignment, signal)) {
            answered = true
            yield batch
          }
          return
        } catch (error) {
          signal.throwIfAborted()
          if (!(error instanceof ServerGone)) throw logged(turn, server, error)
          // Nothing was asked yet, so that another process may be.
          if (attempt > 1) throw GatewayError.from(error.cause)
        } finally {
          servers.release(server, turn.id, answered)
        }
      }
    } finally {
      slots.free(performance.now() - begun)
    }
  }

  function logged({ id }: Turn, server: CodexServer, error: unknown): unknown {
    const cause = error instanceof Error ? error.cause : undefined
    options.log.debug({ turn: id, error, cause, stderr: server.lastWords() }, 'A turn of Codex failed.')
    return error
  }

  return {
    name: 'codex',
    support: (request, model) => parametersOf({ request, model }).support,
    run: (turn, signal) => cancelable((inner) => answer(turn, inner), signal),
    async models(signal) {
      const executable = servers.find()
      if (executable === undefined)
        throw new GatewayError('provider_unavailable', `Codex is not installed. Run: ${INSTALL}`)
      const catalog = await readCatalog(options, executable, 'account', signal)
      servers.useCatalog(catalog)
      return listModels(catalog)
    },
    status: (signal) => readStatus(signal),
    start: () => servers.start(),
    processes: () => servers.servers.map(toProcessInfo),
    async close() {
      const reason = new GatewayError('provider_unavailable', 'The gateway is shutting down.')
      closing.abort(reason)
      slots.refuseAll(reason)
      await servers.close()
    },
  }

  async function readStatus(outer: AbortSignal): Promise<ProviderStatus> {
    const signal = AbortSignal.any([outer, closing.signal, AbortSignal.timeout(STATUS_WITHIN)])
    const path = servers.find()
    const { executable: configured, minimumVersion: minimum = MINIMUM_VERSION } = options
    const { home } = options.account
    const facts = { path, configured, minimum, home, version: undefined, login: undefined, error: undefined, notes: [] }
    if (path === undefined) return toStatus(facts)
    try {
      const { login } = await servers.ready(signal)
      const notes = login.kind === 'none' ? [] : [...routeNotes(login), ...limitNotes(servers.limits, Date.now())]
      return toStatus({ ...facts, version: servers.version, login, notes })
    } catch (error) {
      outer.throwIfAborted()
      return toStatus({ ...facts, version: servers.version, error: GatewayError.from(error) })
    }
  }

  function routeNotes(login: CodexServer['login']): string[] {
    const { retries, prompt } = routeOf(options, login)
    return [
      ...(retries ? ["Codex's own provider is used: after some errors it asks again by itself."] : []),
      ...(prompt === 'codex' ? ["Codex's own instructions stand in front of each conversation."] : []),
    ]
  }
}

function toProcessInfo(server: CodexServer): ProcessInfo {
  const [turn] = server.running
  const state = server.stopping ? 'stopping' : turn === undefined ? 'idle' : 'busy'
  return {
    pid: server.pid,
    provider: 'codex',
    state,
    startedAt: server.startedAt,
    ...(turn === undefined ? {} : { turn }),
  }
}
