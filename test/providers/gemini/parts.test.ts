// Parameters, settings, models, errors and usage: what can be decided without the CLI.
import { describe, expect, test } from 'bun:test'
import type { ChatRequest, Effort } from '../../../src/core/request.ts'
import { AcpError } from '../../../src/providers/acp-errors.ts'
import type { AcpModel } from '../../../src/providers/acp-types.ts'
import { toGatewayError } from '../../../src/providers/gemini/errors.ts'
import { KNOWN_MODELS, servedName, thinkingLevels } from '../../../src/providers/gemini/model-facts.ts'
import { listModels } from '../../../src/providers/gemini/models.ts'
import { resolveParameters } from '../../../src/providers/gemini/parameters.ts'
import {
  hookText,
  isWebCall,
  modelIdOf,
  NOWHERE,
  policyText,
  wasStopped,
  workerSettings,
} from '../../../src/providers/gemini/settings.ts'
import { recordedUsage, reportedUsage } from '../../../src/providers/gemini/usage.ts'
import { request } from '../claude/requests.ts'

const GRADED = new Set(KNOWN_MODELS)
const resolve = (changes: Parameters<typeof request>[1], model = 'gemini-2.5-pro') =>
  resolveParameters(request('hi', changes), model, GRADED)

/** How the CLI is told the model of a turn without functions. */
const told = (changes: Parameters<typeof request>[1], model?: string) =>
  modelIdOf(resolve(changes, model).choice, 'NONE', false).modelId

describe('parameters', () => {
  test('nothing given changes nothing', () => {
    expect(resolve({})).toMatchObject({ sampling: undefined, maxTokens: undefined })
    expect(told({})).toBe('gemini-2.5-pro')
    expect(hookText(resolve({}).sampling, false).split('\n')[0]).toBe('')
  })

  test('what is given, and of the CLI’s own values none', () => {
    const { sampling, maxTokens } = resolve({ sampling: { temperature: 0, maxTokens: 5 } })
    expect(sampling).toEqual({ temperature: 0, maxOutputTokens: 5 })
    expect(maxTokens).toBe(5)
    const [first, ...further] = hookText(sampling, false).split('\n')
    expect(JSON.parse(first!)).toEqual({
      hookSpecificOutput: {
        hookEventName: 'BeforeModel',
        llm_request: { config: { temperature: 0, maxOutputTokens: 5 } },
      },
    })
    expect(JSON.parse(further[0]!)).toMatchObject({ continue: false })
  })

  const EFFORTS: [Effort, string, string][] = [
    ['none', 'gemini-2.5-flash', 'cligate-none-gemini-2.5-flash'],
    ['minimal', 'gemini-2.5-pro', 'cligate-minimal-gemini-2.5-pro'],
    ['xhigh', 'gemini-2.5-pro', 'cligate-high-gemini-2.5-pro'],
    ['max', 'gemini-3.1-pro-preview', 'cligate-high-gemini-3.1-pro-preview'],
    ['medium', 'gemini-3-flash-preview', 'cligate-medium-gemini-3-flash-preview'],
  ]
  test.each(EFFORTS)('effort %s of %s', (effort, model, modelId) => {
    expect(told({ reasoning: { effort } }, model)).toBe(modelId)
    expect(resolve({ reasoning: { effort } }, model).support.effort).toBe('native')
  })

  test.each([
    [0, 'none'],
    [1000, 'low'],
    [5000, 'medium'],
    [30_000, 'high'],
  ])('a budget of %p tokens is effort %s', (budgetTokens, level) => {
    expect(told({ reasoning: { budgetTokens } })).toBe(`cligate-${level}-gemini-2.5-pro`)
  })

  test('effort of a model that nobody knows is ignored, and the caller is told', () => {
    const changes = { reasoning: { effort: 'high' as const } }
    expect(told(changes, 'tuned-model')).toBe('tuned-model')
    expect(resolve(changes, 'tuned-model').support.effort).toBe('ignored')
  })

  test('what is honoured, and what is not', () => {
    const { support } = resolve({})
    expect(support).toMatchObject({ temperature: 'native', maxTokens: 'native', stop: 'emulated', output: 'native' })
    for (const name of ['seed', 'frequencyPenalty', 'presencePenalty', 'user', 'metadata'] as const) {
      expect(support[name] ?? 'ignored').toBe('ignored')
    }
    const native = { tools: 'native', toolChoice: 'native', parallelToolCalls: 'native', output: 'native' } as const
    expect(support).toMatchObject(native)
    const tools: ChatRequest['tools'] = [{ name: 't', description: '', parameters: {}, strict: false }]
    expect(resolve({ tools, output: { type: 'json' } }).support).toMatchObject({
      ...native,
      parallelToolCalls: 'emulated',
      output: 'emulated',
    })
  })
})

