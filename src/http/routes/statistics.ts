import { Elysia } from 'elysia'
import * as v from 'valibot'
import type { Tally as CountedTally, TimedTally as CountedTimes } from '../../observe/statistics.ts'
import type { Gateway } from '../gateway.ts'
import { errorAnswers, json } from '../openapi.ts'

const count = (description?: string) => {
  const whole = v.pipe(v.number(), v.integer())
  return description === undefined ? whole : v.pipe(whole, v.description(description))
}

const TALLY = {
  requests: count(),
  failed: count('An error ended them.'),
  aborted: count('Their client left before the end.'),
  input_tokens: count(),
  output_tokens: count(),
  cached_tokens: count('Of the input.'),
  reasoning_tokens: count('Of the output.'),
  cost_usd: v.pipe(v.number(), v.description('As far as the providers tell it.')),
}

const Times = v.object({ p50: v.number(), p95: v.number(), max: v.number() })
const TIMED = {
  ...TALLY,
  duration_ms: v.optional(v.pipe(Times, v.description('Of the last 512 requests.'))),
  first_token_ms: v.optional(v.pipe(Times, v.description('Of the last 512 that had one.'))),
}

const Stats = v.pipe(
  v.object({
    object: v.literal('stats'),
    since: v.pipe(v.string(), v.isoTimestamp()),
    uptime_seconds: v.number(),
    active: count('Requests that are being answered, this one included.'),
    memory_bytes: count('Resident memory of the gateway itself.'),
    processes: v.object({ idle: count(), busy: count(), memory_bytes: count('Where the system tells it.') }),
    total: v.object(TIMED),
    statuses: v.pipe(v.record(v.string(), count()), v.description('Requests by status of the answer.')),
    dialects: v.pipe(v.record(v.string(), count()), v.description('Requests by API.')),
    providers: v.record(v.string(), v.object(TIMED)),
    models: v.pipe(
      v.record(v.string(), v.object(TALLY)),
      v.description('By `provider/model`; those beyond the first 200 together as `other`.'),
    ),
  }),
  v.metadata({ title: 'Stats', description: 'What the requests since the start of the gateway add up to.' }),
)

export const schemas = { Stats }
export type Stats = v.InferOutput<typeof Stats>

/** `GET /stats`: counts, tokens, cost and times since the start. */
export function statistics(gateway: Gateway) {
  return new Elysia().get(
    '/stats',
    (): Stats => {
      const { since, total, statuses, dialects, providers, models } = gateway.statistics.read()
      return {
        object: 'stats',
        since: new Date(since).toISOString(),
        uptime_seconds: Math.max(0, Math.round((Date.now() - since) / 100) / 10),
        active: gateway.drain.active(),
        memory_bytes: process.memoryUsage.rss(),
        processes: processesOf(gateway),
        total: encodeTimed(total),
        statuses,
        dialects,
        providers: mapValues(providers, encodeTimed),
        models: mapValues(models, encode),
      }
    },
    {
      detail: {
        operationId: 'stats',
        tags: ['Gateway'],
        summary: 'Requests, tokens, cost and times since the start',
        responses: { 200: json('Stats', 'The numbers.'), ...errorAnswers('OpenAIError', 401) },
      },
    },
  )
}

function processesOf(gateway: Gateway): Stats['processes'] {
  const all = gateway.processes()
  const busy = all.filter(({ state }) => state === 'busy').length
  return {
    idle: all.length - busy,
    busy,
    memory_bytes: all.reduce((sum, { memory }) => sum + (memory ?? 0), 0),
  }
}

function encode(tally: CountedTally): Stats['models'][string] {
  return {
    requests: tally.requests,
    failed: tally.failed,
    aborted: tally.aborted,
    input_tokens: tally.inputTokens,
    output_tokens: tally.outputTokens,
    cached_tokens: tally.cachedTokens,
    reasoning_tokens: tally.reasoningTokens,
    cost_usd: tally.costUsd,
  }
}

const encodeTimed = (tally: CountedTimes): Stats['total'] => ({
  ...encode(tally),
  duration_ms: tally.duration,
  first_token_ms: tally.firstToken,
})

function mapValues<From, To>(all: Record<string, From>, map: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, map(value)]))
}
