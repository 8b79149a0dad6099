// How the real Gemini CLI fails, and what the gateway makes of it.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import type { GatewayError } from '../../src/core/error.ts'
import { run as runPlan } from '../../src/core/run.ts'
import { KNOWN_MODELS } from '../../src/providers/gemini/model-facts.ts'
import { answerTo, failureOf, request as anyRequest, run, textOf } from '../providers/claude/requests.ts'
import { type Changes, WEATHER } from '../providers/gemini/functions.ts'
import { geminiWorld, MODEL, type World } from '../providers/gemini/world.ts'
import { failure, rateLimited } from '../upstream/replies/failures.ts'
import {
  cut,
  cutAfter,
  failsAfter,
  garbage,
  garbageAfter,
  hang,
  silentAfter,
  truncatedAfter,
} from '../upstream/replies/faults.ts'
import { refused } from '../upstream/replies/stops.ts'
import { text } from '../upstream/replies/text.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { answer, type ReplySource, type Step } from '../upstream/reply.ts'
import { realCli } from './harness/real-cli.ts'

setDefaultTimeout(40_000)

const request = (said: string) => anyRequest(said, { model: MODEL })
const { signal } = new AbortController()
const SCHEMA = { type: 'json-schema' as const, name: 'person', schema: { type: 'object' }, strict: true }

type Expected = { code: string; status: number; retryAfter?: number; message?: RegExp }

const CASES: [string, ReplySource, Expected][] = [
  [
    '400',
    failure(400, { message: 'no such field' }),
    { code: 'invalid_request', status: 400, message: /no such field/ },
  ],
  [
    '400, a wrong key',
    failure(400, { message: 'API key not valid. Please pass a valid API key.' }),
    { code: 'provider_login_required', status: 401, message: /Run: gemini/ },
  ],
  [
    '400, too long',
    failure(400, {
      message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
    }),
    { code: 'context_length_exceeded', status: 400 },
  ],
  ['401', failure(401), { code: 'provider_login_required', status: 401, message: /Run: gemini/ }],
  ['403', failure(403), { code: 'permission_denied', status: 403 }],
  [
    '404',
    failure(404, {
      message: 'models/none is not found for API version v1beta, or is not supported for generateContent.',
    }),
    { code: 'model_not_found', status: 404 },
  ],
  ['404, without a word of what', failure(404), { code: 'model_not_found', status: 404 }],
  ['429', rateLimited(), { code: 'rate_limit_exceeded', status: 429 }],
  ['429 with a time', rateLimited(30), { code: 'rate_limit_exceeded', status: 429, retryAfter: 30 }],
  ['500', failure(500), { code: 'provider_error', status: 502 }],
  [
    '502, the page of a proxy',
    failure(502, { body: '<html>Bad gateway</html>' }),
    { code: 'provider_error', status: 502 },
  ],
  ['503', failure(503), { code: 'overloaded', status: 503 }],
  ['a broken connection', cut(), { code: 'provider_error', status: 502 }],
  ['no event stream', garbage(), { code: 'provider_error', status: 502 }],
  ['no answer at all', text([]), { code: 'provider_error', status: 502, message: /no answer/ }],
  ['an answer that a filter withheld', refused(), { code: 'provider_error', status: 502, message: /no answer/ }],
]

const IN_THE_MIDDLE: [string, ReplySource, Expected][] = [
  ['an error event', failsAfter(['one', 'two'], 503), { code: 'provider_error', status: 502 }],
  ['a broken connection', cutAfter(['one', 'two']), { code: 'provider_error', status: 502 }],
  ['an early end', truncatedAfter(['one', 'two']), { code: 'provider_error', status: 502 }],
  ['nonsense', garbageAfter(['one', 'two']), { code: 'provider_error', status: 502 }],
]

let world: World
beforeAll(async () => {
  world = await geminiWorld()
  // Once, so that no test waits for the start.
  await world.driver.models(signal)
})
beforeEach(() => world.upstream.reset())
afterAll(() => world[Symbol.asyncDispose]())

