// 20,000 requests, a tenth of them left in mid-stream: afterwards there is as much memory and as many descriptors in use as before.
// CLIGATE_SOAK_REQUESTS makes it longer.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { request as httpRequest, Agent } from 'node:http'
import { eventually, residentMemory, type RunningCligate } from '../support/cligate.ts'
import { APIS, expectAlive, startHostile } from './hostile-world.ts'
import { descriptorsOf } from './family.ts'

const REQUESTS = Number(process.env['CLIGATE_SOAK_REQUESTS'] ?? 20_000)
const AT_ONCE = 32
const MEGABYTE = 2 ** 20

let gate: RunningCligate
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
beforeAll(async () => {
  gate = await startHostile({ log: { level: 'error' } })
}, 60_000)
afterAll(async () => {
  agent.destroy()
  await gate?.stop()
})

type Kind = { path: string; body: string; leave: boolean }

/** Each tenth request is a long stream that is left; the others take turns at all APIs, whole and streamed. */
function kindOf(number: number): Kind {
  const api = APIS[number % APIS.length]!
  if (number % 10 === 7) {
    const [chat] = APIS as [(typeof APIS)[0]]
    return {
      path: chat.path(''),
      body: JSON.stringify(chat.body('/delay 1 /tokens 5000', { stream: true })),
      leave: true,
    }
  }
  const streamed = number % 3 === 0
  if (api.name === 'gemini') {
    const path = streamed ? '/v1beta/models/demo/echo:streamGenerateContent?alt=sse' : api.path('demo/echo')
    return { path, body: JSON.stringify(api.body(`word ${number}`)), leave: false }
  }
  return {
    path: api.path(''),
    body: JSON.stringify(api.body(`word ${number}`, streamed ? { stream: true } : {})),
    leave: false,
  }
}

/** Resolves with the status, when the answer is whole or has been left. */
function send({ path, body, leave }: Kind): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const sent = httpRequest(gate.url + path, { method: 'POST', agent, headers }, (answer) => {
      const status = answer.statusCode ?? 0
      answer.on('data', () => {
        if (!leave) return
        answer.destroy()
        resolve(status)
      })
      answer.on('end', () => resolve(status))
      answer.on('error', () => resolve(status))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

async function run(count: number): Promise<Map<number, number>> {
  const seen = new Map<number, number>()
  let next = 0
  const worker = async () => {
    while (next < count) {
      const status = await send(kindOf((next += 1)))
      seen.set(status, (seen.get(status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return seen
}

/** The least in some seconds of rest, in which the runtime tidies up: how much lies about just behind a burst is a matter of luck. */
async function settledMemory(): Promise<number> {
  let least = Infinity
  for (let look = 0; look < 10; look += 1) {
    await Bun.sleep(300)
    least = Math.min(least, await residentMemory(gate.pid))
  }
  return least
}

test(`${REQUESTS} requests`, async () => {
  // Until here memory grows by what every program loads and keeps.
  await run(4000)
  const memory = await settledMemory()
  const descriptors = descriptorsOf(gate)
  expect(await run(REQUESTS)).toEqual(new Map([[200, REQUESTS]]))
  agent.destroy()
  await eventually('all connections are closed', () => descriptorsOf(gate) <= descriptors)
  const grown = (await settledMemory()) - memory
  console.log(
    `soak: ${Math.round(memory / MEGABYTE)} MB, and ${Math.round(grown / MEGABYTE)} MB more after ${REQUESTS} requests`,
  )
  // A kilobyte kept of each request would be 20 MB.
  expect(grown).toBeLessThan(24 * MEGABYTE)
  await expectAlive(gate)
  expect(gate.log()).toBe('')
}, 240_000)
