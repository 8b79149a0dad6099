import { describe, expect, test } from 'bun:test'
import { assertOrder } from '../../src/core/assert-order.ts'
import { GatewayError } from '../../src/core/error.ts'
import type { Batch, ChatEvent, ChoiceBatch } from '../../src/core/event.ts'
import { run } from '../../src/core/run.ts'
import type { BatchFilter, RunTurn, Turn } from '../../src/core/turn.ts'
import { batchesOf, chatRequest, NO_LIMITS, planOf, START, textAnswer } from './samples.ts'

const overloaded = new GatewayError('overloaded', 'Too much.')
const never = () => new AbortController().signal

/** Settles when `signal` aborts. */
const abortOf = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))

/** Reads to the end: the batches by choice, and what was thrown. */
async function read(batches: AsyncIterable<ChoiceBatch>) {
  const choices: ChatEvent[][] = []
  let thrown: unknown
  try {
    for await (const { choice, events } of batches) (choices[choice] ??= []).push(...events)
  } catch (error) {
    thrown = error
  }
  return { choices, thrown }
}

describe('one answer', () => {
  test('passes through, batch by batch', async () => {
    const [start, ...rest] = textAnswer('a', 'b')
    const plan = planOf(() => batchesOf([start!], rest))
    const seen: ChoiceBatch[] = []
    for await (const batch of run(plan, chatRequest(), 'id', never())) seen.push(batch)
    expect(seen).toEqual([
      { choice: 0, events: [start!] },
      { choice: 0, events: rest },
    ])
  })

  test('the driver sees the id, the plan’s model and a signal that aborts when the turn is over', async () => {
    let seen: { turn: Turn; signal: AbortSignal } | undefined
    const plan = planOf(
      (turn, signal) => {
        seen = { turn, signal }
        return batchesOf(textAnswer('a'))
      },
      { model: 'real-name' },
    )
    await read(run(plan, chatRequest({ model: 'alias' }), 'turn-7', never()))
    expect(seen?.turn).toMatchObject({ id: 'turn-7', model: 'real-name', request: { model: 'alias', count: 1 } })
    expect(seen?.signal.aborted).toBe(true)
  })

  test('nothing runs before it is read', () => {
    let started = false
    run(
      planOf(() => {
        started = true
        return batchesOf(textAnswer('a'))
      }),
      chatRequest(),
      'id',
      never(),
    )
    expect(started).toBe(false)
  })

  test('the finish event ends it: a provider that lingers, or never cleans up, does not hold it', async () => {
    async function* linger(): AsyncGenerator<Batch> {
      try {
        yield textAnswer('a')
        await new Promise(() => {})
      } finally {
        await new Promise(() => {})
      }
    }
    const { choices, thrown } = await read(run(planOf(linger), chatRequest(), 'id', never()))
    expect(thrown).toBeUndefined()
    expect(choices).toEqual([textAnswer('a')])
  })

  test('an empty batch is swallowed', async () => {
    const plan = planOf(() => batchesOf([], textAnswer('a')))
    const first = await run(plan, chatRequest(), 'id', never()).next()
    expect(first.value).toEqual({ choice: 0, events: textAnswer('a') })
  })

  test('filters run in their order, one set for each choice', async () => {
    let made = 0
    const mark = (letter: string): BatchFilter =>
      async function* (batches) {
        made += 1
        for await (const events of batches) {
          yield events.map((event) =>
            event.type === 'text-delta' ? { type: 'text-delta', block: event.block, text: event.text + letter } : event,
          )
        }
      }
    const plan = planOf(() => batchesOf(textAnswer('-')), { filters: [mark('1'), mark('2')] })
    const { choices } = await read(run(plan, chatRequest({ count: 2 }), 'id', never()))
    expect(choices).toEqual([textAnswer('-12'), textAnswer('-12')])
    expect(made).toBe(4)
  })

  test('a filter that ends early cancels the turn', async () => {
    let closed = false
    const cut: BatchFilter = async function* (batches) {
      for await (const events of batches) {
        yield [...events, { type: 'finish', reason: 'stop' }]
        return
      }
    }
    async function* provider(): AsyncGenerator<Batch> {
      try {
        yield [START]
        yield [{ type: 'raw', line: 'too much' }]
      } finally {
        closed = true
      }
    }
    const { choices } = await read(run(planOf(provider, { filters: [cut] }), chatRequest(), 'id', never()))
    expect(choices).toEqual([[START, { type: 'finish', reason: 'stop' }]])
    expect(closed).toBe(true)
  })
})

