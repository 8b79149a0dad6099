// How long the compiled binary takes from its start to its first answer, beside the same from source.
// Usage: bun bench/binary.ts [runs]
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { machine, median, percentile, table } from './report.ts'

const runs = Number(process.argv[2] ?? 20)
const folder = mkdtempSync(join(tmpdir(), 'cligate-bench-binary-'))
const built = Bun.spawnSync([process.execPath, 'scripts/build.ts', '--out', folder])
if (built.exitCode !== 0) throw new Error(built.stderr.toString())
const binary = join(folder, 'cligate')

const WAYS: Record<string, string[]> = {
  'the compiled binary': [binary],
  'from source': [process.execPath, join(import.meta.dir, '../src/cli.ts')],
}
/** One above the other: a port that is free now may be taken in a moment. */
let port = 18_000

/** Milliseconds from the spawn to the whole answer of a demo model. */
async function firstAnswer(command: string[]): Promise<number> {
  const home = mkdtempSync(join(folder, 'home-'))
  port += 1
  const started = performance.now()
  const child = Bun.spawn([...command, '--port', String(port), '--log-level', 'silent'], {
    cwd: home,
    // No CLI is found, so that nothing is warmed up meanwhile.
    env: { PATH: '/nowhere', HOME: home },
    stdout: 'ignore',
    stderr: 'ignore',
  })
  const body = JSON.stringify({ model: 'demo/echo', messages: [{ role: 'user', content: 'Hi' }] })
  const ask = () =>
    fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    }).then(
      (answer) => answer.text(),
      () => undefined,
    )
  while ((await ask()) === undefined) await Bun.sleep(1)
  const took = performance.now() - started
  child.kill('SIGKILL')
  await child.exited
  return took
}

const times: Record<string, number[]> = {}
for (let run = 0; run < runs; run++) {
  for (const [name, command] of Object.entries(WAYS)) (times[name] ??= []).push(await firstAnswer(command))
}
const base = median(times['from source'] ?? [])
console.log(machine())
table(
  'Start to first answer (milliseconds)',
  ['way', 'p50', 'p95', 'ratio', 'runs'],
  Object.entries(times).map(([name, all]) => [name, median(all), percentile(all, 95), median(all) / base, all.length]),
)
console.log(`\nSize of the binary: ${(statSync(binary).size / 1e6).toFixed(1)} MB`)
rmSync(folder, { recursive: true })
