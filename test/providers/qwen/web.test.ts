// The pure parts of `chat.web`: where there is a search, what is told of it, and when a turn may go on.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChatEvent } from '../../../src/core/event.ts'
import type { AcpEvent } from '../../../src/providers/acp-types.ts'
import { resolveParameters } from '../../../src/providers/qwen/parameters.ts'
import { serviceOf } from '../../../src/providers/qwen/service.ts'
import { turnSettings } from '../../../src/providers/qwen/settings.ts'
import { maySearch, searchActivity, searchUpdate, watchRounds, WEB_FIELDS } from '../../../src/providers/qwen/web.ts'
import { runWebTurn } from '../../../src/providers/qwen/web-turn.ts'
import type { OpenSession } from '../../../src/providers/qwen/worker.ts'
import { tool } from '../claude/requests.ts'
import { ask } from './world.ts'

const SERVICE = { dashScope: true, completions: true, search: true }

test.each([
  ['https://dashscope.aliyuncs.com/compatible-mode/v1', true],
  ['https://dashscope-intl.aliyuncs.com/compatible-mode/v1', true],
  ['http://dashscope.aliyuncs.com/compatible-mode/v1', false],
  ['https://coding.dashscope.aliyuncs.com/v1', false],
  ['https://dashscope.aliyuncs.com.evil.example/v1', false],
  ['https://llm.alicloudapi.com/v1', false],
  ['https://cn-beijing.maas.aliyuncs.com/v1', true],
  ['https://api.openai.com/v1', false],
  ['no address', false],
  [undefined, false],
])('a search at %s: %p', (baseUrl, expected) => {
  const login = { user: { authType: undefined, models: [] }, hasKey: true, baseUrl, defaultModel: 'm' }
  expect(serviceOf('m', login as never).search).toBe(expected)
})

test('words that come in one read with a call of another tool are passed on before the error', async () => {
  const update = (fields: object) => ({ type: 'update', update: fields }) as AcpEvent
  const events = [
    update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: 'Let me.' } }),
    update({ sessionUpdate: 'tool_call', toolCallId: 'a', title: 'x', _meta: { toolName: 'read_file' } }),
  ]
  const acp = {
    async *prompt() {
      yield events
    },
  }
  const session = { acp, logFolder: '/nowhere', close: async () => {} } as unknown as OpenSession
  const said: ChatEvent[] = []
  const reading = async () => {
    const answering = { model: 'm', maxTokens: undefined }
    for await (const batch of runWebTurn(session, answering, new AbortController().signal)) said.push(...batch)
  }
  await expect(reading()).rejects.toThrow('forbids')
  expect(said.at(-1)).toMatchObject({ type: 'text-delta', text: 'Let me.' })
})

test('it is searched only where that is allowed, and not beside functions of the caller', () => {
  expect(maySearch(true, ask('hi'), SERVICE)).toBe(true)
  expect(maySearch(false, ask('hi'), SERVICE)).toBe(false)
  expect(maySearch(true, ask('hi', { tools: [tool('a')] }), SERVICE)).toBe(false)
  expect(maySearch(true, ask('hi'), { ...SERVICE, search: false })).toBe(false)
  expect(resolveParameters(ask('hi'), SERVICE, true).functions).toBe(WEB_FIELDS)
  expect(JSON.stringify(resolveParameters(ask('hi'), SERVICE).functions)).not.toContain('web_search')
})

test('the settings have the search, permit it, and nothing else', () => {
  const settingsOf = (web: boolean) =>
    turnSettings({
      model: 'm',
      configured: undefined,
      login: { hasKey: true, baseUrl: 'https://dashscope.aliyuncs.com/v1' },
      parameters: resolveParameters(ask('hi'), SERVICE, web),
      logFolder: '/log',
      web,
    }) as { tools: { core: string[]; exclude: string[] }; permissions?: object }
  expect(settingsOf(true)).toMatchObject({ tools: { core: ['web_search'] }, permissions: { allow: ['web_search'] } })
  expect(settingsOf(true).tools.exclude).toEqual(settingsOf(false).tools.exclude)
  expect(settingsOf(false).tools.core).toEqual(['__none__'])
  expect(settingsOf(false)).not.toHaveProperty('permissions')
})

describe('what is told of a search', () => {
  const event = (toolName: string, fields: object): AcpEvent =>
    ({
      type: 'update',
      update: { sessionUpdate: 'tool_call_update', toolCallId: 'c', _meta: { toolName }, ...fields },
    }) as AcpEvent

  test('its query when it begins, and that it has ended', () => {
    const told = [
      event('web_search', { status: 'pending', rawInput: {} }),
      event('web_search', { status: 'in_progress', rawInput: { query: 'rome' } }),
      event('web_search', { status: 'completed' }),
      event('web_search', { status: 'failed' }),
    ].flatMap((one) => searchActivity(searchUpdate(one)!))
    expect(told).toEqual([
      { type: 'tool-activity', name: 'web_search', phase: 'start', detail: { query: 'rome' } },
      { type: 'tool-activity', name: 'web_search', phase: 'end', detail: {} },
      { type: 'tool-activity', name: 'web_search', phase: 'end', detail: { failed: true } },
    ])
  })

  test('and nothing of other tools', () => {
    expect(searchUpdate(event('web_fetch', { status: 'in_progress' }))).toBeUndefined()
    expect(searchUpdate({ type: 'stop', response: { stopReason: 'end_turn' } })).toBeUndefined()
  })
})

describe('behind a round of calls', () => {
  const report = readFileSync(join(import.meta.dir, '../../real/fixtures/qwen/tool-call.report.json'), 'utf8')
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'qwen-rounds-'))
    const searching = report.replaceAll('run_shell_command', 'web_search')
    for (let round = 0; round < 30; round += 1) writeFileSync(join(folder, `openai-${100 + round}.json`), searching)
    writeFileSync(join(folder, 'openai-102.json'), report)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('a search may go on; any other call may not', async () => {
    const goesOn = watchRounds(folder)
    expect([await goesOn(), await goesOn(), await goesOn()]).toEqual([true, true, false])
  })

  test('not for ever', async () => {
    const goesOn = watchRounds(folder)
    const answers: boolean[] = []
    for (let round = 0; round < 25; round += 1) answers.push(await goesOn())
    expect(answers.lastIndexOf(true)).toBe(23)
    expect(answers[24]).toBe(false)
  })
})
