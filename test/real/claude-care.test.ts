// What a turn of the real Claude Code takes with it when it goes, and what it may never have had.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { chmod, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { answerTo, failureOf, request, run, textOf, user } from '../providers/claude/requests.ts'
import { claudeWorld, type World } from '../providers/claude/world.ts'
import { eventually } from '../support/cligate.ts'
import { echo } from '../upstream/replies/echo.ts'
import { hang } from '../upstream/replies/faults.ts'
import { ticks } from '../upstream/replies/text.ts'
import { processesUnder } from './harness/processes.ts'
import { realCli } from './harness/real-cli.ts'

setDefaultTimeout(40_000)

/** A program that starts the real CLI with more arguments. */
async function wrapper(home: string, more: string): Promise<string> {
  const path = join(home, 'claude-wrapper')
  await Bun.write(path, `#!/bin/sh\nexec '${realCli('claude')}' "$@" ${more}\n`)
  await chmod(path, 0o755)
  return path
}

const pids = (world: World) => world.driver.processes().map((process) => process.pid)

describe('cancelling', () => {
  const ways: [string, (stop: AbortController, iterator: AsyncIterator<unknown>) => unknown][] = [
    ['by the signal', (stop) => stop.abort()],
    ['by leaving', (_, iterator) => iterator.return?.()],
  ]
  test.each(ways)('%s, in the middle of an answer', async (_, cancel) => {
    await using world = await claudeWorld({ pool: { warm: 0, maxWarm: 0 } })
    world.upstream.default = ticks()
    const stop = new AbortController()
    const iterator = run(world.driver, request('hi'), stop.signal)[Symbol.asyncIterator]()
    for (let count = 0; count < 3; count += 1) await iterator.next()
    const [pid] = pids(world)
    // The reader waits for the next words meanwhile, as it does in life.
    const waiting = iterator.next().catch(() => {})
    const since = performance.now()
    cancel(stop, iterator)
    const turn = await world.upstream.turn(0)
    await turn.closed
    expect(performance.now() - since).toBeLessThan(200)
    expect(turn.outcome).toBe('dropped')
    await waiting
    await eventually('the process is gone', () => !existsSync(`/proc/${pid}/cwd`), 2000)
    expect(world.upstream.turns).toHaveLength(1)
  })

  test('while the service is silent', async () => {
    await using world = await claudeWorld()
    world.upstream.default = hang()
    const stop = new AbortController()
    const turn = Array.fromAsync(run(world.driver, request('hi'), stop.signal)).catch((error: unknown) => error)
    const asked = await world.upstream.turn(0)
    const since = performance.now()
    stop.abort(new Error('left'))
    await asked.closed
    expect(performance.now() - since).toBeLessThan(200)
    expect(await turn).toEqual(new Error('left'))
  })

  test('before the process is ready', async () => {
    await using world = await claudeWorld({ pool: { warm: 0, maxWarm: 0 } })
    const stop = new AbortController()
    const turn = Array.fromAsync(run(world.driver, request('hi'), stop.signal)).catch((error: unknown) => error)
    setTimeout(() => stop.abort(new Error('left')), 100)
    expect(await turn).toEqual(new Error('left'))
    await eventually('nothing runs', () => processesUnder(world.home).length === 0, 3000)
    expect(world.upstream.requests).toEqual([])
  })

  test('a reader who does not read holds nothing', async () => {
    await using world = await claudeWorld()
    world.upstream.default = ticks({ between: 0, chunk: 'x'.repeat(2000) })
    const stop = new AbortController()
    const iterator = run(world.driver, request('hi'), stop.signal)[Symbol.asyncIterator]()
    await iterator.next()
    const asked = await world.upstream.turn(0)
    stop.abort()
    await asked.closed
    expect(asked.outcome).toBe('dropped')
  })
})

describe('tools', () => {
  test('one in the report of the CLI ends the turn before a word', async () => {
    await using world = await claudeWorld()
    const executable = await wrapper(world.home, '--tools Read')
    await using armed = await claudeWorld({ executable })
    armed.upstream.default = ticks({ count: 3 })
    const batches: unknown[] = []
    const read = async () => {
      for await (const batch of run(armed.driver, request('hi'))) batches.push(batch)
    }
    const error = await read().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'internal_error', status: 500 })
    expect(String(error)).toContain('Read')
    expect(batches).toEqual([])
  })

  test('neither settings nor instructions of the machine get in', async () => {
    await using world = await claudeWorld()
    const settings = {
      env: { ANTHROPIC_CUSTOM_HEADERS: 'x-leak: canary' },
      permissions: { allow: ['Bash'] },
      model: 'claude-opus-4-6',
      hooks: {
        UserPromptSubmit: [{ hooks: [{ type: 'command', command: `touch ${world.home}/hooked; echo canary` }] }],
      },
    }
    await Bun.write(join(world.home, '.claude/settings.json'), JSON.stringify(settings))
    for (const name of ['.claude/CLAUDE.md', 'CLAUDE.md', 'run/CLAUDE.md', 'run/AGENTS.md']) {
      await Bun.write(join(world.home, name), 'canary')
    }
    await Bun.write(join(world.home, '.mcp.json'), JSON.stringify({ mcpServers: { canary: { command: 'canary' } } }))
    await answerTo(world.driver, request('hi', { model: 'claude-haiku-4-5' }))
    const [turn] = world.upstream.turns
    expect(turn?.body).not.toContain('canary')
    expect(JSON.stringify(turn?.headers)).not.toContain('canary')
    expect(turn?.json).toMatchObject({ model: 'claude-haiku-4-5', tools: [] })
    expect(existsSync(join(world.home, 'hooked'))).toBe(false)
  })
})

