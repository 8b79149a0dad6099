// Sessions of the real Gemini CLI that are begun before there is a turn for them: the model is told the same, and nothing stays behind.
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ChatRequest } from '../../src/core/request.ts'
import { answerTo, assistant, textOf, user } from '../providers/claude/requests.ts'
import { request, tool } from '../providers/gemini/functions.ts'
import { geminiWorld, type World } from '../providers/gemini/world.ts'
import { eventually, startCligate } from '../support/cligate.ts'
import { startUpstream } from '../upstream/upstream.ts'
import { processesUnder } from './harness/processes.ts'
import { realCli } from './harness/real-cli.ts'

setDefaultTimeout(60_000)

let world: World
beforeAll(async () => {
  world = await geminiWorld()
  await world.driver.models(new AbortController().signal)
})
beforeEach(() => world.upstream.reset())
afterAll(() => world[Symbol.asyncDispose]())

/** Whether the one process of this world waits with a session that is begun. */
const isPrepared = () =>
  world.driver.processes().length > 0 &&
  world.driver.processes().every(({ state }) => state === 'idle') &&
  readdirSync(join(world.home, 'run'), { recursive: true }).some((name) => String(name).endsWith('-pipe.jsonl'))

async function ask(asked: ChatRequest): Promise<string> {
  await eventually('a session is begun', isPrepared)
  return textOf(await answerTo(world.driver, asked))
}

const history = [user('one'), assistant('two'), user('three')]
const chat = () => request(history, { tools: [], system: 'Be brief.' })
const functions = () => request(history, { system: 'Be brief.' })

test('what the model is sent is the same to the byte, whatever the session was begun for', async () => {
  // Begun for the like of it, and for something else.
  for (const asked of [chat(), chat(), functions(), functions(), chat(), chat()]) await ask(asked)
  const bodies = world.upstream.turns.map(({ body }) => body)
  expect(bodies).toHaveLength(6)
  expect(new Set([bodies[0], bodies[1], bodies[4], bodies[5]]).size).toBe(1)
  expect(new Set([bodies[2], bodies[3]]).size).toBe(1)
  expect(world.upstream.requests).toHaveLength(6)
  expect(new Set(world.driver.processes().map(({ pid }) => pid)).size).toBe(1)
})

test('it is begun for a turn like the last one: with functions, too', async () => {
  const policies: string[] = []
  for (const asked of [chat(), functions(), functions(), chat()]) {
    await ask(asked)
    await eventually('a session is begun', isPrepared)
    const file = world.files().find((name) => name.endsWith('policy.toml'))!
    policies.push(await Bun.file(join(world.home, 'run', file)).text())
  }
  expect(policies.map((policy) => policy.includes('mcp_c_*'))).toEqual([false, true, true, false])
})

test('a function whose schema only stands in another order is shown as the caller wrote it', async () => {
  const schema = (names: string[]) => ({
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
  })
  for (const names of [
    ['a', 'b'],
    ['b', 'a'],
    ['b', 'a'],
  ]) {
    await ask(request('hi', { tools: [tool('sort', schema(names))] }))
  }
  const orders = world.upstream.turns.map(({ body }) => body.indexOf('"a":{') < body.indexOf('"b":{'))
  expect(orders).toEqual([true, false, false])
})

test('one begun long before is as good', async () => {
  await ask(chat())
  await eventually('a session is begun', isPrepared)
  await Bun.sleep(3000)
  await ask(chat())
  expect(world.upstream.turns[1]?.body).toBe(world.upstream.turns[0]!.body)
})

test('the end of the gateway by SIGKILL is that of the processes that wait', async () => {
  const upstream = await startUpstream()
  const others = { claude: { enabled: false }, codex: { enabled: false }, qwen: { enabled: false } }
  const gemini = {
    path: realCli('gemini'),
    env: { GEMINI_API_KEY: 'dummy', GOOGLE_GEMINI_BASE_URL: upstream.url },
    warm: { size: 2, max: 2 },
  }
  const gate = await startCligate({ config: { providers: { ...others, gemini } } })
  try {
    const begun = () =>
      readdirSync(gate.home, { recursive: true }).filter((name) => String(name).endsWith('-pipe.jsonl')).length
    await eventually('both have begun a session', () => begun() === 2, 20_000)
    expect(processesUnder(gate.home).length).toBeGreaterThanOrEqual(2)
    gate.kill('SIGKILL')
    await gate.exited
    await eventually('nothing runs', () => processesUnder(gate.home).length === 0, 5000)
  } finally {
    await gate.stop()
    await upstream.stop()
  }
})
