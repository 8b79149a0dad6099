// Functions of the caller through an agent that calls them in all the ways that agents have.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CollectedAnswer } from '../../../src/core/collect.ts'
import { argumentsIn, titlesIn } from '../../../src/providers/acp/tool-reports.ts'
import { eventually } from '../../support/cligate.ts'
import { answerTo, failureOf, request, run, textOf } from '../claude/requests.ts'
import type { Script } from './function-agent.ts'
import { acpWorld, type World } from './world.ts'

setDefaultTimeout(30_000)

const WEATHER = { name: 'get_weather', description: 'd', parameters: { type: 'object' }, strict: false }
const OTHER = { ...WEATHER, name: 'andere Funktion' }
const asking = (script: Script, changes: Parameters<typeof request>[1] = {}) =>
  request(JSON.stringify(script), { model: 'default', tools: [WEATHER, OTHER], ...changes })
const AGENT = { command: process.execPath, args: [join(import.meta.dir, 'function-agent.ts')] }

let world: World
let folder: string
let log: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cligate-test-'))
  log = join(folder, 'agent.log')
  world = await acpWorld({ ...AGENT, env: { LOG: log } })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

/** What the agent did in the turn, when it is over. */
async function did(...lines: string[]): Promise<void> {
  await eventually('the agent is done', () => {
    const said = existsSync(log) ? readFileSync(log, 'utf8') : ''
    return lines.every((line) => said.includes(line))
  })
  await eventually('it waits', () => world.driver.processes().every(({ state }) => state === 'idle'))
  expect(readFileSync(log, 'utf8')).not.toContain('goes on')
  writeFileSync(log, '')
}

const call = (n: number, name = 'get_weather') => ({ name, arguments: { n } })
const told = (toolCallId: string, title: string, more: object = {}) => ({
  sessionUpdate: 'tool_call',
  toolCallId,
  title,
  status: 'pending',
  kind: 'other',
  ...more,
})

/** Name and arguments of each call, sorted: calls that are made at once arrive in any order. */
const madeIn = (content: CollectedAnswer['content']) =>
  content.map((part) => (part.type === 'tool-call' ? `${part.name} ${part.arguments}` : part.type)).toSorted()

describe('calls', () => {
  test('that come together end the turn together, and the agent goes on with none of them', async () => {
    const script = { say: 'So. ', calls: [call(1), call(2, 'andere_Funktion'), call(3)], after: 'never said' }
    const answer = await answerTo(world.driver, asking(script))
    const [said, ...calls] = answer.content
    expect(said).toMatchObject({ type: 'text', text: 'So. ' })
    expect(madeIn(calls)).toEqual(['andere Funktion {"n":2}', 'get_weather {"n":1}', 'get_weather {"n":3}'])
    for (const part of calls) expect(part.type === 'tool-call' && part.id).toMatch(/^call_\w{24}$/)
    expect(answer).toMatchObject({ finish: 'tool-calls', usage: { estimated: true } })
    await did('cancelled')
  })

  test("have the agent's own ids where it tells them", async () => {
    const script = {
      updates: [
        told('id-1', 'client/get_weather'),
        told('id-2', 'mcp__client__andere_Funktion'),
        told('not an id!', 'client.get_weather'),
      ],
      calls: [call(1), call(2, 'andere_Funktion'), call(3)],
    }
    const { content } = await answerTo(world.driver, asking(script))
    const ids = content.map((part) => (part.type === 'tool-call' ? part.id : ''))
    expect(ids.toSorted()).toEqual([expect.stringMatching(/^call_\w{24}$/), 'id-1', 'id-2'])
    await did('cancelled')
  })

  test.each<[string, object]>([
    [
      'raw, with the name beside them',
      { title: '{"n":1}', rawInput: { n: 1 }, _meta: { toolName: 'mcp__client__get_weather' } },
    ],
    [
      'as a person would read them',
      {
        title: 'get_weather (client MCP Server)',
        content: [{ type: 'content', content: { type: 'text', text: '{"n":1}' } }],
      },
    ],
  ])('for which a permission is asked are not permitted; arguments: %s', async (_, shown) => {
    const permission = { toolCallId: 'id-9', kind: 'other', status: 'pending', ...shown }
    const answer = await answerTo(world.driver, asking({ say: 'So. ', permission, after: 'never said' }))
    expect(answer.content).toMatchObject([
      { type: 'text', text: 'So. ' },
      { type: 'tool-call', id: 'id-9', name: 'get_weather', arguments: '{"n":1}' },
    ])
    await did('cancelled', 'permission {"outcome":{"outcome":"cancelled"}}')
  })

  test('lose the argument that Gemini CLI adds, unless it is their own', async () => {
    const calls = [{ name: 'get_weather', arguments: { n: 1, wait_for_previous: true } }]
    const { content } = await answerTo(world.driver, asking({ calls }))
    expect(content).toMatchObject([{ arguments: '{"n":1}' }])
    const parameters = { type: 'object', properties: { wait_for_previous: { type: 'boolean' } } }
    const kept = await answerTo(world.driver, asking({ calls }, { tools: [{ ...WEATHER, parameters }] }))
    expect(kept.content).toMatchObject([{ arguments: '{"n":1,"wait_for_previous":true}' }])
    await did('cancelled')
  })
})