describe('failures', () => {
  async function* brokenAfter(events: ChatEvent[], error: unknown = overloaded): AsyncGenerator<Batch> {
    if (events.length > 0) yield events
    throw error
  }

  test('before the first batch: thrown, so that it can be a status', async () => {
    const result = await read(
      run(
        planOf(() => brokenAfter([])),
        chatRequest(),
        'id',
        never(),
      ),
    )
    expect(result).toEqual({ choices: [], thrown: overloaded })
  })

  test('thrown by the call itself, and not by the first batch: the same', async () => {
    const throws: RunTurn = () => {
      throw overloaded
    }
    expect(await read(run(planOf(throws), chatRequest(), 'id', never()))).toEqual({ choices: [], thrown: overloaded })
  })

  test('after the first batch: the last event', async () => {
    const plan = planOf(() => brokenAfter(textAnswer('a').slice(0, 3)))
    const { choices, thrown } = await read(run(plan, chatRequest(), 'id', never()))
    expect(thrown).toBeUndefined()
    expect(choices[0]?.at(-1)).toEqual({ type: 'error', error: overloaded })
    assertOrder(choices[0]!)
  })

  test('what is no GatewayError tells the caller nothing', async () => {
    const plan = planOf(() => brokenAfter([START], new Error('/home/me/secret')))
    const { choices } = await read(run(plan, chatRequest(), 'id', never()))
    const last = choices[0]!.at(-1)!
    expect(last).toMatchObject({ type: 'error', error: { code: 'internal_error' } })
    expect(last.type === 'error' && last.error.message).not.toContain('secret')
  })

  test('an answer without a finish is an error, not a short answer', async () => {
    const plan = planOf(() => batchesOf(textAnswer('a').slice(0, 4)), { provider: 'claude' })
    const { choices } = await read(run(plan, chatRequest(), 'id', never()))
    expect(choices[0]?.at(-1)).toMatchObject({
      type: 'error',
      error: { code: 'provider_error', message: 'claude ended the answer without finishing it.' },
    })
  })

  test('nothing at all is an error that can be a status', async () => {
    const { thrown } = await read(
      run(
        planOf(() => batchesOf()),
        chatRequest(),
        'id',
        never(),
      ),
    )
    expect(thrown).toMatchObject({ code: 'provider_error', status: 502 })
  })

  test('an error event of the provider ends the answer and cancels the turn', async () => {
    let turnSignal: AbortSignal | undefined
    const plan = planOf((_, signal) => {
      turnSignal = signal
      return batchesOf([START], [{ type: 'error', error: overloaded }], [{ type: 'raw', line: 'more' }])
    })
    const { choices } = await read(run(plan, chatRequest(), 'id', never()))
    expect(choices).toEqual([[START, { type: 'error', error: overloaded }]])
    expect(turnSignal?.aborted).toBe(true)
  })
})

