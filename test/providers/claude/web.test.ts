// The pure parts of `chat.web`: arguments, names, the report, rounds and what they cost.
import { describe, expect, test } from 'bun:test'
import { assertOrder } from '../../../src/core/assert-order.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import type { Fields } from '../../../src/providers/fields.ts'
import { historyFor, parametersFor } from '../../../src/providers/claude/assign.ts'
import { claudeArguments } from '../../../src/providers/claude/command.ts'
import { finishEvents, readLine } from '../../../src/providers/claude/events.ts'
import { asksForPermission } from '../../../src/providers/claude/frames.ts'
import { checkInit } from '../../../src/providers/claude/init-check.ts'
import { modelFacts } from '../../../src/providers/claude/model-facts.ts'
import { NONE_OFFERED, offerTools, toolNames } from '../../../src/providers/claude/tools.ts'
import { turnState } from '../../../src/providers/claude/turn-state.ts'
import { addTokens, tokensOfAll, toUsage } from '../../../src/providers/claude/usage.ts'
import { request, tool } from './requests.ts'

describe('arguments', () => {
  const value = (args: string[], flag: string) => args[args.indexOf(flag) + 1]

  test('the search alone is there and permitted, and no price ends the turn', () => {
    const args = claudeArguments({ web: true })
    expect(value(args, '--tools')).toBe('WebSearch')
    expect(value(args, '--allowedTools')).toBe('WebSearch')
    expect(value(args, '--permission-prompt-tool')).toBe('stdio')
    expect(Number(value(args, '--max-turns'))).toBeGreaterThan(1)
    expect(args).not.toContain('--max-budget-usd')
    // Both flags take all that follows up to the next flag.
    for (const flag of ['--tools', '--allowedTools']) expect(args[args.indexOf(flag) + 2]).toStartWith('--')
  })

  test('without it they are what they were', () => {
    const args = claudeArguments()
    expect(value(args, '--tools')).toBe('')
    expect(value(args, '--max-turns')).toBe('1')
    expect(args).toContain('--max-budget-usd')
    expect(args).not.toContain('--allowedTools')
  })
})

describe('the report', () => {
  const report = (tools: string[]): Fields => ({ tools, mcp_servers: [], permissionMode: 'default' })
  const offered = new Set(['get_weather'])

  test('may name the search, and need not', () => {
    expect(checkInit(report(['WebSearch']), new Set(), true)).toBeUndefined()
    expect(checkInit(report(['get_weather', 'WebSearch']), offered, true)).toBeUndefined()
    expect(checkInit(report([]), new Set(), true)).toBeUndefined()
  })

  test.each(['WebFetch', 'Bash', 'mcp__other__WebSearch', 'WebSearch2'])('and not %s', (name) => {
    expect(checkInit(report(['WebSearch', name]), new Set(), true)).toMatchObject({ code: 'internal_error' })
  })

  test('without the web not even the search', () => {
    expect(checkInit(report(['WebSearch']))).toMatchObject({ code: 'internal_error' })
  })
})

test('a function of the caller with the name of the search has another name there', () => {
  const [own, other] = [tool('WebSearch'), tool('WebFetch')]
  const { names, offered } = offerTools(request('hi', { tools: [own, other] }), true)
  expect(offered.has('WebSearch')).toBe(false)
  expect(names.toCaller(names.toCli('WebSearch'))).toBe('WebSearch')
  expect(names.toCli('WebFetch')).toBe('WebFetch')
  expect(toolNames([own]).toCli('WebSearch')).toBe('WebSearch')
})

test('the fields of a body that a search would get too are left out', () => {
  const asked = request('hi', {
    tools: [tool('a')],
    toolChoice: { type: 'required' },
    parallelToolCalls: false,
    output: { type: 'json' },
    sampling: { stop: ['END'], temperature: 0.2 },
    user: 'u',
  })
  const { body, betas, metadata, support } = parametersFor(asked, modelFacts('claude-sonnet-4-5'), { web: true })
  expect(body).toEqual({ temperature: 0.2 })
  expect(betas).toEqual([])
  expect(metadata).toEqual({ user: 'u' })
  expect(support).toMatchObject({
    stop: 'emulated',
    toolChoice: 'emulated',
    parallelToolCalls: 'emulated',
    output: 'emulated',
    temperature: 'native',
    user: 'native',
  })
})

test('the conversation never replaces that of a request', () => {
  for (const setting of ['auto', 'exact', 'replay'] as const) expect(historyFor(setting, 'key', true)).toBe('replay')
  expect(historyFor('auto', 'key', false)).toBe('exact')
})

test('tokens of rounds and models are added up', () => {
  const one = {
    input_tokens: 1,
    output_tokens: 2,
    cache_read_input_tokens: 3,
    output_tokens_details: { thinking_tokens: 4 },
  }
  expect(toUsage(addTokens(one, one))).toEqual({ input: 8, output: 4, cachedRead: 6, cacheWrite: 0, reasoning: 8 })
  expect(tokensOfAll(undefined)).toBeUndefined()
  expect(tokensOfAll({})).toBeUndefined()
  const all = tokensOfAll({ big: { inputTokens: 5, outputTokens: 1, thinkingTokens: 1 }, small: { inputTokens: 7 } })
  expect(toUsage(all ?? {})).toMatchObject({ input: 12, output: 1, reasoning: 1 })
})