function check(error: unknown, { message = /./, retryAfter, ...expected }: Expected): void {
  expect(error).toMatchObject(expected)
  const failed = error as GatewayError
  expect(failed.message).toMatch(message)
  expect(failed.message).not.toMatch(/127\.0\.0\.1|\/run\/|\/tmp\/|<html>|\{/)
  expect(failed.retryAfter).toBe(retryAfter)
  expect(world.upstream.requests).toHaveLength(1)
}

test.each(CASES)('%s', async (_, reply, expected) => {
  world.upstream.next(reply)
  check(await failureOf(world.driver, request('hi')), expected)
})

/** What else a turn may ask for: with each, the CLI is told another setting. */
const KINDS: [string, Changes][] = [
  ['functions', { tools: [WEATHER] }],
  ['a function that has to be called', { tools: [WEATHER], toolChoice: { type: 'required' } }],
  ['a schema', { output: SCHEMA }],
  ['functions, at a level of effort', { tools: [WEATHER], reasoning: { effort: 'low' } }],
  [
    'functions, with sampling, for a model that nobody knows',
    { tools: [WEATHER], model: 'tuned-model', sampling: { temperature: 0.5 } },
  ],
]

describe.each(KINDS)('with %s', (_, changes) => {
  test.each(CASES)('%s', async (__, reply, expected) => {
    world.upstream.default = reply
    check(await failureOf(world.driver, anyRequest('hi', { model: MODEL, ...changes })), expected)
  })
})

/** With an API key, the CLI asks these for others (getBackendModelMappings). */
const NEWER: Record<string, string> = {
  'gemini-3.5-flash': 'gemini-3.8-flash',
  'gemini-3.1-flash-lite': 'gemini-3.5-flash-lite',
}

describe.each([...KNOWN_MODELS, 'gemini-2.0-flash'])('%s is asked once, and no other in its place', (model) => {
  test.each(['404', '429', '500', '503'])('%s', async (name) => {
    const [, reply, expected] = CASES.find(([known]) => known === name)!
    for (const changes of [{}, { reasoning: { effort: 'low' as const } }, { tools: [WEATHER] }, { output: SCHEMA }]) {
      world.upstream.reset()
      world.upstream.default = reply
      check(await failureOf(world.driver, anyRequest('hi', { model, ...changes })), expected)
      expect(world.upstream.turns[0]?.path).toContain(`/${NEWER[model] ?? model}:`)
    }
  })
})

test.each(IN_THE_MIDDLE)('after some words: %s', async (_, reply, expected) => {
  world.upstream.next(reply)
  let said = ''
  const read = async () => {
    for await (const batch of run(world.driver, request('hi'))) {
      for (const event of batch) {
        if (event.type === 'text-delta') said += event.text
        expect(event.type).not.toBe('finish')
      }
    }
  }
  check(await read().catch((error: unknown) => error), expected)
  expect(said).toBe('onetwo')
})

test('a request that goes on behind nonsense is let go at once', async () => {
  const steps = function* (): Iterable<Step> {
    yield { type: 'text', text: 'one' }
    yield { type: 'bytes', bytes: 'data: {"x\n\n' }
    for (;;) yield { type: 'wait', milliseconds: 20 }
  }
  world.upstream.next(answer(steps))
  expect(await failureOf(world.driver, request('hi'))).toMatchObject({ code: 'provider_error' })
  const turn = await world.upstream.turn(0)
  await turn.closed
  expect(turn.outcome).toBe('dropped')
  expect(textOf(await answerTo(world.driver, request('hi')))).toBe('Hello from the simulated model.')
})

test('the turn after a failure is none the worse, in the same process', async () => {
  await answerTo(world.driver, request('hi'))
  const pids = world.driver.processes().map(({ pid }) => pid)
  world.upstream.next(failure(500))
  await failureOf(world.driver, request('hi'))
  expect(textOf(await answerTo(world.driver, request('hi')))).toBe('Hello from the simulated model.')
  expect(world.driver.processes().map(({ pid }) => pid)).toEqual(pids)
})

describe('a service that is silent', () => {
  const plan = (firstEvent: number, betweenEvents: number) => ({
    run: world.driver.run,
    provider: 'gemini',
    model: MODEL,
    filters: [],
    timeouts: { firstEvent, betweenEvents, total: 60_000 },
    ignored: [],
  })

  test('from the beginning', async () => {
    // So that a process waits, and the time is that of the service.
    await answerTo(world.driver, request('hi'))
    world.upstream.reset()
    world.upstream.next(hang())
    const turn = Array.fromAsync(runPlan(plan(2000, 2000), request('hi'), 'silent-1', signal))
    expect(await turn.catch((error: unknown) => error)).toMatchObject({ code: 'timeout', status: 504 })
    const asked = await world.upstream.turn(0)
    await asked.closed
    expect(asked.outcome).toBe('dropped')
  })

  test('after some words', async () => {
    world.upstream.next(silentAfter(['one']))
    const batches = await Array.fromAsync(runPlan(plan(30_000, 400), request('hi'), 'silent-2', signal))
    expect(batches.at(-1)?.events.at(-1)).toMatchObject({ type: 'error', error: { code: 'timeout' } })
    const asked = await world.upstream.turn(0)
    await asked.closed
    expect(asked.outcome).toBe('dropped')
  })
})

describe('tools', () => {
  test.each(['google_web_search', 'run_shell_command', 'made_up'])('a call of %s ends the turn', async (name) => {
    const call = { name, arguments: { query: 'x', command: 'touch /tmp/never', dir_path: '/' } }
    world.upstream.next(toolCalls([call], { text: ['Let me see.'] }))
    const error = await failureOf(world.driver, request('hi'))
    expect(error).toMatchObject({ code: 'provider_error', message: expect.stringMatching(/chat mode forbids/) })
    // Neither the tool nor a second round asked anybody.
    expect(world.upstream.requests).toHaveLength(1)
  })

  test('with the web allowed, the CLI searches and answers', async () => {
    await using web = await geminiWorld({ web: true })
    web.upstream.next(toolCalls([{ name: 'google_web_search', arguments: { query: 'x' } }], { text: ['Let me see. '] }))
    web.upstream.next(text('found'), text('It is so.'))
    expect(textOf(await answerTo(web.driver, request('hi')))).toBe('Let me see. It is so.')
    expect(web.upstream.requests).toHaveLength(3)
    web.upstream.reset()
    web.upstream.next(toolCalls([{ name: 'run_shell_command', arguments: { command: 'ls' } }]))
    web.upstream.next(text('There is no such tool.'))
    await answerTo(web.driver, request('hi'))
    const [, second] = web.upstream.turns
    expect(second?.body).toContain('not found')
  })
})

test('a turn that would go on without end is stopped', async () => {
  await using web = await geminiWorld({ web: true })
  web.upstream.default = toolCalls([{ name: 'google_web_search', arguments: { query: 'x' } }])
  expect(await failureOf(web.driver, request('hi'))).toMatchObject({
    code: 'provider_error',
    message: expect.stringMatching(/once more/),
  })
  // A request of the CLI and one of its search, for each round.
  expect(web.upstream.requests.length).toBeLessThanOrEqual(50)
})

describe('where it cannot start', () => {
  test('nothing listens where the service should be', async () => {
    const environment = { GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:1' }
    await using deaf = await geminiWorld({ environment })
    expect(await failureOf(deaf.driver, request('hi'))).toMatchObject({ code: 'provider_error', status: 502 })
  })

  test('it is not installed', async () => {
    await using missing = await geminiWorld({ executable: '/nowhere/gemini' })
    expect(await failureOf(missing.driver, request('hi'))).toMatchObject({ code: 'provider_unavailable', status: 503 })
    expect(await missing.driver.status(signal)).toMatchObject({
      state: 'not-installed',
      fix: 'npm install -g @google/gemini-cli',
    })
  })

  test('nobody is logged in', async () => {
    await using out = await geminiWorld({ environment: { GEMINI_API_KEY: undefined } })
    expect(await failureOf(out.driver, request('hi'))).toMatchObject({ code: 'provider_login_required', status: 401 })
    expect(await out.driver.status(signal)).toMatchObject({ state: 'not-logged-in', fix: 'gemini', version: '0.61.0' })
    expect(out.driver.processes()).toEqual([])
  })

  test('the stored login is of no use', async () => {
    const settings = JSON.stringify({ security: { auth: { selectedType: 'oauth-personal' } } })
    const login = JSON.stringify({ access_token: 'x', refresh_token: 'y', expiry_date: 1 })
    const user = { 'settings.json': settings, 'oauth_creds.json': login }
    await using expired = await geminiWorld({ user, environment: { GEMINI_API_KEY: undefined } })
    const since = performance.now()
    expect(await failureOf(expired.driver, request('hi'))).toMatchObject({
      code: 'provider_login_required',
      status: 401,
    })
    // The CLI would wait for a code that nobody types.
    expect(performance.now() - since).toBeLessThan(15_000)
    expect(await Bun.file(join(expired.home, '.gemini/oauth_creds.json')).text()).toBe(login)
    expect(await Bun.file(join(expired.home, '.gemini/settings.json')).text()).toBe(settings)
  })

  test('a shim that looks for it on PATH is as good', async () => {
    await using helper = await geminiWorld({ pool: { warm: 0 } })
    const path = join(helper.home, 'gemini-shim')
    writeFileSync(path, `#!/bin/sh\nexec env node '${realCli('gemini')}' "$@"\n`)
    await chmod(path, 0o755)
    await using shimmed = await geminiWorld({ executable: path })
    expect(textOf(await answerTo(shimmed.driver, request('hi')))).toBe('Hello from the simulated model.')
    expect(await shimmed.driver.status(signal)).toMatchObject({ state: 'ready', version: undefined })
  })

  test('a program that is something else', async () => {
    await using other = await geminiWorld({ pool: { warm: 0 } })
    const path = join(other.home, 'gemini-else')
    writeFileSync(path, '#!/bin/sh\necho Hello\nexit 3\n')
    await chmod(path, 0o755)
    await using wrong = await geminiWorld({ executable: path })
    const error = await failureOf(wrong.driver, request('hi'))
    expect(error).toMatchObject({ code: 'provider_unavailable', status: 503 })
    expect(await wrong.driver.status(signal)).toMatchObject({ state: 'degraded' })
  })
})
