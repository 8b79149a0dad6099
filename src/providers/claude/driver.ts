// Claude Code as a provider.
import { GatewayError } from '../../core/error.ts'
import type { Batch } from '../../core/event.ts'
import type { ChatRequest } from '../../core/request.ts'
import type { Turn } from '../../core/turn.ts'
import type { Driver, ProviderStatus } from '../driver.ts'
import { assign, documentedEnvironment, historyFor, parametersFor } from './assign.ts'
import { credentialOf, parseLogin } from './auth.ts'
import { bootClaude } from './boot.ts'
import { orAbort } from '../../core/or-abort.ts'
import { cancelable } from '../cancelable.ts'
import { Engines } from './engine.ts'
import { inquire } from './inquire.ts'
import { modelFacts } from './model-facts.ts'
import { fullName, listModels } from './models.ts'
import { type ClaudeOptions, MINIMUM_VERSION } from './options.ts'
import type { Way } from './self-test.ts'
import { toStatus, WEB_NOTE } from './status.ts'
import { runTurn } from './turn.ts'

export type { ClaudeOptions } from './options.ts'

/** How long a status holds, in milliseconds: it takes two short processes. */
const STATUS_TTL = 5_000

/**
 * Drives the real Claude Code: processes that were started and initialised beforehand take one turn each. Nothing of the
 * machine is in a turn: no tools, no settings, no memory; what Claude Code reports about itself proves it before a word counts.
 */
export function createClaudeDriver(options: ClaudeOptions): Driver {
  const { web } = options
  const engines = new Engines(options)
  const closing = new AbortController()
  let status: { at: number; value: Promise<ProviderStatus> } | undefined

  const parametersOf = (request: ChatRequest, model: string, way: Way | undefined) => {
    const facts = modelFacts(fullName(engines.report, model))
    return { facts, parameters: parametersFor(request, facts, { documented: way === 'documented', web }) }
  }

  async function* answer({ id, request, model }: Turn, signal: AbortSignal): AsyncGenerator<Batch> {
    const { stock, way } = await engines.get(signal)
    const { facts, parameters } = parametersOf(request, model, way)
    const assignment = assign(request, model, facts, parameters, web)
    const loan = await stock.claim(assignment.launch, documentedEnvironment(parameters), signal)
    const { process } = loan
    const kill = () => process.kill()
    signal.addEventListener('abort', kill, { once: true })
    process.turn = id
    try {
      signal.throwIfAborted()
      const credential = credentialOf(process.report)
      const history = way === 'documented' ? 'transcript' : historyFor(options.history, credential, web)
      for await (const batch of runTurn(process, { ...assignment, history })) {
        loan.markResponding()
        yield batch
      }
    } catch (error) {
      // What was killed on purpose did not crash.
      signal.throwIfAborted()
      closing.signal.throwIfAborted()
      options.log.debug({ turn: id, error }, 'A turn of Claude Code failed.')
      throw error
    } finally {
      signal.removeEventListener('abort', kill)
      void loan.release()
    }
  }

  async function ask(): Promise<ProviderStatus> {
    const { signal } = closing
    const path = engines.find()
    const { executable: configured, minimumVersion: minimum = MINIMUM_VERSION } = options
    const facts = { path, configured, minimum, version: undefined, login: undefined, tested: undefined, notes: [] }
    if (path === undefined) return toStatus(facts)
    const [version, said] = await Promise.all([
      engines.version(path, signal),
      inquire({ ...options, executable: path }, ['auth', 'status', '--json'], signal),
    ])
    const tested = engines.current
    if (tested && tested.version !== version) engines.forget()
    const notes = web ? [WEB_NOTE] : []
    return toStatus({ ...facts, version, login: parseLogin(said), tested, notes })
  }

  return {
    name: 'claude',
    support: (request, model) => parametersOf(request, model, engines.current?.way).parameters.support,
    run: (turn, signal) => cancelable((inner) => answer(turn, inner), signal),
    async models(signal) {
      const { installation } = await engines.get(signal)
      if (!engines.report) {
        const process = await bootClaude(installation, {}, signal)
        engines.report = process.report
        void process.dispose()
      }
      return listModels(engines.report)
    },
    status(signal) {
      if (!status || performance.now() - status.at > STATUS_TTL) status = { at: performance.now(), value: ask() }
      return orAbort(status.value, signal)
    },
    start() {
      // The first turn says that it is not there, and so does `cligate doctor`.
      if (engines.find() === undefined) return
      engines.get(closing.signal).catch((error: unknown) => {
        if (!closing.signal.aborted) options.log.info({ error }, 'Claude Code cannot be used.')
      })
    },
    processes: () => engines.current?.stock.processes() ?? [],
    async close() {
      closing.abort(new GatewayError('provider_unavailable', 'The gateway is shutting down.'))
      await engines.close()
    },
  }
}
