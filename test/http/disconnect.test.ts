// A client that leaves takes its turn with it, whatever state the request is in.
import { describe, expect, test } from 'bun:test'
import { aborted, eventually, gate } from './gate.ts'
import { post, rawClient } from './raw-client.ts'
import { CHAT, delta, ending, listening, opening, silent } from './world.ts'

const STREAM = { ...CHAT, stream: true }

describe('trap: a client that leaves', () => {
  test('in the middle of a stream aborts the turn at once and is logged once', async () => {
    const gone = gate()
    await using world = listening({
      async *run(_, signal) {
        yield [...opening(), ...delta('first')]
        await aborted(signal)
        gone.open()
      },
    })
    const line = world.nextLine()
    const client = rawClient(world.port)
    client.send(post(STREAM))
    await client.until('first')
    const left = performance.now()
    client.kill()
    await gone.opened
    expect(performance.now() - left).toBeLessThan(200)
    expect(await line).toMatchObject({ status: 200, aborted: true, stream: true })
    expect(world.lines).toHaveLength(1)
    expect(world.gateway.drain.active()).toBe(0)
  })

  test.each([
    ['whole answer', CHAT],
    ['stream', STREAM],
  ])('before the first byte of a %s', async (_, body) => {
    const begun = gate()
    const gone = gate()
    await using world = listening({
      run: silent(async (signal) => {
        begun.open()
        await aborted(signal)
        gone.open()
      }),
    })
    const line = world.nextLine()
    const client = rawClient(world.port)
    client.send(post(body))
    await begun.opened
    client.kill()
    await gone.opened
    expect(await line).toMatchObject({ status: 499, aborted: true })
    expect(world.lines).toHaveLength(1)
  })

  test('while its images are fetched', async () => {
    const begun = gate()
    const gone = gate()
    await using world = listening({
      async prepare(request, signal) {
        begun.open()
        await aborted(signal)
        gone.open()
        return request
      },
    })
    const line = world.nextLine()
    const client = rawClient(world.port)
    client.send(post(STREAM))
    await begun.opened
    client.kill()
    await gone.opened
    expect(await line).toMatchObject({ aborted: true })
  })

  test('in the middle of its body costs nothing but a log line', async () => {
    await using world = listening()
    const line = world.nextLine()
    const client = rawClient(world.port)
    client.send(post(STREAM).slice(0, -5))
    await eventually(() => world.gateway.drain.active() === 1)
    client.kill()
    expect(await line).toMatchObject({ error: 'client_closed_request', status: 499 })
    expect(world.failures).toEqual([])
  })

  test('with a half-close (FIN behind the request) counts as gone', async () => {
    await using world = listening({
      async *run(_, signal) {
        yield opening()
        await aborted(signal)
      },
    })
    const line = world.nextLine()
    const client = rawClient(world.port)
    client.send(post(STREAM))
    await client.until('data:')
    client.socket.end()
    expect(await line).toMatchObject({ aborted: true })
  })

  test('without reading what was sent: resets in the middle of a flood harm nobody', async () => {
    await using world = listening({
      async *run() {
        yield opening()
        const text = 'x'.repeat(32_768)
        for (let count = 0; count < 10_000; count++) yield delta(text)
        yield ending()
      },
    })
    const clients = Array.from({ length: 20 }, () => rawClient(world.port))
    const all = Promise.all(clients.map(() => world.nextLine()))
    for (const client of clients) client.send(post(STREAM))
    for (const client of clients) {
      await client.until('xxxx')
      client.kill()
    }
    const lines = await all
    expect(lines.every((line) => line.aborted)).toBe(true)
    expect(world.gateway.drain.active()).toBe(0)
    expect((await fetch(new URL('/health', world.url))).status).toBe(200)
    expect(world.failures).toEqual([])
  })
})
