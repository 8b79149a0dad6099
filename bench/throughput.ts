// Requests a second, and what a request costs beside the smallest possible server; then memory over 10,000 requests.
// The load comes from this process and the servers run in others, so that on two cores each has one.
// Usage: bun bench/throughput.ts [requests]
import { type LoadResult, load } from './client.ts'
import { machine, table } from './report.ts'
import { residentMemory, startCligate } from '../test/support/cligate.ts'

const total = Number(process.argv[2] ?? 50_000)
const body = JSON.stringify({
  model: 'demo/chat',
  messages: [{ role: 'user', content: 'Hello there, how are you today?' }],
})

const gate = await startCligate({ config: { log: { level: 'info', format: 'json' } } })
const path = '/v1/chat/completions'

// The alternative: a server that parses the request and sends the very same bytes back.
const sample = await (
  await fetch(gate.url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
).text()
const code = `const server = Bun.serve({ port: 0, hostname: '127.0.0.1', async fetch(request) { await request.json(); return new Response(${JSON.stringify(sample)}, { headers: { 'content-type': 'application/json' } }) } }); console.log(server.url.href)`
const bare = Bun.spawn(['bun', '-e', code], { stdout: 'pipe' })
const reader = bare.stdout.getReader()
const bareUrl = new TextDecoder().decode((await reader.read()).value).trim()

const options = { connections: 10, total }
await load(gate.url + path, body, { connections: 10, total: 5_000 })
await load(bareUrl, body, { connections: 10, total: 5_000 })
const results: Record<string, LoadResult[]> = { bare: [], gate: [], bareOne: [], gateOne: [] }
for (let round = 0; round < 3; round++) {
  results.bare!.push(await load(bareUrl, body, options))
  results.gate!.push(await load(gate.url + path, body, options))
  results.bareOne!.push(await load(bareUrl, body, { connections: 1, total: 5_000 }))
  results.gateOne!.push(await load(gate.url + path, body, { connections: 1, total: 5_000 }))
}
const best = (runs: LoadResult[]) => runs.toSorted((a, b) => b.perSecond - a.perSecond)[0]!
const row = (name: string, runs: LoadResult[], base: LoadResult[]) => {
  const result = best(runs)
  return [
    name,
    result.perSecond.toFixed(0),
    result.p50Ms,
    result.p99Ms,
    String(result.failed),
    result.perSecond / best(base).perSecond,
  ]
}
console.log(machine())
table(
  'Non-streaming requests, demo provider, access checks and logging on (best of 3)',
  ['server', 'requests/s', 'p50 ms', 'p99 ms', 'failed', 'ratio'],
  [
    row('bare Bun.serve, 10 connections', results.bare!, results.bare!),
    row('cligate, 10 connections', results.gate!, results.bare!),
    row('bare Bun.serve, 1 connection', results.bareOne!, results.bareOne!),
    row('cligate, 1 connection', results.gateOne!, results.bareOne!),
  ],
)
console.log(
  `\nAdded to one request, p50: ${(best(results.gateOne!).p50Ms - best(results.bareOne!).p50Ms).toFixed(3)} ms`,
)

const rows: (string | number)[][] = []
let before = await residentMemory(gate.pid)
for (let step = 1; step <= 5; step++) {
  await load(gate.url + path, body, { connections: 10, total: 10_000 })
  await Bun.sleep(1000)
  const after = await residentMemory(gate.pid)
  rows.push([`${step}0,000 more requests`, after / 2 ** 20, ((after - before) / 10_000).toFixed(0)])
  before = after
}
table('Resident memory', ['after', 'MB', 'bytes a request'], rows)

bare.kill()
await gate.stop()
