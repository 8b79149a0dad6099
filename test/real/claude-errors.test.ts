// How the real Claude Code fails, and what the gateway makes of it.
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import type { GatewayError } from '../../src/core/error.ts'
import { failureOf, request, run } from '../providers/claude/requests.ts'
import { claudeWorld, SUBSCRIPTION, type World } from '../providers/claude/world.ts'
import { failure, overloaded, rateLimited } from '../upstream/replies/failures.ts'
import { cut, cutAfter, failsAfter, garbage, garbageAfter, truncatedAfter } from '../upstream/replies/faults.ts'
import { usageLimitReached } from '../upstream/replies/subscription.ts'
import type { ReplySource } from '../upstream/reply.ts'

setDefaultTimeout(30_000)

type Expected = { code: string; status: number; retryAfter?: number; message?: RegExp; requests?: number }

const IN_AN_HOUR = Math.floor(Date.now() / 1000) + 3600

const CASES: [string, ReplySource, Expected][] = [
  [
    '400',
    failure(400, { message: 'messages.0: no such thing' }),
    { code: 'invalid_request', status: 400, message: /messages\.0: no such thing/ },
  ],
  [
    '400, no credit',
    failure(400, { message: 'Your credit balance is too low to access the Anthropic API.' }),
    { code: 'billing', status: 402 },
  ],
  [
    '400, too long',
    failure(400, { message: 'prompt is too long: 300000 tokens > 200000 maximum' }),
    { code: 'context_length_exceeded', status: 400 },
  ],
  [
    '401',
    failure(401, { message: 'invalid x-api-key' }),
    { code: 'provider_login_required', status: 401, message: /claude auth login/ },
  ],
  ['403', failure(403, { message: 'not allowed' }), { code: 'permission_denied', status: 403 }],
  // It asks again without a stream, which no setting keeps it from.
  ['404', failure(404, { message: 'model: claude-none' }), { code: 'model_not_found', status: 404, requests: 2 }],
  ['413', failure(413, { message: 'Request exceeds the maximum size' }), { code: 'request_too_large', status: 413 }],
  ['429', rateLimited(), { code: 'rate_limit_exceeded', status: 429, requests: 1 }],
  ['429 with a time', rateLimited(7), { code: 'rate_limit_exceeded', status: 429, retryAfter: 7, requests: 1 }],
  ['500', failure(500), { code: 'provider_error', status: 502, requests: 1 }],
  [
    '502, the page of a proxy',
    failure(502, { body: '<html>Bad gateway</html>' }),
    { code: 'provider_error', status: 502, requests: 1 },
  ],
  ['503', failure(503), { code: 'overloaded', status: 503, requests: 1 }],
  ['529', overloaded(), { code: 'overloaded', status: 503, requests: 1 }],
  ['a broken connection', cut(), { code: 'provider_error', status: 502, requests: 1 }],
  ['no event stream', garbage(), { code: 'provider_error', status: 502 }],
]

const IN_THE_MIDDLE: [string, ReplySource, Expected][] = [
  ['an error event', failsAfter(['one', 'two']), { code: 'overloaded', status: 503, requests: 1 }],
  ['a broken connection', cutAfter(['one', 'two']), { code: 'provider_error', status: 502, requests: 1 }],
  ['an early end', truncatedAfter(['one', 'two']), { code: 'provider_error', status: 502, requests: 1 }],
  ['nonsense', garbageAfter(['one', 'two']), { code: 'provider_error', status: 502 }],
]

let world: World
let subscription: World
beforeAll(async () => {
  world = await claudeWorld()
  subscription = await claudeWorld({ environment: SUBSCRIPTION })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await subscription[Symbol.asyncDispose]()
})
beforeEach(() => {
  world.upstream.reset()
  subscription.upstream.reset()
})

function check(error: unknown, { requests, message = /./, retryAfter, ...expected }: Expected, at: World): void {
  expect(error).toMatchObject(expected)
  const failed = error as GatewayError
  expect(failed.message).toMatch(message)
  expect(failed.message).not.toMatch(/127\.0\.0\.1|\/run\/|\/tmp\/|API Error|CLAUDE_CODE_/)
  // Claude Code waits a little longer than it is told.
  if (retryAfter !== undefined) expect(failed.retryAfter).toBeWithin(retryAfter, retryAfter + 4)
  if (requests !== undefined) expect(at.upstream.turns).toHaveLength(requests)
}

/** What a subscription's login changes in Claude Code: headers, retries, its own texts. */
const OF_LOGIN = new Set(['400', '401', '403', '429', '429 with a time', '529', 'a broken connection'])

test.each(CASES)('%s', async (_name, reply, expected) => {
  world.upstream.default = reply
  check(await failureOf(world.driver, request('hi', { system: 'S' })), expected, world)
})

test.each(CASES.filter(([name]) => OF_LOGIN.has(name)))('%s, with a subscription', async (_name, reply, expected) => {
  subscription.upstream.default = reply
  check(await failureOf(subscription.driver, request('hi', { system: 'S' })), expected, subscription)
})

test.each(IN_THE_MIDDLE)('after some words: %s', async (_name, reply, expected) => {
  world.upstream.default = reply
  let said = ''
  const read = async () => {
    for await (const batch of run(world.driver, request('hi'))) {
      for (const event of batch) {
        if (event.type === 'text-delta') said += event.text
        expect(event.type).not.toBe('finish')
      }
    }
  }
  check(await read().catch((error: unknown) => error), expected, world)
  // Claude Code says it all again where it tries again.
  expect(said).toBe('onetwo')
})

test('it fails quickly: no long rounds of retries', async () => {
  world.upstream.default = overloaded()
  const since = performance.now()
  await failureOf(world.driver, request('hi'))
  expect(performance.now() - since).toBeLessThan(5000)
})

test('the limit of a subscription says when it opens again', async () => {
  subscription.upstream.default = usageLimitReached(IN_AN_HOUR)
  const error = (await failureOf(subscription.driver, request('hi'))) as GatewayError
  check(error, { code: 'usage_limit_reached', status: 429, message: /UTC/, requests: 1 }, subscription)
  expect(error.retryAfter).toBeWithin(3500, 3700)
})

test('without a login the service is not asked', async () => {
  await using loggedOut = await claudeWorld({ environment: { ANTHROPIC_API_KEY: undefined } })
  loggedOut.driver.start?.()
  const error = await failureOf(loggedOut.driver, request('hi'))
  check(
    error,
    { code: 'provider_login_required', status: 401, message: /Run: claude auth login/, requests: 0 },
    loggedOut,
  )
  expect(await loggedOut.driver.status(new AbortController().signal)).toMatchObject({
    state: 'not-logged-in',
    fix: 'claude auth login',
  })
})

test('nobody listens', async () => {
  await using lost = await claudeWorld({ environment: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' } })
  check(await failureOf(lost.driver, request('hi')), { code: 'provider_error', status: 502 }, lost)
})
