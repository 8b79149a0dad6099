// Sessions of the real Gemini CLI and Qwen Code, as agents by configuration, that are opened before there is a turn for them: the
// model is told the same, and asked once a turn.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChatRequest } from '../../src/core/request.ts'
import { acpWorld, GEMINI, QWEN, type World, type WorldOptions } from '../providers/acp/world.ts'
import { answerTo, assistant, request, textOf, user } from '../providers/claude/requests.ts'
import { eventually } from '../support/cligate.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { processesUnder } from './harness/processes.ts'
import { temporaryHome } from './harness/real-cli.ts'

setDefaultTimeout(60_000)

/** It lists its skills in whatever order it has read them (0.61.0). */
function withoutSkills({ files, ...options }: WorldOptions): WorldOptions {
  const [[path, text]] = Object.entries(files ?? {}) as [[string, string]]
  return { ...options, files: { [path]: JSON.stringify({ ...JSON.parse(text), skills: { enabled: false } }) } }
}

const AGENTS: [string, WorldOptions, (name: string) => string][] = [
  ['gemini --acp', withoutSkills(GEMINI), (name) => `mcp_client_${name}`],
  ['qwen --acp', QWEN, (name) => `mcp__client__${name}`],
]
const TOOL = {
  name: 'get_weather',
  description: 'The weather of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  strict: false,
}
const talk = [user('one'), assistant('two'), user('three')]
const KINDS: Record<string, () => ChatRequest> = {
  chat: () => request(talk, { model: 'default', system: 'Be brief.' }),
  functions: () => request(talk, { model: 'default', system: 'Be brief.', tools: [TOOL] }),
}

/** A world whose agent can be looked over the shoulder: `heard` has what it was told of sessions. */
async function watchedWorld({ command, args = [], ...options }: WorldOptions) {
  const folder = await temporaryHome()
  const log = join(folder.path, 'heard.log')
  const watched = ['-c', 'tee -a "$0" | "$@"', log, command!, ...args]
  const world = await acpWorld({ ...options, command: 'sh', args: watched, pool: { warm: 0 } })
  const heard = () =>
    (existsSync(log) ? readFileSync(log, 'utf8') : '')
      .match(/"method":"session\/\w+"/g)
      ?.map((line) => line.slice(18, -1)) ?? []
  return {
    world,
    heard,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}
const idle = (world: World) => world.driver.processes().every(({ state }) => state === 'idle')

describe.each(AGENTS)('%s', (_, options, named) => {
  test.each([
    ['chat', 'functions'],
    ['functions', 'chat'],
  ] as const)('turns: three of %s, two of %s', async (first, second) => {
    await using watched = await watchedWorld(options)
    const { world, heard } = watched
    for (const [kind, told] of [
      [first, ['new', 'prompt', 'new']],
      [first, ['prompt', 'new']],
      [first, ['prompt', 'new']],
      // Neither of them can close a session: the one that was opened in vain is the last one of this process.
      [second, ['new', 'prompt']],
      [second, ['new', 'prompt']],
    ] as const) {
      const before = heard().length
      expect(textOf(await answerTo(world.driver, KINDS[kind]!()))).toBe('Hello from the simulated model.')
      await eventually('it is over', () => idle(world) && heard().length >= before + told.length)
      await Bun.sleep(300)
      expect(heard().slice(before)).toEqual([...told])
    }
    const bodies = world.upstream.turns.map(({ body }) => body)
    expect(new Set(bodies.slice(0, 3)).size).toBe(1)
    expect(new Set(bodies.slice(3)).size).toBe(1)
    expect(bodies.map((body) => body.includes(named('get_weather')))).toEqual(
      [first, first, first, second, second].map((kind) => kind === 'functions'),
    )
    expect(world.upstream.requests).toHaveLength(5)
  })

  test('a call in a session that was opened ahead is the call of its turn', async () => {
    await using watched = await watchedWorld(options)
    const { world, heard } = watched
    world.upstream.default = toolCalls([{ name: named('get_weather'), arguments: { city: 'x' } }])
    for (const turn of [1, 2, 3]) {
      const { content, finish } = await answerTo(world.driver, KINDS['functions']!())
      expect(content).toMatchObject([{ type: 'tool-call', name: 'get_weather', arguments: '{"city":"x"}' }])
      expect(finish).toBe('tool-calls')
      await eventually('the next one is asked for', () => heard().filter((what) => what === 'new').length === turn + 1)
    }
    await Bun.sleep(300)
    expect(world.upstream.requests).toHaveLength(3)
    expect(new Set(world.upstream.turns.map(({ body }) => body)).size).toBe(1)
  })

  test('one opened long before is as good, and nothing is left of one that nobody had', async () => {
    await using watched = await watchedWorld(options)
    const { world, heard } = watched
    await world.driver.models(new AbortController().signal)
    await Bun.sleep(3000)
    expect(world.upstream.requests).toEqual([])
    expect(textOf(await answerTo(world.driver, KINDS['chat']!()))).toBe('Hello from the simulated model.')
    await eventually('the next one is asked for', () => heard().length === 3)
    expect(heard()).toEqual(['new', 'prompt', 'new'])
    await world.driver.close()
    await eventually('nothing runs', () => processesUnder(world.home).length === 0, 2000)
    expect(world.files().filter((name) => name.includes('agent-'))).toEqual([])
  })
})
