// The responses that are in the making while nobody waits for them.
import { GatewayError } from '../core/error.ts'
import type { ResponseRun } from './routes/responses-run.ts'

/** Each holds its events in memory and has a turn of its own; more than so many is no use but a mistake. */
const MOST_RUNNING = 100
/** So that no caller takes the place of all others. */
const MOST_OF_ONE_OWNER = 20

/** Gateways that follow each other share one, so that what the last has begun is found by way of the next. */
export class RunningResponses {
  readonly #runs = new Map<string, ResponseRun>()

  /** @throws GatewayError `queue_full` where there is no room for one more of this owner */
  admit(owner: string): void {
    const own = this.#runs.values().reduce((count, run) => count + (run.owner === owner ? 1 : 0), 0)
    if (own >= MOST_OF_ONE_OWNER) throw full(`${MOST_OF_ONE_OWNER} of your responses`)
    if (this.#runs.size >= MOST_RUNNING) throw full(`${MOST_RUNNING} responses`)
  }

  add(id: string, run: ResponseRun): void {
    this.#runs.set(id, run)
  }

  find(owner: string, id: string): ResponseRun | undefined {
    const run = this.#runs.get(id)
    return run?.owner === owner ? run : undefined
  }

  /** False for one that was removed before. */
  remove(id: string): boolean {
    return this.#runs.delete(id)
  }
}

function full(what: string): GatewayError {
  return new GatewayError('queue_full', `${what} are running in the background already.`, { retryAfter: 10 })
}
