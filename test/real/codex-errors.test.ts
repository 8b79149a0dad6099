// The real Codex when something is wrong: with the service, the login, or the CLI itself.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withDeadlines } from '../../src/core/deadlines.ts'
import { answerTo, failureOf, request as requestOf, run, textOf } from '../providers/claude/requests.ts'
import { codexWorld, KEY, MODEL, type World } from '../providers/codex/world.ts'
import { codexLimitHeaders } from '../upstream/openai-responses/limits.ts'
import { failure, rateLimited } from '../upstream/replies/failures.ts'
import { cut, cutAfter, failsAfter, garbage, hang, silentAfter, truncatedAfter } from '../upstream/replies/faults.ts'

setDefaultTimeout(30_000)

const request = (text = 'hi') => requestOf(text, { model: MODEL })
const signal = new AbortController().signal

let world: World
beforeAll(async () => {
  world = await codexWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.upstream.reset())

describe('the service fails: the class of it is told at once, after one request', () => {
  const usedUp = codexLimitHeaders({ primary: { usedPercent: 100, windowMinutes: 300, resetsAt: 4_000_000_000 } })
  test.each([
    ['400', failure(400, { message: 'Invalid value' }), { code: 'invalid_request', message: /Invalid value/ }],
    ['401', failure(401), { code: 'provider_login_required', message: /codex login/ }],
    ['403', failure(403), { code: 'permission_denied' }],
    ['404', failure(404), { code: 'model_not_found' }],
    ['429', rateLimited(), { code: 'rate_limit_exceeded' }],
    ['429 with retry-after', rateLimited(3), { code: 'rate_limit_exceeded' }],
    [
      '429, the subscription is used up',
      failure(429, { kind: 'usage_limit_reached', headers: usedUp }),
      { code: 'usage_limit_reached', retryAfter: expect.any(Number) },
    ],
    ['500', failure(500), { code: 'provider_error' }],
    ['503', failure(503), { code: 'overloaded' }],
    ['a cut connection', cut(), { code: 'provider_error' }],
    ['a cut answer', cutAfter(['One']), { code: 'provider_error' }],
    ['an answer without an end', truncatedAfter(['One']), { code: 'provider_error' }],
    ['a failure in the answer', failsAfter(['One'], 500), { code: 'provider_error' }],
    ['no event stream at all', garbage(), { code: 'provider_error' }],
  ])('%s', async (_, reply, { message, ...expected }: Record<string, unknown> & { message?: RegExp }) => {
    world.upstream.default = reply
    const begun = performance.now()
    const error = await failureOf(world.driver, request())
    expect(error).toMatchObject(expected)
    if (message) expect((error as Error).message).toMatch(message)
    expect((error as Error).message).not.toMatch(/127\.0\.0\.1|\/run\//)
    expect(performance.now() - begun).toBeLessThan(3000)
    expect(world.upstream.requests).toHaveLength(1)
  })

  test.each([
    ['from the start', hang()],
    ['in the middle', silentAfter(['One'])],
  ])('silence %s: the deadline ends it, and the service is let go', async (_, reply) => {
    world.upstream.default = reply
    const turn = new AbortController()
    const limits = { firstEvent: 500, betweenEvents: 500, total: 0 }
    const read = async () => {
      for await (const batch of withDeadlines(run(world.driver, request(), turn.signal), limits, turn)) void batch
    }
    await expect(read()).rejects.toMatchObject({ code: 'timeout' })
    const { closed } = await world.upstream.turn(0)
    await closed
    expect(world.upstream.requests[0]?.outcome).toBe('dropped')
  })

  test('nobody listens there', async () => {
    await using other = await codexWorld({ baseUrl: 'http://127.0.0.1:9/v1' })
    expect(await failureOf(other.driver, request())).toMatchObject({ code: 'provider_error', status: 502 })
  })

  test('after all of that, it still answers', async () => {
    expect(textOf(await answerTo(world.driver, request()))).toBe('Hello from the simulated model.')
    expect(world.strangers).toEqual([])
  })
})

describe('without a login', () => {
  test('nothing is asked, and the command is told', async () => {
    await using other = await codexWorld({ auth: null })
    expect(await failureOf(other.driver, request())).toMatchObject({
      code: 'provider_login_required',
      message: 'Codex is not logged in. Run: codex login',
    })
    expect(other.upstream.requests).toHaveLength(0)
    expect(await other.driver.status(signal)).toMatchObject({ state: 'not-logged-in', fix: 'codex login' })
  })

  test('a login that comes, changes and goes is noticed', async () => {
    await using other = await codexWorld({ auth: null })
    const file = join(other.home, '.codex/auth.json')
    await failureOf(other.driver, request())
    for (const key of ['sk-one-000000000', 'sk-two-0000000000']) {
      writeFileSync(file, JSON.stringify({ auth_mode: 'apikey', OPENAI_API_KEY: key }))
      await answerTo(other.driver, request())
      expect(other.upstream.turns.at(-1)?.headers['authorization']).toBe(`Bearer ${key}`)
    }
    rmSync(file)
    expect(await failureOf(other.driver, request())).toMatchObject({ code: 'provider_login_required' })
    expect(await other.driver.status(signal)).toMatchObject({ state: 'not-logged-in' })
  })
})

describe('the CLI', () => {
  test('is there: version, path, how it is logged in, nothing to mend', async () => {
    const status = await world.driver.status(signal)
    expect(status).toMatchObject({ provider: 'codex', state: 'ready', version: '0.169.0', authMethod: 'api_key' })
    expect(status.path).toEndWith('/codex')
    expect(JSON.stringify(status)).not.toContain(KEY)
    expect(status.fix).toBeUndefined()
  })

  test('is missing', async () => {
    await using other = await codexWorld({ executable: '/nowhere/codex' })
    const message = 'Codex is not installed. Run: npm install -g @openai/codex'
    expect(await failureOf(other.driver, request())).toMatchObject({ code: 'provider_unavailable', message })
    expect(await other.driver.status(signal)).toMatchObject({
      state: 'not-installed',
      fix: 'npm install -g @openai/codex',
    })
    await expect(other.driver.models(signal)).rejects.toMatchObject({ code: 'provider_unavailable' })
  })

  test('is too old', async () => {
    await using other = await codexWorld({ minimumVersion: '9.0.0' })
    expect(await failureOf(other.driver, request())).toMatchObject({ code: 'provider_unavailable' })
    expect(await other.driver.status(signal)).toMatchObject({
      state: 'degraded',
      version: '0.169.0',
      fix: 'npm install -g @openai/codex@latest',
    })
  })
})
