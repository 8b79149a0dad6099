// Time to the first token: the CLI alone and cold, cligate cold, cligate warm; one interleaved run, so that all of them
// meet the same weather. The simulated API answers at once, so what is measured is what each way adds.
// Usage: bun bench/first-token.ts [rounds]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { timeStream } from './client.ts'
import { machine, median, percentile, table } from './report.ts'
import { CLAUDE, cleanEnvironment, startCligate, startUpstreamProcess } from '../test/support/cligate.ts'

const rounds = Number(process.argv[2] ?? 20)
const SYSTEM = 'You are a terse assistant who answers in one sentence.'
const MODEL = 'claude-haiku-4-5'

const upstream = await startUpstreamProcess()
const claude = (warm: object) => ({ providers: { claude: { path: CLAUDE, warm } }, log: { level: 'warn' } })
const cold = await startCligate({ config: claude({ size: 0, max: 0 }), upstreamUrl: upstream.url })
const warm = await startCligate({ config: claude({ size: 3, max: 8 }), upstreamUrl: upstream.url })
const home = mkdtempSync(join(tmpdir(), 'cligate-bench-cli-'))

/** The CLI as its manual says, one process for one prompt; the time to its first text delta on stdout. */
async function cliAlone(): Promise<number> {
  const started = performance.now()
  const args = ['-p', '--output-format', 'stream-json', '--verbose', '--include-partial-messages', '--model', MODEL]
  const child = Bun.spawn([CLAUDE, ...args, '--tools=', '--system-prompt', SYSTEM, 'Say hello.'], {
    cwd: home,
    env: cleanEnvironment(upstream.url, home),
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
  })
  let text = ''
  let first = Number.NaN
  for await (const chunk of child.stdout) {
    text += new TextDecoder().decode(chunk)
    if (Number.isNaN(first) && text.includes('"text_delta"')) first = performance.now() - started
  }
  await child.exited
  return first
}

const chat = (url: string, system: string, model = MODEL) =>
  timeStream(url, {
    model,
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: 'Say hello.' },
    ],
  }).then((timing) => timing.firstTokenMs)

const settle = () => Bun.sleep(1200)
const times: Record<string, number[]> = { alone: [], cold: [], fresh: [], recurring: [], eight: [] }

await settle()
for (let warmUp = 0; warmUp < 6; warmUp++) {
  await chat(warm.url, SYSTEM)
  await settle()
}
for (let round = 0; round < rounds; round++) {
  times.alone!.push(await cliAlone())
  times.cold!.push(await chat(cold.url, SYSTEM))
  await settle()
  times.fresh!.push(
    await chat(warm.url, `Never seen before, number ${round}.`, round % 2 ? 'claude-opus-4-5' : 'claude-sonnet-4-5'),
  )
  await settle()
  times.recurring!.push(await chat(warm.url, SYSTEM))
  await settle()
  times.recurring!.push(await chat(warm.url, SYSTEM))
  await settle()
}

const eight = await startCligate({ config: claude({ size: 8, max: 8 }), upstreamUrl: upstream.url })
await Bun.sleep(6000)
for (let round = 0; round < Math.max(3, rounds / 5); round++) {
  const all = await Promise.all(Array.from({ length: 8 }, (_, turn) => chat(eight.url, `Turn ${round}.${turn}`)))
  times.eight!.push(...all)
  await Bun.sleep(6000)
}

const base = median(times.alone!)
const row = (name: string, values: number[]) => [
  name,
  median(values),
  percentile(values, 0.95),
  median(values) / base,
  String(values.length),
]
console.log(machine())
table(
  'Time to first token, Claude Code (milliseconds)',
  ['way', 'p50', 'p95', 'ratio to the CLI alone', 'runs'],
  [
    row('the CLI alone, cold', times.alone!),
    row('cligate cold (no stock)', times.cold!),
    row('cligate warm, model and system prompt never seen', times.fresh!),
    row('cligate warm, recurring', times.recurring!),
    row('cligate warm, 8 at once', times.eight!),
  ],
)

await Promise.all([cold.stop(), warm.stop(), eight.stop()])
await upstream.stop()
rmSync(home, { recursive: true, force: true })
