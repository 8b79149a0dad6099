// Gemini CLI as a provider.
import { GatewayError } from '../../core/error.ts'
import type { Batch } from '../../core/event.ts'
import type { ChatRequest } from '../../core/request.ts'
import type { Turn } from '../../core/turn.ts'
import { createMcpServer } from '../../tools/mcp-server.ts'
import { cancelable } from '../cancelable.ts'
import { notInstalled } from '../installation.ts'
import { AcpError } from '../acp-errors.ts'
import { settledWithin } from '../acp-settled.ts'
import { type WorkerLease, Workers } from '../acp-workers.ts'
import type { Driver } from '../driver.ts'
import { findLogin, loginStamp } from './auth.ts'
import { AliasedModels } from './aliased-models.ts'
import { bootGemini } from './boot.ts'
import { leavesRequest, toGatewayError } from './errors.ts'
import { findGemini } from './executable.ts'
import { toConversation } from './history.ts'
import { KNOWN_MODELS, servedName, takesMediaInResults, thinkingLevels } from './model-facts.ts'
import { isGroup, listModels } from './models.ts'
import { CLI, type GeminiOptions, MINIMUM_VERSION, RECYCLE } from './options.ts'
import { resolveParameters } from './parameters.ts'
import { type Base, toBase } from './session-load.ts'
import { hookText, modelIdOf, policyText } from './settings.ts'
import { toStatus } from './status.ts'
import { shownTools, toOffer, toolNames } from './tools.ts'
import { type Assignment, type Progress, runTurn } from './turn.ts'
import type { GeminiWorker } from './worker.ts'

export type { GeminiOptions } from './options.ts'

/** How long a cancelled turn may take to end before its worker is stopped, in milliseconds. */
const SETTLE = 1000

/**
 * Drives the real Gemini CLI: workers that were started beforehand, each with a home of its own, take one turn at a time. Nothing of
 * the machine is in a turn, and what the model is told is the caller's conversation and nothing else.
 */
