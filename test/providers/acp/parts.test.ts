// Models, usage and errors of agents that have their own ways.
import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../src/core/error.ts'
import { isUnknownSession, toGatewayError } from '../../../src/providers/acp/errors.ts'
import { agentModels, listModels } from '../../../src/providers/acp/models.ts'
import { estimatedUsage, usageOf } from '../../../src/providers/acp/usage.ts'
import { AcpError } from '../../../src/providers/acp-errors.ts'
import type { AcpEvent, AcpSessionInfo, SessionUpdate } from '../../../src/providers/acp-types.ts'

describe('models', () => {
  test('by the configuration option, in groups or not', () => {
    const option = (options: object[]) =>
      agentModels({
        configOptions: [
          { id: 'mode', name: 'Mode', type: 'select', currentValue: 'a', options: [{ value: 'a', name: 'A' }] },
          { id: 'llm', category: 'model', name: 'Model', type: 'select', currentValue: 'a', options },
        ],
        models: { currentModelId: 'x', availableModels: [{ modelId: 'x', name: 'X' }] },
      } as unknown as AcpSessionInfo)
    const expected = [
      { name: 'a', displayName: 'A', value: 'a', option: 'llm' },
      { name: 'b', displayName: 'B', value: 'b', option: 'llm' },
    ]
    const [a, b] = [
      { value: 'a', name: 'A' },
      { value: 'b', name: 'B' },
    ]
    expect(option([a, b])).toEqual(expected)
    expect(
      option([
        { group: 'g', name: 'G', options: [a] },
        { group: 'h', name: 'H', options: [b] },
      ]),
    ).toEqual(expected)
  })

  test('by the list of the session, under names that callers can write', () => {
    const availableModels = [
      { modelId: '$runtime|openai|qwen3(openai)', name: 'qwen3' },
      { modelId: '|x y|', name: '(x y)' },
      { modelId: 'plain', name: 'Plain model' },
    ]
    const models = agentModels({ models: { currentModelId: 'plain', availableModels } })
    expect(models.map(({ name, value }) => [name, value])).toEqual([
      ['qwen3', '$runtime|openai|qwen3(openai)'],
      ['model-x-y-', '|x y|'],
      ['plain', 'plain'],
    ])
  })

  test('an agent without any has one: its own choice', () => {
    expect(listModels(agentModels({})).map(({ id }) => id)).toEqual(['default'])
    expect(listModels([], ['a', 'b', 'a']).map(({ id }) => id)).toEqual(['a', 'b'])
  })
})

describe('usage', () => {
  const stop = (fields: object): AcpEvent => ({ type: 'stop', response: { stopReason: 'end_turn', ...fields } })
  const numbers = { input: 70, output: 11, cachedRead: 0, cacheWrite: 0, reasoning: 0 }

  test.each([
    ['in the answer', stop({ usage: { inputTokens: 70, outputTokens: 11, totalTokens: 81 } })],
    ['in its metadata', stop({ _meta: { usage: { inputTokens: 70, outputTokens: 11 } } })],
    ['as Gemini CLI tells it', stop({ _meta: { quota: { token_count: { input_tokens: 70, output_tokens: 11 } } } })],
    [
      'with an update',
      {
        type: 'update',
        update: {
          sessionUpdate: 'agent_message_chunk',
          content: { type: 'text', text: '' },
          _meta: { usage: { inputTokens: 70, outputTokens: 11 } },
        } as SessionUpdate,
      } satisfies AcpEvent,
    ],
  ] as [string, AcpEvent][])('%s', (_, event) => {
    expect(usageOf([event])).toEqual(numbers)
  })

  test('the last one holds; thoughts and cache are counted where they are told', () => {
    const tokens = { inputTokens: 9, outputTokens: 8, thoughtTokens: 7, cachedReadTokens: 6, cachedWriteTokens: 5 }
    const events = [stop({ usage: { inputTokens: 1, outputTokens: 1 } }), stop({ usage: tokens })]
    expect(usageOf(events)).toEqual({ input: 9, output: 8, reasoning: 7, cachedRead: 6, cacheWrite: 5 })
  })

  test('where none is told, it is estimated, and says so', () => {
    expect(usageOf([stop({}), stop({ _meta: null }), stop({ usage: { inputTokens: 'many' } })])).toBeUndefined()
    expect(estimatedUsage(9, 4)).toMatchObject({ input: 3, output: 1, estimated: true })
  })
})

