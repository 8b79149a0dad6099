// Many streams at once: how long until each has its first token and its last, and what the server holds meanwhile.
// Usage: bun bench/streams.ts
import { type StreamTiming, timeStream } from './client.ts'
import { machine, percentile, table } from './report.ts'
import { CLAUDE, residentMemory, startCligate, startUpstreamProcess } from '../test/support/cligate.ts'

const TOKENS = 100
const DELAY_MS = 10

async function burst(url: string, model: string, content: string, count: number): Promise<StreamTiming[]> {
  return await Promise.all(
    Array.from({ length: count }, () => timeStream(url, { model, messages: [{ role: 'user', content }] })),
  )
}

const rows: (string | number)[][] = []
function record(name: string, count: number, timings: StreamTiming[], ideal: number, memory: number): void {
  const first = timings.map((timing) => timing.firstTokenMs)
  const all = timings.map((timing) => timing.totalMs)
  rows.push([
    name,
    String(count),
    percentile(first, 0.5),
    percentile(first, 0.95),
    percentile(all, 0.5),
    percentile(all, 0.5) / ideal,
    memory / 2 ** 20,
  ])
}

const upstream = await startUpstreamProcess(['--chunks', `${TOKENS}`, '--delay-ms', `${DELAY_MS}`])
const demo = await startCligate({ config: { log: { level: 'info' } } })
for (const count of [1, 8, 50, 200]) {
  await burst(demo.url, 'demo/slow', `/tokens ${TOKENS} /delay ${DELAY_MS}`, Math.min(count, 8))
  const timings = await burst(demo.url, 'demo/slow', `/tokens ${TOKENS} /delay ${DELAY_MS}`, count)
  record('demo', count, timings, TOKENS * DELAY_MS, await residentMemory(demo.pid))
}
await demo.stop()

const claude = { path: CLAUDE, warm: { size: 8, max: 8, max_active: 16, max_queue: 100 } }
const real = await startCligate({
  config: { providers: { claude }, log: { level: 'info' } },
  upstreamUrl: upstream.url,
})
await Bun.sleep(6000)
for (const count of [1, 8, 50]) {
  const timings = await burst(real.url, 'claude-haiku-4-5', 'Say a hundred words.', count)
  record('Claude Code (8 warm, 16 at once)', count, timings, TOKENS * DELAY_MS, await residentMemory(real.pid))
  await Bun.sleep(6000)
}
await real.stop()
await upstream.stop()

console.log(machine())
table(
  `Concurrent streams of ${TOKENS} tokens, ${DELAY_MS} ms apart`,
  ['provider', 'streams', 'first token p50 ms', 'p95 ms', 'whole p50 ms', 'ratio to the ideal', 'server RSS MB'],
  rows,
)