describe('rounds', () => {
  const ASKED = '00000000-0000-4000-8000-000000000001'
  const event = (fields: object): Fields => ({ type: 'stream_event', event: fields })
  const begin = event({ type: 'message_start', message: { model: 'm', usage: { input_tokens: 10 } } })
  const end = (reason: string) =>
    event({ type: 'message_delta', delta: { stop_reason: reason }, usage: { output_tokens: 5 } })
  const block = (index: number, content: object, ...deltas: object[]): Fields[] => [
    event({ type: 'content_block_start', index, content_block: content }),
    ...deltas.map((delta) => event({ type: 'content_block_delta', index, delta })),
    event({ type: 'content_block_stop', index }),
  ]
  const said = (index: number, text: string) => block(index, { type: 'text', text: '' }, { type: 'text_delta', text })
  const searching = (index: number, id = 't1', json = '{"query":"x"}') =>
    block(
      index,
      { type: 'tool_use', id, name: 'WebSearch', input: {} },
      { type: 'input_json_delta', partial_json: json.slice(0, 4) },
      { type: 'input_json_delta', partial_json: json.slice(4) },
    )
  const found = (id = 't1', more: object = {}): Fields => ({
    type: 'user',
    message: { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'x', ...more }] },
    tool_use_result: { results: [{ content: [{ title: 'T', url: 'https://a.example/' }, { url: 3 }] }, 'words'] },
  })
  const feed = (lines: Fields[], offered = NONE_OFFERED) => {
    const state = turnState(ASKED, 1, { web: true, tools: offered })
    state.checked = true
    const events: ChatEvent[] = lines.flatMap((line) => readLine(state, line))
    return { state, events }
  }

  test('a search goes on to the next, which is part of the same answer', () => {
    const { state, events } = feed([
      begin,
      ...said(0, 'See. '),
      ...searching(1),
      end('tool_use'),
      found(),
      begin,
      ...said(0, 'So.'),
      end('end_turn'),
    ])
    expect(state.phase).toBe('stopped')
    const all = [...events, ...finishEvents(state)]
    assertOrder(all)
    expect(all.filter(({ type }) => type === 'stream-start')).toHaveLength(1)
    expect(all.filter(({ type }) => type === 'tool-activity')).toEqual([
      { type: 'tool-activity', name: 'WebSearch', phase: 'start', detail: { query: 'x' } },
      {
        type: 'tool-activity',
        name: 'WebSearch',
        phase: 'end',
        detail: { sources: [{ title: 'T', url: 'https://a.example/' }] },
      },
    ])
    expect(all.slice(-2)).toEqual([
      { type: 'usage', usage: { input: 20, output: 10, cachedRead: 0, cacheWrite: 0, reasoning: 0 } },
      { type: 'finish', reason: 'stop' },
    ])
  })

  test('the count of the whole turn replaces that of its rounds, searches of another model among it', () => {
    const { state } = feed([
      begin,
      ...searching(0),
      end('tool_use'),
      found(),
      begin,
      ...said(0, 'So.'),
      end('end_turn'),
    ])
    const modelUsage = { m: { inputTokens: 20, outputTokens: 10 }, small: { inputTokens: 3, outputTokens: 1 } }
    readLine(state, { type: 'result', subtype: 'success', user_message_uuid: ASKED, total_cost_usd: 0.5, modelUsage })
    expect(finishEvents(state).at(-2)).toMatchObject({ usage: { input: 23, output: 11, costUsd: 0.5 } })
  })

  test('a result that came before the end of its round ends it the same, and an error is one', () => {
    const { state, events } = feed([
      begin,
      ...searching(0, 't1', 'no JSON'),
      found('t1', { is_error: true }),
      end('tool_use'),
    ])
    expect(state.phase).toBe('waiting')
    expect(events.filter(({ type }) => type === 'tool-activity')).toMatchObject([
      { phase: 'start', detail: {} },
      { phase: 'end', detail: { failed: true } },
    ])
  })

  test('a call of the caller’s function beside it ends the turn', () => {
    const tools = offerTools(request('hi', { tools: [tool('get_weather')] }), true)
    const call = block(1, { type: 'tool_use', id: 't2', name: 'get_weather', input: {} })
    const { state } = feed([begin, ...searching(0), ...call, end('tool_use')], tools)
    expect(state).toMatchObject({ phase: 'stopped', finish: { reason: 'tool-calls' } })
  })

  test('a last round without a word is over at once', () => {
    const { state } = feed([
      begin,
      ...said(0, 'See.'),
      ...searching(1),
      end('tool_use'),
      found(),
      begin,
      end('end_turn'),
    ])
    expect(state.phase).toBe('over')
  })

  test('without the web, a call of the search is one that nobody offered', () => {
    const state = turnState(ASKED, 1)
    state.checked = true
    for (const line of [begin, ...searching(0)]) readLine(state, line)
    expect(state.error).toMatchObject({ code: 'provider_error', message: expect.stringContaining('WebSearch') })
  })

  test('a turn that does nothing but search ends in words of ours', () => {
    const { state } = feed([begin, ...searching(0), end('tool_use'), found()])
    readLine(state, { type: 'result', subtype: 'error_max_turns', is_error: true, user_message_uuid: ASKED })
    expect(state.error).toMatchObject({ code: 'provider_error', message: expect.stringContaining('searches') })
  })
})

test('permission is what it asks for by a request of its own', () => {
  const asks = (request: object) => asksForPermission({ type: 'control_request', request_id: '1', request } as Fields)
  expect(asks({ subtype: 'can_use_tool', tool_name: 'Bash' })).toBe(true)
  expect(asks({ subtype: 'mcp_message' })).toBe(false)
  expect(asksForPermission({ type: 'user', request: { subtype: 'can_use_tool' } } as Fields)).toBe(false)
})
