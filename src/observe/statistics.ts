// What the requests of this process add up to: counts, tokens, cost, times. Numbers and names of models only, and so few of them that
// callers cannot make it grow.
import type { RequestRecord } from './log.ts'

/** Milliseconds, of the last requests that have such a time. */
export type Times = { p50: number; p95: number; max: number }

export type Tally = {
  requests: number
  /** Those that an error ended. */
  failed: number
  /** Those whose client left before the end. */
  aborted: number
  inputTokens: number
  outputTokens: number
  cachedTokens: number
  reasoningTokens: number
  costUsd: number
}

export type TimedTally = Tally & { duration?: Times; firstToken?: Times }

export type StatisticsSnapshot = {
  /** Milliseconds since 1970. */
  since: number
  total: TimedTally
  statuses: Record<string, number>
  dialects: Record<string, number>
  providers: Record<string, TimedTally>
  /** By `provider/model`; those beyond the first hundreds together as `other`. */
  models: Record<string, Tally>
}

export type Statistics = {
  /** Counts a request that has ended. */
  add(record: RequestRecord): void
  read(): StatisticsSnapshot
}

/** How many times are kept for percentiles. */
const KEPT = 512
const MOST_MODELS = 200
const OTHER = 'other'

class Samples {
  private readonly kept: number[] = []
  private next = 0

  add(value: number | undefined): void {
    if (value === undefined) return
    this.kept[this.next] = value
    this.next = (this.next + 1) % KEPT
  }

  times(): Times | undefined {
    const sorted = this.kept.toSorted((one, other) => one - other)
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
    return sorted.length === 0 ? undefined : { p50: at(0.5), p95: at(0.95), max: sorted.at(-1)! }
  }
}

type Timed = { tally: Tally; duration: Samples; firstToken: Samples }

export function createStatistics(since: number): Statistics {
  const total = newTimed()
  const statuses = new Map<string, number>()
  const dialects = new Map<string, number>()
  const providers = new Map<string, Timed>()
  const models = new Map<string, Tally>()

  /** Only what was answered gives a name of its own: a caller may ask for any. */
  const ofModel = ({ provider, model, error }: RequestRecord): Tally | undefined => {
    if (provider === undefined || model === undefined) return undefined
    const name = `${provider}/${model}`
    const known = models.get(name)
    if (known || error !== undefined) return known
    return models.getOrInsertComputed(models.size < MOST_MODELS ? name : OTHER, newTally)
  }

  return {
    add(record) {
      const { status, dialect, provider } = record
      count(total.tally, record)
      total.duration.add(record.durationMs)
      total.firstToken.add(record.firstTokenMs)
      increase(statuses, String(status))
      if (dialect !== undefined) increase(dialects, dialect)
      if (provider !== undefined) {
        const timed = providers.getOrInsertComputed(provider, newTimed)
        count(timed.tally, record)
        timed.duration.add(record.durationMs)
        timed.firstToken.add(record.firstTokenMs)
      }
      const tally = ofModel(record)
      if (tally) count(tally, record)
    },
    read: () => ({
      since,
      total: readTimed(total),
      statuses: Object.fromEntries(statuses),
      dialects: Object.fromEntries(dialects),
      providers: Object.fromEntries(Array.from(providers, ([name, timed]) => [name, readTimed(timed)])),
      models: Object.fromEntries(Array.from(models, ([name, tally]) => [name, { ...tally }])),
    }),
  }
}

const newTimed = (): Timed => ({ tally: newTally(), duration: new Samples(), firstToken: new Samples() })

function newTally(): Tally {
  return {
    requests: 0,
    failed: 0,
    aborted: 0,
    inputTokens: 0,
    outputTokens: 0,
    cachedTokens: 0,
    reasoningTokens: 0,
    costUsd: 0,
  }
}

function count(tally: Tally, record: RequestRecord): void {
  tally.requests += 1
  if (record.aborted === true) tally.aborted += 1
  else if (record.error !== undefined || record.status >= 400) tally.failed += 1
  tally.inputTokens += record.inputTokens ?? 0
  tally.outputTokens += record.outputTokens ?? 0
  tally.cachedTokens += record.cachedTokens ?? 0
  tally.reasoningTokens += record.reasoningTokens ?? 0
  tally.costUsd += record.costUsd ?? 0
}

function increase(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function readTimed({ tally, duration, firstToken }: Timed): TimedTally {
  const [all, first] = [duration.times(), firstToken.times()]
  return { ...tally, ...(all && { duration: all }), ...(first && { firstToken: first }) }
}
