// What is put aside while a process is warmed up, and the service it is warmed up against.
import { describe, expect, test } from 'bun:test'
import { startWarmUpService } from '../../../src/providers/claude/warm-up-service.ts'
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
      NO_PROXY: 'intranet,127.0.0.1',
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
  /** A service, and what it has said of its end. */
  function started() {
    const reasons: string[] = []
    const service = startWarmUpService((reason) => void reasons.push(reason))
    return { service, reasons, [Symbol.dispose]: () => service.stop() }
  }
  const ask = async (url: string, headers: Record<string, string>) => {
    const response = await fetch(url, { method: 'POST', headers, body: '{}' })
    return { status: response.status, text: await response.text() }
  }
  const OWN = { authorization: 'Bearer warm-up', 'x-api-key': 'warm-up' }

  test('answers at no cost, and counts the questions of each process', async () => {
    using world = started()
    const [visit, other] = [world.service.open()!, world.service.open()!]
    const { text } = await ask(`${visit.url}/v1/messages?beta=true`, OWN)
    expect(text).toContain('"text":"warm"')
    expect(text.match(/"(input|output)_tokens":[^0]/)).toBeNull()
    expect([visit.asked(), other.asked()]).toEqual([1, 0])
    visit.close()
    expect((await ask(`${visit.url}/v1/messages`, OWN)).status).toBe(404)
    expect(world.reasons).toEqual([])
  })

  test.each([
    [{ 'x-api-key': 'sk-real' }, '/v1/messages'],
    [{ authorization: 'Bearer sk-real' }, '/v1/messages'],
    [{ authorization: 'Bearer sk-real' }, '/api/oauth/profile'],
  ] as const)('is given up once it was sent %j, and says so once', async (headers, path) => {
    using world = started()
    const visit = world.service.open()!
    await ask(`${visit.url}${path}`, headers)
    await ask(`${visit.url}${path}`, headers)
    expect(world.service.open()).toBeUndefined()
    expect(world.reasons).toEqual(['A process sent its own credential.'])
  })

  test('does not mind what other programs of the machine send', async () => {
    using world = started()
    const visit = world.service.open()!
    const strange = visit.url.replace(/[^/]+$/, crypto.randomUUID())
    for (const url of [strange, new globalThis.URL(visit.url).origin]) {
      expect((await ask(`${url}/v1/messages`, { 'x-api-key': 'sk-strange' })).status).toBe(404)
    }
    expect(world.service.open()).toBeDefined()
    expect(visit.asked()).toBe(0)
  })

  test('is given up for good after three failures in a row, and not before', () => {
    using world = started()
    for (const success of [false, false, true, false, false]) world.service.note(success)
    expect(world.service.open()).toBeDefined()
    world.service.note(false)
    world.service.note(true)
    expect(world.service.open()).toBeUndefined()
    expect(world.reasons).toEqual(['It has failed too often.'])
  })
})
