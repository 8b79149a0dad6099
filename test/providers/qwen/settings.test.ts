import { describe, expect, test } from 'bun:test'
import type { ChatRequest } from '../../../src/core/request.ts'
import { resolveParameters } from '../../../src/providers/qwen/parameters.ts'
import { INERT_TOOLS } from '../../../src/providers/qwen/tools.ts'
import { turnSettings } from '../../../src/providers/qwen/settings.ts'
import { serviceOf } from '../../../src/providers/qwen/service.ts'
import { findModel, parseUserSettings } from '../../../src/providers/qwen/user-settings.ts'
import { ask } from './world.ts'

const OPENAI = { dashScope: false, completions: true, search: false }
const parametersOf = (changes: Parameters<typeof ask>[1], service = OPENAI) =>
  resolveParameters(ask('hi', changes), service)

describe('parameters', () => {
  test('that were not given are not sent', () => {
    expect(parametersOf({})).toMatchObject({ sampling: {}, reasoning: undefined })
  })

  test('zero is a value', () => {
    expect(parametersOf({ sampling: { temperature: 0, seed: 0 } }).sampling).toEqual({ temperature: 0, seed: 0 })
  })

  test('more stops than a service takes are looked for by the gateway', () => {
    const { sampling, support } = parametersOf({ sampling: { stop: ['a', '', 'b', 'c', 'd', 'e'] } })
    expect(sampling['stop']).toEqual(['a', 'b', 'c', 'd'])
    expect(support.stop).toBe('emulated')
  })

  test.each<[ChatRequest['reasoning'], unknown]>([
    [{ effort: 'none' }, false],
    [{ effort: 'minimal' }, { effort: 'low' }],
    [{ effort: 'max' }, { effort: 'max' }],
    [{ budgetTokens: 0 }, false],
    [{ budgetTokens: 8000 }, { effort: 'medium' }],
    [{ effort: 'low', budgetTokens: 100_000 }, { effort: 'low' }],
  ])('effort %o', (reasoning, expected) => {
    expect(parametersOf({ reasoning }).reasoning).toEqual(expected as never)
  })

  test('of functions are native, but for what DashScope does not force', () => {
    const tools = [{ name: 'f', description: '', parameters: {}, strict: false }]
    const forced = { tools, toolChoice: { type: 'required' as const } }
    const native = { tools: 'native', toolChoice: 'native', parallelToolCalls: 'native' } as const
    const dashScope = { dashScope: true, completions: true, search: false }
    expect(parametersOf(forced).support).toMatchObject(native)
    expect(parametersOf({ tools }, dashScope).support).toMatchObject(native)
    expect(parametersOf(forced, dashScope).support).toMatchObject({ ...native, toolChoice: 'emulated' })
  })

  test.each([
    ['a service of the kind of OpenAI', OPENAI, true, true],
    ['DashScope', { dashScope: true, completions: true, search: false }, true, false],
    ['a service that is asked in another API', { dashScope: false, completions: false, search: false }, false, false],
  ])('of the form of the answer are a wish to %s, at the most', (_, service, json, schema) => {
    const structured = { type: 'json-schema' as const, name: 'x', schema: {}, strict: true }
    const sent = (output: ChatRequest['output']) => {
      const { sampling, support } = parametersOf({ output }, service)
      expect(support.output).toBe(output.type === 'text' ? 'native' : 'emulated')
      return sampling['response_format'] !== undefined
    }
    expect([sent({ type: 'text' }), sent({ type: 'json' }), sent(structured)]).toEqual([false, json, schema])
  })

  test('of functions are nothing to a service that is asked in another API', () => {
    const other = { dashScope: false, completions: false, search: false }
    const tools = [{ name: 'f', description: '', parameters: {}, strict: false }]
    expect(parametersOf({ tools }, other)).toMatchObject({ functions: {}, support: { tools: 'ignored' } })
    expect(parametersOf({}, other)).toMatchObject({ functions: {}, support: { toolChoice: 'native' } })
  })
})

