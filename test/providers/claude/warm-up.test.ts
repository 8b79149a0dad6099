// What is put aside while a process is warmed up, and the service it is warmed up against.
import { describe, expect, test } from 'bun:test'
import { startWarmUpService, type WarmUpService } from '../../../src/providers/claude/warm-up-service.ts'
import { canWarmUp, warmUpEnvironment } from '../../../src/providers/claude/warm-up.ts'

const URL = 'http://127.0.0.1:1'

describe('the environment of a warm-up', () => {
  test('holds no credential of the process, and what puts each back', () => {
    const own = {
      ANTHROPIC_API_KEY: 'sk-key',
      CLAUDE_CODE_OAUTH_TOKEN: 'sk-token',
      ANTHROPIC_AUTH_TOKEN: 'token',
      ANTHROPIC_CUSTOM_HEADERS: 'x-key: secret',
      ANTHROPIC_BASE_URL: 'https://gateway.example',
      NO_PROXY: 'intranet',
      HOME: '/home/me',
    }
    const { during, after } = warmUpEnvironment(own, URL)
    expect(during).toEqual({
      ANTHROPIC_BASE_URL: URL,
      ANTHROPIC_API_KEY: 'warm-up',
      CLAUDE_CODE_OAUTH_TOKEN: 'warm-up',
      ANTHROPIC_AUTH_TOKEN: 'warm-up',
      ANTHROPIC_CUSTOM_HEADERS: '',
      NO_PROXY: '127.0.0.1',
      no_proxy: '127.0.0.1',
    })
    expect(after).toEqual({
      ANTHROPIC_BASE_URL: 'https://gateway.example',
      ANTHROPIC_API_KEY: 'sk-key',
      CLAUDE_CODE_OAUTH_TOKEN: 'sk-token',
      ANTHROPIC_AUTH_TOKEN: 'token',
      ANTHROPIC_CUSTOM_HEADERS: 'x-key: secret',
      NO_PROXY: 'intranet',
      no_proxy: '',
    })
  })

  test('puts nothing in the place of credentials that there are not, but the one before a stored login', () => {
    const { during, after } = warmUpEnvironment({}, URL)
    expect(Object.keys(during).toSorted()).toEqual([
      'ANTHROPIC_AUTH_TOKEN',
      'ANTHROPIC_BASE_URL',
      'NO_PROXY',
      'no_proxy',
    ])
    expect(Object.values(after)).toEqual(['', '', '', ''])
  })
})

test('a process whose requests go elsewhere by other settings is not warmed up', () => {
  const report = (apiProvider: string) => ({ account: { apiProvider, tokenSource: 'none' } })
  expect(canWarmUp({ report: report('firstParty'), environment: {} })).toBe(true)
  expect(canWarmUp({ report: report('bedrock'), environment: {} })).toBe(false)
  expect(canWarmUp({ report: report('firstParty'), environment: { ANTHROPIC_UNIX_SOCKET: '/s' } })).toBe(false)
})

describe('the service', () => {
  const ask = (service: WarmUpService, headers: Record<string, string>, path = '/v1/messages?beta=true') =>
    fetch(`${service.url()}${path}`, { method: 'POST', headers, body: '{}' })

  test('answers at no cost, and is asked by its own name alone', async () => {
    const service = startWarmUpService()
    try {
      const response = await ask(service, { authorization: 'Bearer warm-up', 'x-api-key': 'warm-up' })
      const text = await response.text()
      expect(text).toContain('"text":"warm"')
      expect(text.match(/"(input|output)_tokens":[^0]/)).toBeNull()
      expect(service.answered()).toBe(1)
      expect(service.url()).toBeDefined()
    } finally {
      service.stop()
    }
  })

  test.each([
    [{ 'x-api-key': 'sk-real' }, '/v1/messages'],
    [{ authorization: 'Bearer sk-real' }, '/v1/messages'],
    [{ authorization: 'Bearer sk-real' }, '/api/oauth/profile'],
  ] as const)('is offered to nobody any more once it was sent %j', async (headers, path) => {
    const service = startWarmUpService()
    try {
      await (await ask(service, headers, path)).body?.cancel()
      expect(service.url()).toBeUndefined()
    } finally {
      service.stop()
    }
  })

  test('is given up after three failures in a row, and not before', () => {
    const service = startWarmUpService()
    try {
      for (const success of [false, false, true, false, false]) service.note(success)
      expect(service.url()).toBeDefined()
      service.note(false)
      expect(service.url()).toBeUndefined()
    } finally {
      service.stop()
    }
  })
})
