// Bodies within the limit of bytes that are out of all proportion in another way: refused at once, and nobody else waits.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { residentMemory, startCligate, type RunningCligate } from '../support/cligate.ts'

let gate: RunningCligate
beforeAll(async () => {
  gate = await startCligate({ config: { providers: { claude: { enabled: false } } } })
}, 30_000)
afterAll(async () => {
  await gate?.stop()
})

const repeated = (count: number, text: (place: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join()
const START = '{"model":"demo/echo","messages":[{"role":"user","content":"hi"}],'
const messages = (items: string) => `{"model":"demo/echo","messages":[${items}]}`
const parts = (items: string) => messages(`{"role":"user","content":[${items}]}`)

const BODIES: [name: string, body: () => string, param: string | null][] = [
  ['nesting', () => `${START}"x":${'['.repeat(5e6)}${']'.repeat(5e6)}}`, null],
  ['brackets that are never closed', () => '['.repeat(2e7), null],
  ['fields', () => `${START}${repeated(1e6, (i) => `"k${i}":1`)}}`, null],
  ['messages beyond all values', () => messages(repeated(6e5, () => '{"role":"user","content":""}')), null],
  ['messages', () => messages(repeated(5e4, () => '{"role":"user","content":""}')), 'messages'],
  ['parts', () => parts(repeated(5e4, () => '{"type":"text","text":""}')), 'messages[0].content'],
]

test.each(BODIES)(
  'too many: %s',
  async (_, make, param) => {
    const body = make()
    let worst = 0
    const over = new AbortController()
    const others = async () => {
      while (!over.signal.aborted) {
        const asked = performance.now()
        await (await fetch(`${gate.url}/health`)).text()
        worst = Math.max(worst, performance.now() - asked)
        await Bun.sleep(10)
      }
    }
    const waiting = others()
    const response = await fetch(`${gate.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    const text = await response.text()
    over.abort()
    await waiting
    expect({ status: response.status, param: JSON.parse(text).error.param }).toEqual({ status: 400, param })
    expect(text.length).toBeLessThan(600)
    expect(worst).toBeLessThan(1000)
    expect(await residentMemory(gate.pid)).toBeLessThan(600e6)
  },
  30_000,
)