const USER = parseUserSettings(`{
  // the user's
  "security": { "auth": { "selectedType": "openai" } },
  "modelProviders": {
    "anthropic": [{ "id": "both", "name": "B" }],
    "openai": [
      { "id": "both", "envKey": "K", "baseUrl": "https://dashscope.aliyuncs.com/compatible-mode/v1",
        "generationConfig": { "samplingParams": { "max_tokens": 9, "temperature": 1 }, "extra_body": { "enable_search": true }, "maxRetries": 9 } },
      { "name": "no id" }
    ],
  },
}`)

type Settings = {
  security: { auth?: object; folderTrust: object }
  modelProviders: Record<string, { id: string; baseUrl?: string; generationConfig: Record<string, unknown> }[]>
}
const settingsOf = (model: string, changes: Parameters<typeof ask>[1] = {}, baseUrl?: string): Settings =>
  turnSettings({
    model,
    configured: findModel(USER, model),
    login: { hasKey: true, baseUrl },
    parameters: parametersOf(changes),
    logFolder: '/log',
  }) as Settings

describe('settings of a turn', () => {
  test("keep what the user's entry says, under what the caller says", () => {
    const { security, modelProviders } = settingsOf('both', { sampling: { temperature: 0.5 } })
    expect(security).toMatchObject({ auth: { selectedType: 'openai' }, folderTrust: { enabled: true } })
    expect(modelProviders['openai']?.[0]).toMatchObject({
      id: 'both',
      envKey: 'K',
      generationConfig: {
        samplingParams: { max_tokens: 9, temperature: 0.5 },
        extra_body: { enable_search: true, ...INERT_TOOLS },
        // Not the user's to choose: else the service is asked again in silence.
        maxRetries: 0,
      },
    })
  })

  test('of a model without an entry have the key and the place of the environment', () => {
    const [entry] = settingsOf('new', {}, 'https://api.example/v1').modelProviders['openai']!
    expect(entry).toMatchObject({ id: 'new', envKey: 'OPENAI_API_KEY', baseUrl: 'https://api.example/v1' })
    expect(entry?.generationConfig['samplingParams']).toEqual({ max_tokens: 32_000 })
  })

  test('leave the translation of effort to Qwen Code for DashScope, and send it elsewhere', () => {
    const effort = { reasoning: { effort: 'high' as const } }
    const samplingOf = (settings: Settings) => settings.modelProviders['openai']![0]!.generationConfig['samplingParams']
    expect(samplingOf(settingsOf('both', effort))).not.toHaveProperty('reasoning_effort')
    expect(samplingOf(settingsOf('new', effort))).not.toHaveProperty('reasoning_effort')
    expect(samplingOf(settingsOf('new', effort, 'https://api.example/v1'))).toMatchObject({ reasoning_effort: 'high' })
    expect(samplingOf(settingsOf('new', effort, 'https://dashscope.aliyuncs.com.evil/v1'))).toMatchObject({
      reasoning_effort: 'high',
    })
  })
})

describe('a service', () => {
  const login = { user: USER, hasKey: false, baseUrl: undefined, defaultModel: 'm' }

  test("is the one of the user's entry, or of the environment", () => {
    expect(serviceOf('both', login)).toEqual({ dashScope: true, completions: true, search: true })
    expect(serviceOf('both', { ...login, user: { ...USER, authType: 'anthropic' } }).completions).toBe(false)
    const keyed = { ...login, hasKey: true, baseUrl: 'https://api.example/v1' }
    expect(serviceOf('new', keyed)).toEqual({ dashScope: false, completions: true, search: false })
    expect(serviceOf('new', { ...login, user: { authType: 'gemini', models: [] } }).completions).toBe(false)
  })
})

describe("the user's settings", () => {
  test('may have comments and trailing commas; entries without an id are passed over', () => {
    expect(USER.models.map(({ id, provider }) => [provider, id])).toEqual([
      ['anthropic', 'both'],
      ['openai', 'both'],
    ])
  })

  test('an entry of the provider that is logged in to goes first', () => {
    expect(findModel(USER, 'both')?.provider).toBe('openai')
    expect(findModel({ ...USER, authType: 'anthropic' }, 'both')?.provider).toBe('anthropic')
    expect(findModel(USER, 'other')).toBeUndefined()
  })
})
