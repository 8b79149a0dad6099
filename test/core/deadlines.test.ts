import { afterEach, beforeEach, describe, expect, jest, test } from 'bun:test'
import { withDeadlines } from '../../src/core/deadlines.ts'
import { GatewayError } from '../../src/core/error.ts'
import type { Batch } from '../../src/core/event.ts'
import { NO_LIMITS } from './samples.ts'

const batch: Batch = [{ type: 'raw', line: 'x' }]
const LIMITS = { firstEvent: 1_000, betweenEvents: 200, total: 10_000 }

beforeEach(() => void jest.useFakeTimers())
afterEach(() => {
  const left = jest.getTimerCount()
  jest.useRealTimers()
  expect(left, 'timers left over').toBe(0)
})

/** A provider that answers when told to and listens to no signal. */
function deafProvider() {
  let waiting: PromiseWithResolvers<IteratorResult<Batch>> | undefined
  const iterator = {
    closed: false,
    next: () => (waiting = Promise.withResolvers<IteratorResult<Batch>>()).promise,
    return: () => {
      iterator.closed = true
      return new Promise<IteratorResult<Batch>>(() => {})
    },
    give: () => waiting!.resolve({ done: false, value: batch }),
    end: () => waiting!.resolve({ done: true, value: undefined }),
    fail: (error: Error) => waiting!.reject(error),
    [Symbol.asyncIterator]: () => iterator,
  }
  return iterator
}

async function outcome(next: Promise<unknown>): Promise<unknown> {
  return next.catch((error: unknown) => error)
}

describe('withDeadlines', () => {
  test('the first event has a limit of its own', async () => {
    const turn = new AbortController()
    const provider = deafProvider()
    const next = outcome(withDeadlines(provider, LIMITS, turn).next())
    jest.advanceTimersByTime(999)
    expect(turn.signal.aborted).toBe(false)
    jest.advanceTimersByTime(1)
    const error = (await next) as GatewayError
    expect(error).toBeInstanceOf(GatewayError)
    expect([error.code, error.status, error.message]).toEqual(['timeout', 504, 'The provider sent nothing within 1 s.'])
    expect(turn.signal.reason).toBe(error)
    expect(provider.closed).toBe(true)
  })

  test('each later event has its limit, counted anew', async () => {
    const provider = deafProvider()
    const batches = withDeadlines(provider, LIMITS, new AbortController())
    for (let count = 0; count < 5; count += 1) {
      const next = batches.next()
      jest.advanceTimersByTime(150)
      provider.give()
      expect((await next).value).toBe(batch)
    }
    const next = outcome(batches.next())
    jest.advanceTimersByTime(200)
    expect(String(await next)).toContain('sent nothing more within 0.2 s')
  })

  test('the time that a slow reader takes is not the provider’s silence', async () => {
    const turn = new AbortController()
    const provider = deafProvider()
    const batches = withDeadlines(provider, { ...LIMITS, total: 0 }, turn)
    const first = batches.next()
    provider.give()
    await first
    jest.advanceTimersByTime(3_600_000)
    expect(turn.signal.aborted).toBe(false)
    const second = batches.next()
    provider.give()
    expect((await second).value).toBe(batch)
    const end = batches.next()
    provider.end()
    await end
  })

  test('the total runs on while the reader stalls, and frees the provider without being read', async () => {
    const turn = new AbortController()
    const provider = deafProvider()
    const batches = withDeadlines(provider, LIMITS, turn)
    const first = batches.next()
    provider.give()
    await first
    jest.advanceTimersByTime(9_999)
    expect(turn.signal.aborted).toBe(false)
    jest.advanceTimersByTime(1)
    expect(turn.signal.reason).toMatchObject({ code: 'timeout', message: 'The provider did not finish within 10 s.' })
    expect(await outcome(batches.next())).toBe(turn.signal.reason)
  })

  test('the total ends a provider that is never silent', async () => {
    const provider = deafProvider()
    const batches = withDeadlines(provider, LIMITS, new AbortController())
    let last: unknown
    for (let count = 0; count < 200; count += 1) {
      const next = outcome(batches.next())
      jest.advanceTimersByTime(100)
      provider.give()
      last = await next
      if (last instanceof Error) break
    }
    expect(String(last)).toContain('did not finish within 10 s')
  })

  test('0 means no limit', async () => {
    const provider = deafProvider()
    const batches = withDeadlines(provider, NO_LIMITS, new AbortController())
    const next = batches.next()
    expect(jest.getTimerCount()).toBe(0)
    jest.advanceTimersByTime(86_400_000)
    provider.give()
    expect((await next).value).toBe(batch)
    await batches.return(undefined)
  })

  test('an abort ends the reading at once, with its reason, also where the provider is deaf', async () => {
    const turn = new AbortController()
    const provider = deafProvider()
    const next = outcome(withDeadlines(provider, LIMITS, turn).next())
    const reason = new Error('The caller left.')
    turn.abort(reason)
    expect(await next).toBe(reason)
    expect(provider.closed).toBe(true)
  })

  test('the timeout is what is thrown, whatever the cancelled provider says first', async () => {
    const turn = new AbortController()
    const provider = deafProvider()
    turn.signal.addEventListener('abort', () => provider.fail(new Error('killed')))
    const next = outcome(withDeadlines(provider, LIMITS, turn).next())
    jest.advanceTimersByTime(1_000)
    expect(await next).toMatchObject({ code: 'timeout' })
  })

  test('what the provider throws passes through', async () => {
    const provider = deafProvider()
    const next = outcome(withDeadlines(provider, LIMITS, new AbortController()).next())
    const error = new GatewayError('overloaded', 'Too much.')
    provider.fail(error)
    expect(await next).toBe(error)
  })

  test('a provider that never finishes its cleaning up holds nobody', async () => {
    const provider = deafProvider()
    const batches = withDeadlines(provider, LIMITS, new AbortController())
    const first = batches.next()
    provider.give()
    await first
    expect((await batches.return(undefined)).done).toBe(true)
    expect(provider.closed).toBe(true)
  })
})