export function createGeminiDriver(options: GeminiOptions): Driver {
  const { environment, account, log, recycle = {} } = options
  const known = new Set([...KNOWN_MODELS, ...(options.models ?? [])].map(servedName))
  const graded = new Set([...known].filter((model) => thinkingLevels(model).length > 0))
  const aliased = new AliasedModels(known)
  const limits = { turns: recycle.turns ?? RECYCLE.turns, memory: recycle.memory ?? RECYCLE.memory }
  let listed: GeminiWorker['models'] | undefined
  let failure: string | undefined
  /** What the last turn was built on: the next one is expected to be like it. */
  let expected = toBase(policyText(options.web, false), [])
  const mcp = createMcpServer()

  const find = () =>
    findGemini({
      configured: options.executable,
      path: environment['PATH'],
      runtime: options.runtime ?? 'node',
      runtimePath: options.runtimePath,
    })

  const workers = new Workers<GeminiWorker>({
    ...options.pool,
    async boot(signal) {
      const installation = find()
      if (!installation) throw notInstalled(CLI)
      try {
        const worker = await bootGemini(
          { ...options, aliased: aliased.now(), mcp, base: expected },
          installation,
          signal,
        )
        listed = worker.models
        failure = undefined
        return worker
      } catch (error) {
        failure = error instanceof GatewayError ? error.message : `${CLI.title} did not start.`
        throw error
      }
    },
    isStale: ({ login }) => login !== loginStamp(account, environment),
    log(event) {
      if (event.type === 'boot-failed') log.warn({ ...event }, 'A process of Gemini CLI did not start.')
      else log.debug({ ...event }, 'The workers of Gemini CLI.')
    },
  })

  /** A worker that was started with the aliases of a model, if any; best, one whose session is begun. */
  async function claim(signal: AbortSignal, model?: string, base = expected): Promise<WorkerLease<GeminiWorker>> {
    const suits = (worker: GeminiWorker) => worker.isPreparedFor(base)
    if (model === undefined) return await workers.claim(signal, undefined, suits)
    const served = aliased.want(model)
    try {
      return await workers.claim(signal, (worker) => worker.aliased.has(model), suits)
    } finally {
      served()
    }
  }

  async function* answer({ id, request, model: asked }: Turn, signal: AbortSignal): AsyncGenerator<Batch> {
    const model = servedName(asked)
    if (isGroup(model)) throw groupError(model)
    const parameters = resolveParameters(request, model, graded)
    const offer = toOffer(request)
    const told = modelIdOf(parameters.choice, offer?.mode ?? (options.web ? 'AUTO' : 'NONE'), options.web)
    const words = { names: offer?.names ?? toolNames([]), mediaInside: takesMediaInResults(model) }
    const conversation = toConversation(request, words)
    const base = toBase(policyText(options.web, offer !== undefined), offer ? shownTools(offer) : [])
    expected = base
    const lease = await claim(signal, told.isAlias ? model : undefined, base)
    const { worker } = lease
    const progress: Progress = { settled: false }
    worker.turn = id
    try {
      const assignment: Assignment = {
        ...conversation,
        model,
        modelId: told.modelId,
        hook: hookText(parameters.sampling, options.web),
        base,
        offer,
        maxTokens: parameters.maxTokens,
        web: options.web,
      }
      for await (const batch of runTurn(worker, assignment, progress, signal)) {
        lease.markResponding()
        yield batch
      }
    } catch (thrown) {
      // What was cancelled on purpose did not fail.
      signal.throwIfAborted()
      const notFound = thrown instanceof AcpError && (await progress.open?.notFound()) === true
      const failed = thrown instanceof AcpError ? leavesRequest(thrown) && !notFound : thrown instanceof GatewayError
      // The CLI itself did what it must not, stumbled, or is gone: nobody else gets this worker.
      if (failed && !progress.settled) worker.kill()
      const error = toGatewayError(thrown, notFound)
      progress.refused = error instanceof GatewayError && error.code === 'provider_login_required'
      log.debug({ turn: id, error, stderr: worker.lastWords() }, 'A turn of Gemini CLI failed.')
      throw error
    } finally {
      void giveBack(lease, progress, base)
    }
  }

  /** The worker goes on when its turn is over and nothing of it is left on disk; else it is stopped. */
  async function giveBack(
    lease: WorkerLease<GeminiWorker>,
    { open, settled, refused }: Progress,
    base: Base,
  ): Promise<void> {
    const { worker } = lease
    worker.turn = undefined
    open?.withdraw()
    try {
      const answered = open !== undefined && (settled || (await settledWithin(open.session, SETTLE)))
      // One that was killed may have answered before it knew.
      const orderly = answered && worker.alive
      open?.close()
      if (orderly && !refused) lease.comesBack()
      if (orderly) await worker.clean()
      const goesOn = orderly && !refused && !worker.isWornOut(limits)
      if (goesOn) await worker.prepare(base)
      lease.release(goesOn)
    } catch {
      lease.release(false)
    }
  }

  return {
    name: 'gemini',
    support: (request: ChatRequest, model) => resolveParameters(request, servedName(model), graded).support,
    run: (turn, signal) => cancelable((inner) => answer(turn, inner), signal),
    async models(signal) {
      if (!listed) (await claim(signal)).release(true)
      return listModels(listed ?? [], options.models)
    },
    async status() {
      const login = findLogin(account, environment)
      const minimum = options.minimumVersion ?? MINIMUM_VERSION
      return toStatus({ installation: find(), configured: options.executable, minimum, login, failure })
    },
    start() {
      const { found } = findLogin(account, environment)
      // Without the CLI or its login there is nothing to keep warm; the first turn says so.
      if (found && find()) workers.start()
    },
    processes: () =>
      workers.snapshot().workers.map(({ worker, state }) => ({
        pid: worker.pid,
        provider: 'gemini',
        state,
        startedAt: worker.startedAt,
        turn: worker.turn,
      })),
    async close() {
      await Promise.all([workers.close(), mcp.close()])
    },
  }
}

function groupError(model: string): GatewayError {
  const message = `"${model}" leaves the choice of the model to another one. Name the model itself.`
  return new GatewayError('model_not_found', message)
}