describe('what is left', () => {
  test('after turns and the end, no process, no folder, and in the folder of the CLI nothing that is not handed in', async () => {
    await using world = await claudeWorld({ pool: { warm: 2, maxWarm: 2 } })
    world.driver.start?.()
    for (let count = 0; count < 3; count += 1) await answerTo(world.driver, request('hi'))
    await world.driver.close()
    expect(processesUnder(world.home)).toEqual([])
    const folders = await readdir(join(world.home, 'run'), { recursive: true })
    expect(folders.filter((name) => name.includes('chat'))).toEqual([])
    // Notes of the processes: each one is handed in, at once, and there is no other.
    const config = join(world.home, '.claude')
    const notes = await readdir(join(config, 'sessions'))
    const handedIn = new Set(world.leftovers.filter(({ now }) => now).map(({ path }) => path))
    expect(notes.length).toBeGreaterThan(0)
    expect(notes.filter((name) => !handedIn.has(join(config, 'sessions', name)))).toEqual([])
    expect(existsSync(join(config, 'projects'))).toBe(false)
  })

  test('the notes of others are not handed in', async () => {
    await using world = await claudeWorld({ pool: { warm: 0, maxWarm: 0 } })
    const sessions = join(world.home, '.claude/sessions')
    await Bun.write(join(sessions, '1.json'), JSON.stringify({ pid: 1, cwd: '/home/somebody' }))
    await Bun.write(join(sessions, '10.json'), JSON.stringify({ pid: 10, cwd: '/home/somebody' }))
    await answerTo(world.driver, request('hi'))
    await world.driver.close()
    expect(world.leftovers.length).toBeGreaterThan(0)
    expect(world.leftovers.filter(({ path }) => /\/10?\./.test(path))).toEqual([])
    await rm(sessions, { recursive: true })
  })
})

test('eight conversations at once do not mix', async () => {
  await using world = await claudeWorld({ pool: { warm: 4, maxWarm: 8 } })
  world.driver.start?.()
  world.upstream.default = echo()
  const rounds = 2
  for (let round = 0; round < rounds; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const canary = `canary-${round}x${index}x${crypto.randomUUID().slice(0, 8)}`
        const asked = request([user(`remember ${canary}`)], { system: `You are ${canary}.`, user: 'u' })
        return { canary, said: textOf(await answerTo(world.driver, asked)) }
      }),
    )
    for (const { canary, said } of answers) expect(JSON.parse(said).canaries).toEqual([canary])
  }
  expect(world.upstream.turns).toHaveLength(8 * rounds)
})

test('a full house refuses with the time to come again', async () => {
  await using world = await claudeWorld({ pool: { warm: 0, maxWarm: 0, maxActive: 1, maxQueue: 1 } })
  world.upstream.default = hang()
  const stop = new AbortController()
  const held = [1, 2].map(() => Array.fromAsync(run(world.driver, request('hi'), stop.signal)).catch(() => {}))
  await world.upstream.turn(0)
  expect(await failureOf(world.driver, request('hi'))).toMatchObject({ code: 'queue_full', status: 429 })
  stop.abort()
  await Promise.all(held)
})

test('what can be asked without a model', async () => {
  await using world = await claudeWorld()
  const { signal } = new AbortController()
  world.driver.start?.()
  const [status, models] = await Promise.all([world.driver.status(signal), world.driver.models(signal)])
  expect(status).toMatchObject({
    provider: 'claude',
    state: 'ready',
    version: '2.1.329',
    authMethod: 'api_key',
    notes: [],
  })
  expect(models.map((model) => model.id)).toContain('claude-sonnet-5-5')
  expect(models.flatMap((model) => model.aliases)).toContain('haiku')
  expect(world.upstream.requests).toEqual([])
  const process = await eventually('a process waits', () =>
    world.driver.processes().find(({ state }) => state === 'idle'),
  )
  expect(process).toMatchObject({ provider: 'claude', state: 'idle' })
})
