import { expect, test } from 'bun:test'
import { orAbort } from '../../src/core/or-abort.ts'

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  )

test('settles as the promise does', async () => {
  const { signal } = new AbortController()
  expect(await orAbort(Promise.resolve(1), signal)).toBe(1)
  expect(await failureOf(orAbort(Promise.reject(new Error('no')), signal))).toEqual(new Error('no'))
})

test('rejects with the reason of the abort, at once; what the promise does later is nobody’s concern', async () => {
  const stop = new AbortController()
  const { promise, reject } = Promise.withResolvers<void>()
  const waiting = failureOf(orAbort(promise, stop.signal))
  stop.abort(new Error('left'))
  expect(await waiting).toEqual(new Error('left'))
  reject(new Error('too late'))
  await Bun.sleep(5)
})

test('an abort that has been is enough, and the promise may still fail', async () => {
  const failing = Bun.sleep(5).then(() => Promise.reject(new Error('too late')))
  expect(await failureOf(orAbort(failing, AbortSignal.abort(new Error('left'))))).toEqual(new Error('left'))
  await Bun.sleep(10)
})
