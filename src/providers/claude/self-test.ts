// Whether this version of Claude Code still does what is not documented and what the fast way relies on. One process is asked
// through the same code as any turn, against a stand-in for the service, with a dummy key and a folder of its own.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { bootClaude, type Installation } from './boot.ts'
import type { HistoryMode } from './history.ts'
import { prepareClaude } from './prepare.ts'
import { checkAnswer, checkRequests, sampleFor } from './self-test-check.ts'
import { startStandIn } from './self-test-service.ts'
import { runTurn } from './turn.ts'
import { startWarmUpService, type WarmUpService } from './warm-up-service.ts'

/**
 * How a version is driven. `warmed`: all late, in a session that was begun for it, and asked something while it waits. `seeded`:
 * the same without that question. `plain`: all late. `documented`: all at its start, by documented ways alone; slower. `none`:
 * it cannot be told what a turn needs, or adds to it.
 */
export type Way = 'warmed' | 'seeded' | 'plain' | 'documented' | 'none'

/**
 * `failed`: what did not arrive as it was sent the fast way, one short phrase each; nothing where one of the fast ways works.
 * `missed`: what kept it from the best of them. `bare`: its processes are started with `--bare`.
 */
export type SelfTestResult = { way: Way; bare: boolean; failed: readonly string[]; missed: readonly string[] }

/** Many times what it takes, in milliseconds. */
const TIMEOUT = 4_000

/** Finds the best way that works. Takes under a second for a version that can do everything. Rejects when `signal` aborts. */
export async function selfTest(installation: Installation, signal: AbortSignal): Promise<SelfTestResult> {
  let failed: string[] = []
  let missed: string[] | undefined
  for (const { way, bare } of waysOf(installation)) {
    // With the web, no conversation replaces the one in the request.
    const histories = installation.web ? (['replay'] as const) : (['replay', 'exact'] as const)
    const own = { ...installation, bare }
    const results = await Promise.all(histories.map((history) => testOne(own, way, history, signal)))
    failed = [...new Set(results.flat())]
    missed ??= failed
    if (failed.length === 0) return { way, bare, failed, missed }
  }
  const documented = await testOne({ ...installation, bare: false }, 'documented', 'transcript', signal)
  return { way: documented.length === 0 ? 'documented' : 'none', bare: false, failed, missed: missed ?? [] }
}

/** The best first. The last one again: a machine that is busy may fail any test. */
function waysOf({ bare }: Installation): { way: Exclude<Way, 'documented' | 'none'>; bare: boolean }[] {
  const ways = (['warmed', 'seeded', 'plain', 'plain'] as const).map((way) => ({ way, bare: false }))
  return bare ? [{ way: 'warmed', bare: true }, ...ways] : ways
}

async function testOne(
  installation: Installation,
  way: Way,
  history: HistoryMode,
  outer: AbortSignal,
): Promise<string[]> {
  const standIn = startStandIn()
  let isApart = true
  const warmUp = way === 'warmed' ? startWarmUpService(() => (isApart = false)) : undefined
  const home = await installation.sandbox.createFolder()
  const test = new AbortController()
  const leave = () => test.abort(outer.reason)
  const timer = setTimeout(() => test.abort(new Error('no answer in time')), TIMEOUT)
  outer.addEventListener('abort', leave, { once: true })
  try {
    const configDir = join(home.path, 'config')
    mkdirSync(configDir, { mode: 0o700 })
    const env = {
      ANTHROPIC_API_KEY: 'dummy',
      ANTHROPIC_BASE_URL: standIn.url,
      HOME: home.path,
      NO_PROXY: '*',
      no_proxy: '*',
    }
    const own = {
      ...installation,
      seeded: way === 'warmed' || way === 'seeded',
      account: { configDir, env },
      leftovers: { add() {} },
    }
    const { said, called } = await answerOf(own, way, history, warmUp, test.signal)
    return [
      ...checkAnswer(said, called, way),
      ...checkRequests(standIn.asked, way, history, installation),
      ...(isApart ? [] : ['credentials put aside']),
    ]
  } catch (error) {
    outer.throwIfAborted()
    const reason = test.signal.aborted ? test.signal.reason : error
    return [`${history}: ${reason instanceof Error ? reason.message : 'it failed'}`]
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', leave)
    standIn.stop()
    warmUp?.stop()
    await home.remove()
  }
}

async function answerOf(
  installation: Installation,
  way: Way,
  history: HistoryMode,
  warmUp: WarmUpService | undefined,
  signal: AbortSignal,
): Promise<{ said: string; called: string }> {
  const { environment, ...sample } = sampleFor(way)
  const options = way === 'documented' ? { documented: { launch: sample.launch, environment } } : {}
  const process = await bootClaude(installation, options, signal)
  const kill = () => process.kill()
  signal.addEventListener('abort', kill, { once: true })
  try {
    if (warmUp) await prepareClaude(process, { warmUp }, signal)
    let [said, called] = ['', '']
    for await (const batch of runTurn(process, { ...sample, history })) {
      for (const event of batch) {
        if (event.type === 'text-delta') said += event.text
        if (event.type === 'tool-call-start') called += event.name
        if (event.type === 'tool-call-delta') called += event.arguments
      }
    }
    return { said, called }
  } finally {
    signal.removeEventListener('abort', kill)
    await process.dispose()
  }
}
