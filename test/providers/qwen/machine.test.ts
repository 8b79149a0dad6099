import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GatewayError } from '../../../src/core/error.ts'
import { qwenEnvironment, SELF_TEST_KEY, workerFolder } from '../../../src/providers/qwen/command.ts'
import { findQwen } from '../../../src/providers/qwen/executable.ts'
import { listModels, loginMethod } from '../../../src/providers/qwen/models.ts'
import { checkRequest } from '../../../src/providers/qwen/self-test.ts'
import { modelName } from '../../../src/providers/qwen/session.ts'
import { type Facts, toStatus } from '../../../src/providers/qwen/status.ts'
import { parseUserSettings } from '../../../src/providers/qwen/user-settings.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'qwen-installation-')))
afterAll(() => rmSync(root, { recursive: true }))

/** A package as npm installs it, with `node` beside the link. */
function install(name: string): { bin: string; folder: string } {
  const bin = join(root, name, 'bin')
  const folder = join(root, name, 'lib/node_modules/@qwen-code/qwen-code')
  mkdirSync(bin, { recursive: true })
  mkdirSync(folder, { recursive: true })
  for (const file of ['cli.js', 'cli-entry.js'])
    writeFileSync(join(folder, file), '#!/usr/bin/env node\n', { mode: 0o755 })
  writeFileSync(join(folder, 'package.json'), '{"version":"0.30.1"}')
  writeFileSync(join(bin, 'node'), '', { mode: 0o755 })
  return { bin, folder }
}
const find = (path: string) => findQwen({ configured: undefined, node: undefined, path })

describe('the program', () => {
  test('is run by Node.js itself, not by the launcher that passes no signals on', () => {
    const { bin, folder } = install('npm')
    symlinkSync(join(folder, 'cli-entry.js'), join(bin, 'qwen'))
    expect(find(bin)).toEqual({
      path: join(bin, 'qwen'),
      command: join(bin, 'node'),
      args: ['--expose-gc', join(folder, 'cli.js')],
      version: '0.30.1',
    })
  })

  test("is found behind pnpm's script", () => {
    const { bin, folder } = install('pnpm')
    const script = `#!/bin/sh\nbasedir=$(dirname "$0")\nexec node  "$basedir/../lib/node_modules/@qwen-code/qwen-code/cli-entry.js" "$@"\n`
    writeFileSync(join(bin, 'qwen'), script, { mode: 0o755 })
    expect(find(bin)?.args.at(-1)?.endsWith('/@qwen-code/qwen-code/cli.js')).toBe(true)
    expect(find(bin)?.version).toBe('0.30.1')
    expect(folder).toContain('pnpm')
  })

  test('of another kind is started as it is', () => {
    const bin = join(root, 'own')
    mkdirSync(bin)
    writeFileSync(join(bin, 'qwen'), 'binary')
    chmodSync(join(bin, 'qwen'), 0o755)
    expect(find(bin)).toEqual({ path: join(bin, 'qwen'), command: join(bin, 'qwen'), args: [], version: undefined })
  })

  test('may be missing', () => {
    expect(find(join(root, 'nowhere'))).toBeUndefined()
  })
})

describe('the environment', () => {
  const folder = workerFolder('/sandbox/qwen')
  const host = {
    PATH: '/bin',
    HOME: '/home/me',
    OPENAI_API_KEY: 'host',
    OPENAI_BASE_URL: 'https://host',
    SECRET: 's',
    MY_API_KEY: 'mine',
    LD_PRELOAD: 'x',
  }
  const user = parseUserSettings(
    '{"modelProviders":{"openai":[{"id":"a","envKey":"MY_API_KEY"},{"id":"b","envKey":"LD_PRELOAD"}]}}',
  )
  const environment = (env?: Record<string, string>, programs = false) =>
    qwenEnvironment(host, { env }, user, folder, programs)

  test('has the login, the keys that the user has named, and nothing else of the host', () => {
    const { PATH, NO_PROXY, ...rest } = environment()
    expect(rest).toMatchObject({
      HOME: '/home/me',
      OPENAI_API_KEY: 'host',
      MY_API_KEY: 'mine',
      [SELF_TEST_KEY]: 'self-test',
    })
    expect(rest).not.toHaveProperty('SECRET')
    expect(rest).not.toHaveProperty('LD_PRELOAD')
    expect([PATH, NO_PROXY]).toEqual(['/sandbox/qwen/bin', '127.0.0.1'])
    expect(environment(undefined, true)['PATH']).toBe('/bin')
  })

  test("sends no key of an account to the host's place", () => {
    expect(environment({ OPENAI_API_KEY: 'own' })).toMatchObject({ OPENAI_API_KEY: 'own' })
    expect(environment({ OPENAI_API_KEY: 'own' })).not.toHaveProperty('OPENAI_BASE_URL')
    expect(environment({ OPENAI_MODEL: 'm' })).toMatchObject({ OPENAI_API_KEY: 'host', OPENAI_MODEL: 'm' })
  })
})