describe('how the CLI is told a model', () => {
  const ids = (model: string, level: Effort | undefined) =>
    (['NONE', 'AUTO', 'ANY'] as const).map((mode) => modelIdOf({ model, level }, mode, false))

  test('as it is, or by an alias that the settings have', () => {
    const models = [...KNOWN_MODELS, 'tuned-model']
    const { modelConfigs } = workerSettings({ auth: 'gemini-api-key', web: false, models }) as {
      modelConfigs: { customAliases: object }
    }
    for (const model of models) {
      for (const level of [undefined, ...thinkingLevels(model).map((known) => known.level)]) {
        const [none, auto, any] = ids(model, level)
        if (level === undefined) expect(none).toEqual({ modelId: model, isAlias: false })
        else expect(modelConfigs.customAliases).toHaveProperty([none!.modelId])
        for (const told of [auto, any]) {
          expect(modelConfigs.customAliases).toHaveProperty([told!.modelId, 'modelConfig', 'model'], model)
          expect(told?.isAlias).toBe(true)
        }
        expect(auto?.modelId).not.toBe(any?.modelId)
      }
    }
  })

  test('what the hook says lasts for the requests of a turn, and then stops it', () => {
    for (const [web, requests] of [
      [false, 1],
      [true, 25],
    ] as const) {
      let left = hookText({ topK: 1 }, web)
      for (let request = 0; request < requests; request += 1) {
        expect(left).toStartWith('{"hookSpecificOutput"')
        left = left.slice(left.indexOf('\n') + 1)
        expect(wasStopped(left)).toBe(false)
      }
      expect(wasStopped(left.slice(left.indexOf('\n') + 1))).toBe(true)
    }
  })
})

describe('settings', () => {
  type Settings = {
    tools: { core: string[] }
    model: object
    modelConfigs: { customAliases: Record<string, { modelConfig: object }>; overrides: object[] }
    general: object
  }
  const settings = (web: boolean) =>
    workerSettings({ auth: 'gemini-api-key', web, models: ['gemini-2.5-pro'] }) as Settings

  test('one attempt, one round, one tool that may not be called', () => {
    expect(settings(false)).toMatchObject({
      general: { maxAttempts: 1 },
      tools: { core: ['google_web_search'] },
      model: { maxSessionTurns: 1, compressionThreshold: 1000 },
    })
    expect(JSON.stringify(settings(false).modelConfigs.overrides)).toContain('"mode":"NONE"')
  })

  test('with the web, its two tools and more rounds', () => {
    expect(settings(true).tools.core).toEqual(['google_web_search'])
    expect(settings(true).model).not.toHaveProperty('maxSessionTurns')
    expect(JSON.stringify(settings(true).modelConfigs.overrides)).not.toContain('isChatModel')
  })

  test('an alias for each level, one that leads nowhere, and those of the modes', () => {
    const aliases = settings(false).modelConfigs.customAliases
    expect(Object.keys(aliases).filter((name) => !/^cligate-(AUTO|ANY)-/.test(name))).toHaveLength(6)
    expect(aliases['cligate-low-gemini-2.5-pro']).toEqual({
      extends: 'chat-base-2.5',
      modelConfig: {
        model: 'gemini-2.5-pro',
        generateContentConfig: { thinkingConfig: { thinkingBudget: 1024, includeThoughts: true } },
      },
    } as object as { modelConfig: object })
    expect(aliases[NOWHERE]).toEqual({ modelConfig: {} })
  })

  test('functions of the caller are on the list, and run for no arguments; the CLI’s own are not on it', () => {
    const text = policyText(false, true)
    expect(text).toContain('toolName = "mcp_c_*"\ndecision = "deny"\npriority = 999\nargsPattern = "."\n')
    expect(text).toContain('toolName = "google_web_search"\ndecision = "deny"')
    expect(policyText(true, true)).toContain('toolName = "mcp_c_*"\ndecision = "allow"')
  })

  test('each call has to be asked for, but those of the web where it is allowed', () => {
    expect(policyText(false, false)).toBe('[[rule]]\ntoolName = "*"\ndecision = "ask_user"\npriority = 999\n')
    expect(policyText(true, false)).toContain('toolName = "google_web_search"\ndecision = "allow"')
    expect(policyText(true, false)).not.toContain('web_fetch')
    expect(isWebCall('google_web_search__c1')).toBe(true)
    expect(['run_shell_command__c1', 'google_web_search', 'web_fetch__1'].some(isWebCall)).toBe(false)
  })
})

