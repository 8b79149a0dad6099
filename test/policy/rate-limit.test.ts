import { describe, expect, test } from 'bun:test'
import { clientAddress } from '../../src/policy/client-address.ts'
import { endpointClass } from '../../src/policy/endpoint-class.ts'
import { createRateLimit, type RateCounters } from '../../src/policy/rate-limit.ts'

const perMinute = { chat: 2, debug: 1, auth: 2, session: 5, health: 5, general: 5 }
const limited = async () => {
  const limit = await createRateLimit({ enabled: true, perMinute })
  if (!limit) throw new Error('no limit')
  return limit
}
const chat = ['POST', '/v1/chat/completions'] as const

describe('requests a minute', () => {
  test('are counted down, then refused until the window is over', async () => {
    const limit = await limited()
    expect(await limit.count(['a'], ...chat)).toEqual({ limit: 2, remaining: 1, resetSeconds: 60 })
    expect(await limit.count(['a'], ...chat)).toMatchObject({ remaining: 0 })
    const refused = await limit.count(['a'], ...chat).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'rate_limit_exceeded', status: 429 })
    const { retryAfter } = refused as { retryAfter: number }
    expect(retryAfter).toBeGreaterThan(50)
    expect(retryAfter).toBeLessThanOrEqual(60)
  })

  test('of one caller are not those of another, nor those of another kind', async () => {
    const limit = await limited()
    await limit.count(['a'], ...chat)
    await limit.count(['a'], ...chat)
    expect(await limit.count(['b'], ...chat)).toMatchObject({ remaining: 1 })
    expect(await limit.count(['a'], 'GET', '/v1/models')).toMatchObject({ limit: 5, remaining: 4 })
  })

  test('of a key and of an address both count; the nearer limit is told', async () => {
    const limit = await limited()
    await limit.count(['address', 'key 1'], ...chat)
    expect(await limit.count(['address', 'key 2'], ...chat)).toMatchObject({ remaining: 0 })
    expect(limit.count(['address', 'key 3'], ...chat)).rejects.toMatchObject({ code: 'rate_limit_exceeded' })
  })

  test('with wrong keys are refused by themselves', async () => {
    const limit = await limited()
    await limit.countFailure('a')
    await limit.countFailure('a')
    expect(limit.countFailure('a')).rejects.toMatchObject({ status: 429 })
    expect(await limit.count(['a'], ...chat)).toMatchObject({ remaining: 1 })
  })

  test('are counted on by the next limiter, with its own limits', async () => {
    const counters: RateCounters = new Map()
    const next = (limit: number) =>
      createRateLimit({ enabled: true, perMinute: { ...perMinute, chat: limit } }, counters)
    const [first, same] = [await next(2), await next(2)]
    await first?.count(['a'], ...chat)
    expect(await same?.count(['a'], ...chat)).toMatchObject({ limit: 2, remaining: 0 })
    const wider = await next(4)
    expect(await wider?.count(['a'], ...chat)).toMatchObject({ limit: 4, remaining: 1 })
    const narrower = await next(2)
    expect(narrower?.count(['a'], ...chat)).rejects.toMatchObject({ code: 'rate_limit_exceeded' })
    expect(await narrower?.count(['b'], ...chat)).toMatchObject({ limit: 2, remaining: 1 })
  })

  test('are not counted where nothing is limited', async () => {
    expect(await createRateLimit({ enabled: false, perMinute })).toBeUndefined()
  })
})

test.each([
  ['POST', '/v1/chat/completions', 'chat'],
  ['POST', '/v1/messages/count_tokens', 'chat'],
  ['POST', '/v1beta/models/x:generateContent', 'chat'],
  ['GET', '/v1/models', 'general'],
  ['GET', '/v1/models/a/b', 'general'],
  ['GET', '/health', 'health'],
  ['GET', '/health/ready', 'health'],
  ['GET', '/healthy', 'general'],
  ['GET', '/v1/auth/status', 'auth'],
  ['POST', '/v1/compatibility', 'debug'],
  ['GET', '/v1/responses/resp_1', 'session'],
  ['POST', '/v1/responses', 'chat'],
] as const)('%s %s is %s', (method, path, expected) => {
  expect(endpointClass(method, path)).toBe(expected)
})

describe('where a request comes from', () => {
  test.each([
    ['1.2.3.4', null, [], '1.2.3.4'],
    ['1.2.3.4', '9.9.9.9', [], '1.2.3.4'],
    ['1.2.3.4', '9.9.9.9', ['5.6.7.8'], '1.2.3.4'],
    ['10.0.0.1', '9.9.9.9', ['10.0.0.0/8'], '9.9.9.9'],
    ['10.0.0.1', '6.6.6.6, 9.9.9.9, 10.0.0.2', ['10.0.0.0/8'], '9.9.9.9'],
    ['10.0.0.1', 'evil, 10.0.0.2', ['10.0.0.0/8'], '10.0.0.2'],
    ['10.0.0.1', '', ['10.0.0.0/8'], '10.0.0.1'],
    ['::ffff:10.0.0.1', '9.9.9.9', ['10.0.0.1'], '9.9.9.9'],
    ['2001:db8:1:2:3:4:5:6', null, [], '2001:db8:1:2::/64'],
    ['2001:db8:1:2:aaaa::1', null, [], '2001:db8:1:2::/64'],
    ['fd00::1', '9.9.9.9', ['fd00::/8'], '9.9.9.9'],
  ] as const)('%s with %j, trusting %j: %s', (socket, forwarded, trusted, expected) => {
    expect(clientAddress(socket, forwarded, trusted)).toBe(expected)
  })
})