test('models and login, as a session tells them', () => {
  const info = {
    models: {
      currentModelId: '$runtime|openai|org/m(x)(openai)',
      availableModels: [
        { modelId: '$runtime|openai|org/m(x)(openai)', name: '', _meta: { contextLimit: 1000 } },
        { modelId: 'qwen3-coder-plus(openai)', name: 'Coder' },
        { modelId: 'qwen3-coder-plus(anthropic)', name: 'Again' },
      ],
    },
  }
  expect(listModels(info)).toMatchObject([
    { id: 'org/m(x)', displayName: 'org/m(x)', contextWindow: 1000 },
    { id: 'qwen3-coder-plus', displayName: 'Coder', efforts: [] },
  ])
  expect(loginMethod(info)).toBe('api_key')
  expect(loginMethod({ models: { ...info.models, currentModelId: 'coder-model(qwen-oauth)' } })).toBe('oauth_token')
  expect(modelName('plain')).toBe('plain')
})

describe('the self-test', () => {
  const reminder = '<system-reminder>\nNo skills are currently available. More.\n</system-reminder>'
  const part = (text: string) => ({ type: 'text', text })
  const body = (changes: object = {}, ...parts: string[]) => ({
    tools: [],
    messages: [
      { role: 'system', content: 'Self-test: system' },
      { role: 'user', content: [reminder, 'Self-test: ping', ...parts].map(part) },
    ],
    ...changes,
  })

  test('lets through what was asked, with the reminder that is known', () => {
    expect(checkRequest(body())).toBeUndefined()
  })

  test.each([
    ['tools', body({ tools: [{ type: 'function', function: { name: 'shell' } }] }), 'tools: shell'],
    [
      'more text',
      body({}, '<system-reminder>\nToday is Monday.\n</system-reminder>'),
      'more text in the first message',
    ],
    ['another prompt', body({ messages: [{ role: 'system', content: 'You are Qwen.' }] }), 'another system prompt'],
    ['more messages', body({ messages: [...body().messages, { role: 'user', content: 'x' }] }), '1 more messages'],
  ])('finds %s', (_, asked, problem) => {
    expect(checkRequest(asked)).toBe(problem)
  })
})

describe('the self-test of a turn that may search', () => {
  const tool = (name: string) => ({ type: 'function', function: { name } })
  const messages = [
    { role: 'system', content: 'Self-test: system' },
    { role: 'user', content: 'Self-test: ping' },
  ]
  const check = (...names: string[]) => checkRequest({ tools: names.map(tool), messages }, true)

  test('lets through the search, and none', () => {
    expect([check('web_search'), check()]).toEqual([undefined, undefined])
  })

  test.each([[['web_search', 'web_fetch']], [['shell']], [['web_search', 'web_search']]])('finds %p', (names) => {
    expect(check(...names)).toBe(`tools: ${names.join(', ')}`)
  })

  test('finds more words', () => {
    expect(checkRequest({ tools: [], messages: [...messages, messages[1]] }, true)).toBe('1 more messages')
  })
})

describe('the status', () => {
  const installation = { path: '/bin/qwen', command: '/bin/node', args: ['x'], version: '0.24.4' }
  const facts = (changes: Partial<Facts>): Facts => ({
    installation,
    configured: undefined,
    minimum: '0.24.4',
    method: 'api_key',
    error: undefined,
    ...changes,
  })

  test.each([
    [{}, 'ready', undefined],
    [{ installation: undefined }, 'not-installed', 'npm install -g @qwen-code/qwen-code'],
    [{ minimum: '1.0.0' }, 'degraded', 'npm install -g @qwen-code/qwen-code@latest'],
    [{ error: new GatewayError('provider_login_required', 'x') }, 'not-logged-in', 'qwen'],
    [{ error: new GatewayError('internal_error', 'x') }, 'degraded', 'npm install -g @qwen-code/qwen-code@latest'],
  ])('%o', (changes, state, fix) => {
    const status = toStatus(facts(changes as Partial<Facts>))
    expect(status.state).toBe(state as never)
    expect(status.fix).toBe(fix as never)
  })
})