describe('several answers', () => {
  test('run side by side, each with an id and a count of 1', async () => {
    const turns: Turn[] = []
    const allStarted = Promise.withResolvers<void>()
    const plan = planOf(async function* (turn) {
      turns.push(turn)
      if (turns.length === 3) allStarted.resolve()
      await allStarted.promise
      yield textAnswer(turn.id)
    })
    const { choices } = await read(run(plan, chatRequest({ count: 3 }), 'id', never()))
    expect(turns.map((turn) => [turn.id, turn.request.count])).toEqual([
      ['id-0', 1],
      ['id-1', 1],
      ['id-2', 1],
    ])
    expect(choices).toEqual([textAnswer('id-0'), textAnswer('id-1'), textAnswer('id-2')])
  })

  test('a failure carries the number of the answer that failed, not of the one that spoke last', async () => {
    const [begun, finished] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const plan = planOf(async function* (turn) {
      if (turn.id === 'id-0') {
        await begun.promise
        yield textAnswer('a')
        return
      }
      yield [START]
      await finished.promise
      throw overloaded
    })
    const choices: ChatEvent[][] = [[], []]
    for await (const { choice, events } of run(plan, chatRequest({ count: 2 }), 'id', never())) {
      choices[choice]!.push(...events)
      if (choice === 1) begun.resolve()
      else finished.resolve()
    }
    for (const events of choices) assertOrder(events)
    expect(choices[1]).toEqual([START, { type: 'error', error: overloaded }])
  })

  test('a failure of one cancels the others', async () => {
    const cancelled = Promise.withResolvers<void>()
    const plan = planOf(async function* (turn, signal) {
      yield [START]
      if (turn.id === 'id-1') throw overloaded
      await abortOf(signal)
      cancelled.resolve()
    })
    const { choices } = await read(run(plan, chatRequest({ count: 2 }), 'id', never()))
    expect(choices.flat().filter((event) => event.type === 'error')).toHaveLength(1)
    await cancelled.promise
  })

  test('the deadline of one is what the caller hears, not how the cancelled others end', async () => {
    const plan = planOf(
      async function* (turn, signal) {
        if (turn.id === 'id-1') yield [START]
        await abortOf(signal)
        throw new Error('killed')
      },
      { timeouts: { ...NO_LIMITS, firstEvent: 20 } },
    )
    const { choices } = await read(run(plan, chatRequest({ count: 2 }), 'id', never()))
    expect(choices.flat().filter((event) => event.type === 'error')).toMatchObject([{ error: { code: 'timeout' } }])
  })
})

describe('the caller leaves', () => {
  test('before it begins: nothing runs, nothing is yielded', async () => {
    const plan = planOf(() => {
      throw new Error('must not run')
    })
    expect(await read(run(plan, chatRequest(), 'id', AbortSignal.abort()))).toEqual({ choices: [], thrown: undefined })
  })

  test('in the middle: the turn is cancelled and no word more comes, also from a provider that is deaf', async () => {
    const caller = new AbortController()
    let turnSignal: AbortSignal | undefined
    const plan = planOf(async function* (_, signal) {
      turnSignal = signal
      yield [START]
      await new Promise(() => {})
    })
    const batches = run(plan, chatRequest(), 'id', caller.signal)
    await batches.next()
    const next = batches.next()
    caller.abort()
    expect(await next).toEqual({ done: true, value: undefined })
    expect(turnSignal?.aborted).toBe(true)
  })

  test('before the first batch: nothing is thrown, for nobody is there to hear it', async () => {
    const caller = new AbortController()
    const plan = planOf(async function* (_, signal): AsyncGenerator<Batch> {
      caller.abort()
      signal.throwIfAborted()
      yield [START]
    })
    expect(await read(run(plan, chatRequest(), 'id', caller.signal))).toEqual({ choices: [], thrown: undefined })
  })

  test('batches that are there already are not yielded any more', async () => {
    const caller = new AbortController()
    const plan = planOf(() => batchesOf([START], textAnswer('late').slice(1)))
    const batches = run(plan, chatRequest(), 'id', caller.signal)
    await batches.next()
    caller.abort()
    expect((await batches.next()).done).toBe(true)
  })

  test('by closing the stream: the turn is cancelled', async () => {
    let turnSignal: AbortSignal | undefined
    const plan = planOf((_, signal) => {
      turnSignal = signal
      return batchesOf([START], textAnswer('a').slice(1))
    })
    for await (const _ of run(plan, chatRequest(), 'id', never())) break
    expect(turnSignal?.aborted).toBe(true)
  })
})

describe('a reader who stalls', () => {
  test('is freed of the provider by the total, and then hears why', async () => {
    const cancelled = Promise.withResolvers<void>()
    const plan = planOf(
      async function* (_, signal) {
        void abortOf(signal).then(cancelled.resolve)
        yield [START]
        yield [{ type: 'raw', line: 'x' }]
      },
      { timeouts: { firstEvent: 0, betweenEvents: 0, total: 20 } },
    )
    const batches = run(plan, chatRequest(), 'id', never())
    await batches.next()
    await cancelled.promise
    expect((await batches.next()).value).toMatchObject({
      choice: 0,
      events: [{ type: 'error', error: { code: 'timeout' } }],
    })
    expect((await batches.next()).done).toBe(true)
  })
})