describe('models', () => {
  const of = (...ids: string[]): AcpModel[] => ids.map((modelId) => ({ modelId, name: modelId }))

  test('without groups, the newest of a family under its short name', () => {
    const models = listModels(
      of(
        'auto',
        'auto-gemini-3',
        'gemini-2.5-pro',
        'gemini-3.1-pro-preview-customtools',
        'gemini-3.8-flash',
        'gemini-3.5-flash-lite',
      ),
      ['tuned', 'gemini-2.5-pro'],
    )
    expect(models.map(({ id, aliases }) => [id, aliases])).toEqual([
      ['gemini-2.5-pro', []],
      ['gemini-3.1-pro-preview', ['pro']],
      ['gemini-3.8-flash', ['flash']],
      ['gemini-3.5-flash-lite', ['flash-lite']],
      ['tuned', []],
    ])
    expect(models.at(-1)).toMatchObject({ efforts: [], contextWindow: undefined })
  })

  test('a model that the CLI renames is called what it is', () => {
    expect(servedName('gemini-3-pro-preview')).toBe('gemini-3.1-pro-preview')
    expect(servedName('gemini-2.5-pro')).toBe('gemini-2.5-pro')
  })

  test('2.5 Pro and all of 3 always think, if little', () => {
    const none = (model: string) => thinkingLevels(model)[0]?.config
    expect(none('gemini-2.5-pro')).toEqual({ thinkingBudget: 128, includeThoughts: false })
    expect(none('gemini-2.5-flash-lite')).toEqual({ thinkingBudget: 0, includeThoughts: false })
    expect(none('gemini-3.1-pro-preview')).toEqual({ thinkingLevel: 'LOW', includeThoughts: false })
    expect(none('gemini-3-flash-preview')).toEqual({ thinkingLevel: 'MINIMAL', includeThoughts: false })
    expect([...thinkingLevels('gemini-2.0-flash'), ...thinkingLevels('gemma-4-31b-it')]).toEqual([])
  })
})

describe('usage', () => {
  const line = (id: string, tokens?: object) => JSON.stringify({ id, type: 'gemini', content: '', tokens })

  test('all calls of the turn; thoughts are part of the output; a record that was written anew counts once', () => {
    const one = { input: 70, output: 11, cached: 20, thoughts: 5, tool: 2, total: 88 }
    const lines = [line('a'), line('a', { ...one, output: 1 }), line('a', one), line('b', one), '{"tokens":', '']
    expect(recordedUsage(lines.join('\n'))).toEqual({
      input: 144,
      output: 32,
      cachedRead: 40,
      cacheWrite: 0,
      reasoning: 10,
    })
    expect(recordedUsage('{"type":"user","content":[{"text":"\\"tokens\\""}]}')).toBeUndefined()
  })

  test('what the protocol tells, and that it tells nothing of an answer that broke off', () => {
    const response = (input: number, models: object[]) => ({
      stopReason: 'end_turn' as const,
      _meta: { quota: { token_count: { input_tokens: input, output_tokens: 5 }, model_usage: models } },
    })
    expect(reportedUsage(response(17, [{}]))).toMatchObject({ input: 17, output: 5 })
    expect(reportedUsage(response(0, []))).toBeUndefined()
    expect(reportedUsage({ stopReason: 'end_turn' })).toBeUndefined()
  })
})

describe('errors that the simulated service does not make', () => {
  const CASES: [string, number, string, object][] = [
    ['a daily quota', 429, 'You have exhausted your daily quota on this model.', { code: 'usage_limit_reached' }],
    ['a short wait', 429, 'Slow down. Please retry in 850ms.', { code: 'rate_limit_exceeded', retryAfter: 1 }],
    ['a fraction of a second', 429, 'Suggested retry after 12.4s.', { code: 'rate_limit_exceeded', retryAfter: 13 }],
    ['no credentials', 500, 'Could not load the default credentials. Browse to …', { code: 'provider_login_required' }],
    ['Vertex does not know it', 500, 'Requested entity was not found.', { code: 'model_not_found' }],
    ['something inside the CLI', 500, "ENOENT: '/home/ada/.gemini/x'", { code: 'provider_error' }],
  ]
  test.each(CASES)('%s', (_, code, message, expected) => {
    const error = toGatewayError(new AcpError(code, message, undefined)) as Error
    expect(error).toMatchObject(expected)
    expect(error.message).not.toContain('/home/ada')
  })
})