describe('errors', () => {
  const CASES: [string, AcpError, string][] = [
    ['no login', new AcpError(-32000, 'Authentication required', undefined), 'provider_login_required'],
    ['a status as code', new AcpError(429, 'slow down', undefined), 'rate_limit_exceeded'],
    [
      'a status in the details',
      new AcpError(-32603, 'Internal error', { details: '401 bad key' }),
      'provider_login_required',
    ],
    ['a status in the text', new AcpError(-32603, '[API Error: 503 full]', undefined), 'overloaded'],
    ['a status in the data', new AcpError(-32603, 'Internal error', '404 no such model'), 'model_not_found'],
    ['400', new AcpError(400, 'bad', undefined), 'invalid_request'],
    ['403', new AcpError(403, 'no', undefined), 'permission_denied'],
    ['413', new AcpError(413, 'big', undefined), 'request_too_large'],
    ['500', new AcpError(500, 'oops', undefined), 'provider_error'],
    [
      'anything else',
      new AcpError(-32603, 'Internal error in /home/ada', { details: 'at 4040 lines' }),
      'provider_error',
    ],
  ]
  test.each(CASES)('%s', (_, thrown, code) => {
    const error = toGatewayError(thrown, 'test') as GatewayError
    expect(error).toMatchObject({ code, cause: thrown })
    expect(error.message).not.toMatch(/\/home|oops|bad key/)
  })

  test('what is none of the agent’s stays as it is', () => {
    const error = new Error('x')
    expect(toGatewayError(error, 'test')).toBe(error)
  })
})

describe('a session that is not known', () => {
  const ID = 'sess_abc123'
  type Told = [code: number, message: string, data: unknown]

  test.each<[string, Told]>([
    ['the protocol', [-32002, 'Resource not found', { sessionId: ID }]],
    ['its libraries', [-32002, `Resource not found: ${ID}`, { uri: ID }]],
    ['an agent that names nothing', [-32002, 'Resource not found', undefined]],
    ['goose', [-32002, 'Resource not found', `Session not found: ${ID}`]],
    ['opencode', [-32602, 'Invalid params', `{"error":"Session not found: ${ID}"}`]],
    // 0.61.0
    ['Gemini CLI', [-32602, `Session not found: ${ID}`, undefined]],
    // 0.24.4
    ['Qwen Code, to a prompt', [-32603, 'Internal error', { details: `Session not found: ${ID}` }]],
    ['Qwen Code, to the choice of a model', [-32602, `Invalid params: Session not found for id: ${ID}`, undefined]],
    ['others', [-32001, 'Unknown session', null]],
    ['others', [-32603, `session ${ID} has expired`, undefined]],
    ['others', [-32603, `Session "${ID}" does not exist`, undefined]],
  ])('in the words of %s', (_, told) => {
    expect(isUnknownSession(new AcpError(...told), ID)).toBe(true)
  })

  test.each<[string, Told]>([
    ['a file', [-32002, 'Resource not found: file:///document', { uri: 'file:///document' }]],
    ['a login', [-32603, 'Your session has expired. Please log in again.', undefined]],
    ['a login', [-32603, 'Invalid session token', undefined]],
    ['a missing login', [-32000, 'Session not found', undefined]],
    ['the service', [404, 'session not found', undefined]],
    ['the service', [-32603, 'Internal error', { details: '404 unknown session' }]],
    ['an answer', [-32603, 'The session was closed by the server', undefined]],
    ['an answer', [-32603, `Session ${ID}: unknown error`, undefined]],
    ['nothing', [-32603, 'Internal error', { details: 'oops' }]],
  ])('is not told by an error about %s', (_, told) => {
    expect(isUnknownSession(new AcpError(...told), ID)).toBe(false)
  })

  test('nor by an error of the gateway', () => {
    expect(isUnknownSession(new Error('Session not found'), ID)).toBe(false)
  })
})