describe('what is no call of a function', () => {
  test.each<[string, Script]>([
    ['a tool of its own', { updates: [told('1', 'get_weather')] }],
    ['one that does more than answer', { updates: [told('1', 'client/get_weather', { kind: 'execute' })] }],
    [
      'a permission for it',
      { permission: { toolCallId: '1', title: 'run get_weather (client MCP Server)', rawInput: {} } },
    ],
    ['a call that it has answered by itself', { updates: [told('1', 'client/get_weather', { status: 'failed' })] }],
    ['a call that never comes', { updates: [told('1', 'client/get_weather')], say: 'Done.' }],
    ['a permission without arguments', { permission: { toolCallId: '1', title: 'client/get_weather' } }],
  ])('%s: the turn fails', async (_, script) => {
    expect(await failureOf(world.driver, asking(script))).toMatchObject({ code: 'provider_error' })
  })
})

test('without functions, and with none wanted, no server is offered', async () => {
  await eventually('it waits', () => world.driver.processes().every(({ state }) => state === 'idle'))
  writeFileSync(log, '')
  expect(textOf(await answerTo(world.driver, asking({ say: 'Hi.' }, { tools: [] })))).toBe('Hi.')
  expect(textOf(await answerTo(world.driver, asking({ say: 'Hi.' }, { toolChoice: { type: 'none' } })))).toBe('Hi.')
  expect(readFileSync(log, 'utf8').match(/^servers .*$/gm)).toEqual(['servers 0', 'servers 0'])
})

test('a caller who leaves while a call waits leaves nothing behind', async () => {
  writeFileSync(log, '')
  const abort = new AbortController()
  const updates = [told('1', 'client/get_weather')]
  const reading = (async () => {
    for await (const _ of run(world.driver, asking({ say: 'So. ', updates, calls: [call(1)] }), abort.signal))
      abort.abort(new Error('left'))
  })()
  await expect(reading).rejects.toThrow('left')
  await did('cancelled')
  expect(textOf(await answerTo(world.driver, asking({ say: 'Hi.' })))).toBe('Hi.')
})

test('an agent that connects to no server takes no functions, and says so', async () => {
  await using without = await acpWorld({ ...AGENT, env: { NO_MCP: '1' } })
  const { driver } = without
  const asked = asking({ say: 'Hi.' }, { given: { tools: 'functions' } })
  // Nobody knows before it has started.
  expect(driver.support(asked, 'default').tools).toBe('native')
  expect(await failureOf(driver, asked)).toMatchObject({
    code: 'unsupported_parameter',
    status: 400,
    param: 'functions',
  })
  await eventually('it is known', () => driver.support(asked, 'default').tools === 'ignored')
  expect(textOf(await answerTo(driver, asking({ say: 'Hi.' }, { tools: [] })))).toBe('Hi.')
})

describe('reports of calls', () => {
  test('tell names in several places, and none where a tool does more than answer', () => {
    const report = { toolCallId: '1', title: 'T', _meta: { toolName: 'a', claudeCode: { toolName: 'b' } } }
    expect(titlesIn(report)).toEqual(['a', 'b', 'T'])
    expect(titlesIn({ ...report, kind: 'other' })).toHaveLength(3)
    expect(titlesIn({ ...report, kind: 'edit' })).toEqual([])
    expect(titlesIn({ toolCallId: '1', title: null, _meta: null })).toEqual([])
  })

  test('tell arguments or do not', () => {
    const shown = (text: string) => [{ type: 'content', content: { type: 'text', text } }]
    expect(argumentsIn({ toolCallId: '1', rawInput: {}, content: shown('{"a":1}') })).toEqual({})
    expect(argumentsIn({ toolCallId: '1', content: [...shown('Allow this?'), ...shown('{"a":1}')] })).toEqual({ a: 1 })
    expect(argumentsIn({ toolCallId: '1', rawInput: '{}', content: shown('[1]') })).toBeUndefined()
    expect(argumentsIn({ toolCallId: '1' })).toBeUndefined()
  })
})
