// The stream by itself, without a socket: what happens when nobody reads, and when parts of it fail.
import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/core/error.ts'
import type { ChoiceBatch } from '../../src/core/event.ts'
import type { StreamEncoder } from '../../src/dialects/dialect.ts'
import { eventStream, type EventStreamOptions } from '../../src/http/event-stream.ts'
import { gate } from './gate.ts'
import { delta } from './world.ts'

const OPTIONS: EventStreamOptions = { headAfterMs: 1000, keepAliveMs: 1000 }

/** A client that notes what it is told, in order. */
function listener() {
  const calls: string[] = []
  const left = gate()
  return {
    calls,
    left: left.opened,
    begin: () => void calls.push('begin'),
    fail: (error: GatewayError) => void calls.push(`fail ${error.code}`),
    leave: () => {
      calls.push('leave')
      left.open()
    },
    end: () => void calls.push('end'),
  }
}

const plain: StreamEncoder = {
  push: ({ events }) =>
    events
      .map((event) => (event.type === 'text-delta' ? `data: ${event.text}\n\n` : `data: ${event.type}\n\n`))
      .join(''),
  end: () => 'data: [END]\n\n',
}

const batch = (text: string): ChoiceBatch => ({ choice: 0, events: delta(text) })

async function* batches(...texts: string[]): AsyncGenerator<ChoiceBatch> {
  for (const text of texts) yield batch(text)
}

describe('eventStream', () => {
  test('tells its client of the beginning before the end, whatever there is to send', async () => {
    for (const texts of [[], ['a'], ['a', 'b', 'c']]) {
      const client = listener()
      const response = await eventStream(batches(...texts), plain, client, OPTIONS)
      expect(await response.text()).toBe([...texts, '[END]'].map((text) => `data: ${text}\n\n`).join(''))
      expect(client.calls).toEqual(['begin', 'end'])
    }
  })

  test('nothing follows an error event, not even what ends a stream', async () => {
    async function* source(): AsyncGenerator<ChoiceBatch> {
      yield batch('a')
      yield { choice: 0, events: [{ type: 'error', error: new GatewayError('provider_error', 'gone') }] }
      yield batch('b')
    }
    const client = listener()
    const response = await eventStream(source(), plain, client, OPTIONS)
    expect(await response.text()).toBe('data: a\n\ndata: error\n\n')
    expect(client.calls).toEqual(['begin', 'end'])
  })

  test('reads on when the encoder has nothing to say to a batch', async () => {
    const quiet: StreamEncoder = { ...plain, push: (given) => (given.events[0] === skipped ? '' : plain.push(given)) }
    const skipped = delta('skipped')[0]!
    async function* source(): AsyncGenerator<ChoiceBatch> {
      for (let count = 0; count < 5; count++) yield { choice: 0, events: [skipped] }
      yield batch('said')
    }
    expect(await (await eventStream(source(), quiet, listener(), OPTIONS)).text()).toBe('data: said\n\ndata: [END]\n\n')
  })

  test('a failure that comes while nobody reads is kept for the reader', async () => {
    const go = gate()
    const source = {
      next: async (): Promise<IteratorResult<ChoiceBatch>> => {
        await go.opened
        throw new GatewayError('provider_error', 'too late')
      },
    }
    const client = listener()
    const response = await eventStream(source, plain, client, { ...OPTIONS, headAfterMs: 0 })
    go.open()
    // An unhandled rejection would fail this test here.
    await Bun.sleep(10)
    expect(await response.text()).toBe(':\n\ndata: error\n\n')
    expect(client.calls).toEqual(['begin', 'fail provider_error', 'end'])
  })

  test('an encoder that fails ends the stream, with its error where it can still write one', async () => {
    const broken = (also: boolean): StreamEncoder => ({
      ...plain,
      push: (given) => {
        if (also || given.events[0]?.type !== 'error') throw new Error('broken')
        return plain.push(given)
      },
    })
    for (const [encoder, text] of [
      [broken(false), 'data: error\n\n'],
      [broken(true), ''],
    ] as const) {
      const client = listener()
      const response = await eventStream(batches('a'), encoder, client, OPTIONS)
      expect(await response.text()).toBe(text)
      expect(client.calls).toEqual(['begin', 'fail internal_error', 'end'])
    }
  })

  test('trap: a reader who never comes back is given up, and what runs for him is cancelled', async () => {
    const returned = gate()
    async function* source(): AsyncGenerator<ChoiceBatch> {
      try {
        while (true) yield batch('more')
      } finally {
        returned.open()
      }
    }
    const client = listener()
    const response = await eventStream(source(), plain, client, { ...OPTIONS, keepAliveMs: 10, stallMs: 50 })
    const reader = response.body!.getReader()
    await reader.read()
    await client.left
    await returned.opened
    expect(client.calls).toEqual(['begin', 'leave', 'end'])
    const rest = reader.read().then(() => reader.read())
    expect(await rest.catch((error: Error) => error.message)).toBe('The client does not read.')
  })

  test('a reader who is only slow is not', async () => {
    const response = await eventStream(batches('a', 'b', 'c'), plain, listener(), {
      ...OPTIONS,
      keepAliveMs: 5,
      stallMs: 2000,
    })
    const reader = response.body!.getReader()
    await reader.read()
    await Bun.sleep(50)
    let text = ''
    for (let next = await reader.read(); !next.done; next = await reader.read())
      text += Buffer.from(next.value).toString()
    expect(text).toBe('data: b\n\ndata: c\n\ndata: [END]\n\n')
  })

  test('is cancelled once', async () => {
    const client = listener()
    const response = await eventStream(batches('a', 'b'), plain, client, OPTIONS)
    await response.body!.cancel()
    expect(client.calls).toEqual(['begin', 'leave', 'end'])
  })
})
