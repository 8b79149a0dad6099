// Time to the first token, for each CLI: the CLI alone and cold, cligate cold, cligate warm; one interleaved run, so that all
// of them meet the same weather. The simulated API answers at once, so what is measured is what each way adds.
// Usage: bun bench/first-token.ts [rounds] [cli ...]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningCligate, startCligate, startUpstreamProcess } from '../test/support/cligate.ts'
import { type BenchedCli, CLIS } from './clis.ts'
import { timeStream } from './client.ts'
import { machine, median, percentile, table } from './report.ts'

const SYSTEM = 'You are a terse assistant who answers in one sentence.'
/** Time for the stock to be full again, in milliseconds: a caller who asks faster than that meets the cold way. */
const SETTLE = 1200

const [rounds = '20', ...names] = process.argv.slice(2)
const upstream = await startUpstreamProcess()
console.log(machine())

/** The CLI as its manual says, one process for one prompt; the time to its first text on stdout. */
async function alone(cli: BenchedCli): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), 'cligate-bench-cli-'))
  const { command, env, first } = cli.alone(upstream.url, home)
  const started = performance.now()
  const child = Bun.spawn(command, {
    cwd: home,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
  })
  let text = ''
  let time = Number.NaN
  for await (const chunk of child.stdout) {
    text += new TextDecoder().decode(chunk)
    if (Number.isNaN(time) && first.test(text)) time = performance.now() - started
  }
  await child.exited
  rmSync(home, { recursive: true, force: true })
  if (Number.isNaN(time)) throw new Error(`${cli.name} alone gave no text: ${text.slice(0, 500)}`)
  return time
}

async function ask(gate: RunningCligate, cli: BenchedCli, system: string): Promise<number> {
  const messages = [
    { role: 'system', content: system },
    { role: 'user', content: 'Say hello.' },
  ]
  return (await timeStream(gate.url, { model: cli.model, messages })).firstTokenMs
}

/** cligate with this CLI and no other. */
async function start(cli: BenchedCli, section: object): Promise<RunningCligate> {
  const others = Object.fromEntries(CLIS.map(({ name }) => [name, { enabled: false }]))
  const config = { providers: { ...others, [cli.name]: section }, log: { level: 'warn' } }
  return await startCligate({ upstreamUrl: upstream.url, config })
}

for (const cli of CLIS.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const warm = await start(cli, cli.section(upstream.url, true))
  await Bun.sleep(4000)
  for (let warmUp = 0; warmUp < 5; warmUp++) {
    await ask(warm, cli, SYSTEM)
    await Bun.sleep(SETTLE)
  }
  let cold = await start(cli, cli.section(upstream.url, false))
  await ask(cold, cli, SYSTEM)
  const times = {
    alone: [] as number[],
    cold: [] as number[],
    fresh: [] as number[],
    recurring: [] as number[],
    eight: [] as number[],
  }
  for (let round = 0; round < Number(rounds); round++) {
    times.alone.push(await alone(cli))
    // Every cold request is the first of its server, which has nothing started ahead; its self-test was done before.
    cold.kill('SIGTERM')
    cold = await cold.restart()
    times.cold.push(await ask(cold, cli, SYSTEM))
    await Bun.sleep(SETTLE)
    times.fresh.push(await ask(warm, cli, `Never seen before, number ${round}.`))
    await Bun.sleep(SETTLE)
    times.recurring.push(await ask(warm, cli, SYSTEM))
    await Bun.sleep(SETTLE)
  }
  await warm.stop()
  await cold.stop()

  const section = cli.section(upstream.url, true) as { warm: unknown }
  const many = typeof section.warm === 'object' ? { ...section, warm: { size: 8, max: 8 } } : section
  const eight = await start(cli, many)
  await Bun.sleep(cli.name === 'gemini' ? 20_000 : 8000)
  for (let round = 0; round < 4; round++) {
    const all = Array.from({ length: 8 }, (_, turn) => ask(eight, cli, `Turn ${round}.${turn}`))
    times.eight.push(...(await Promise.all(all)))
    await Bun.sleep(8000)
  }
  await eight.stop()

  const base = median(times.alone)
  const row = (way: string, values: number[]) => [
    way,
    median(values),
    percentile(values, 0.95),
    median(values) / base,
    String(values.length),
  ]
  table(
    `Time to the first token, ${cli.name} (milliseconds)`,
    ['way', 'p50', 'p95', 'ratio to the CLI alone', 'runs'],
    [
      row('the CLI alone, cold', times.alone),
      row('cligate, cold', times.cold),
      row('cligate, warm, system prompt never seen', times.fresh),
      row('cligate, warm, recurring', times.recurring),
      row('cligate, warm, 8 at once', times.eight),
    ],
  )
}
await upstream.stop()
