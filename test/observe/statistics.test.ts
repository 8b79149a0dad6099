// What requests add up to.
import { describe, expect, test } from 'bun:test'
import type { RequestRecord } from '../../src/observe/log.ts'
import { createStatistics } from '../../src/observe/statistics.ts'

const record = (changes: Partial<RequestRecord> = {}): RequestRecord => ({
  requestId: 'req_1',
  method: 'POST',
  path: '/v1/chat/completions',
  status: 200,
  durationMs: 10,
  ...changes,
})

const answered = (changes: Partial<RequestRecord> = {}) =>
  record({
    dialect: 'openai-chat',
    provider: 'claude',
    model: 'sonnet',
    firstTokenMs: 4,
    inputTokens: 100,
    outputTokens: 20,
    cachedTokens: 50,
    reasoningTokens: 5,
    costUsd: 0.25,
    ...changes,
  })

describe('statistics', () => {
  test('add up answers by provider, model, API and status', () => {
    const statistics = createStatistics(1000)
    statistics.add(answered())
    statistics.add(answered({ provider: 'codex', model: 'gpt-5.5', dialect: 'gemini' }))
    statistics.add(answered({ aborted: true, status: 499 }))
    statistics.add(record({ status: 401, error: 'invalid_api_key' }))
    const { since, total, statuses, dialects, providers, models } = statistics.read()
    expect(since).toBe(1000)
    expect(total).toMatchObject({
      requests: 4,
      failed: 1,
      aborted: 1,
      inputTokens: 300,
      outputTokens: 60,
      cachedTokens: 150,
      reasoningTokens: 15,
      costUsd: 0.75,
    })
    expect(statuses).toEqual({ 200: 2, 401: 1, 499: 1 })
    expect(dialects).toEqual({ 'openai-chat': 2, gemini: 1 })
    expect(providers).toMatchObject({ claude: { requests: 2, aborted: 1 }, codex: { requests: 1 } })
    expect(models).toMatchObject({ 'claude/sonnet': { requests: 2 }, 'codex/gpt-5.5': { requests: 1 } })
  })

  test('tell times of the last requests, and nothing where there are none', () => {
    const statistics = createStatistics(0)
    expect(statistics.read().total).not.toHaveProperty('duration')
    for (let time = 1; time <= 100; time++) statistics.add(record({ durationMs: time }))
    const { total } = statistics.read()
    expect(total.duration).toEqual({ p50: 51, p95: 96, max: 100 })
    expect(total).not.toHaveProperty('firstToken')
    for (let time = 0; time < 512; time++) statistics.add(record({ durationMs: 7 }))
    expect(statistics.read().total.duration).toEqual({ p50: 7, p95: 7, max: 7 })
  })

  test('what failed gives no model a name, but counts for one that has it', () => {
    const statistics = createStatistics(0)
    const failed = { status: 502, error: 'provider_error' }
    statistics.add(answered({ ...failed, model: 'made-up' }))
    expect(statistics.read().models).toEqual({})
    statistics.add(answered())
    statistics.add(answered(failed))
    expect(statistics.read().models).toMatchObject({ 'claude/sonnet': { requests: 2, failed: 1 } })
  })

  test('do not grow with the names that callers think of', () => {
    const statistics = createStatistics(0)
    for (let index = 0; index < 1000; index++) statistics.add(answered({ model: `model-${index}` }))
    const { models, total } = statistics.read()
    expect(Object.keys(models)).toHaveLength(201)
    expect(models['other']).toMatchObject({ requests: 800 })
    expect(total.requests).toBe(1000)
  })

  test('what was read does not change any more', () => {
    const statistics = createStatistics(0)
    statistics.add(answered())
    const before = statistics.read()
    statistics.add(answered())
    expect(before.total.requests).toBe(1)
    expect(before.models['claude/sonnet']?.requests).toBe(1)
  })
})
