// What becomes of each parameter of a chat completion, as a table for docs/dialects.md: asked of the drivers themselves.
import { GatewayError } from '../../src/core/error.ts'
import { decode } from '../../src/dialects/openai-chat/decode.ts'
import type { ChatCompletionRequest } from '../../src/dialects/openai-chat/schema.ts'
import { createRouting } from '../../src/policy/routing.ts'
import type { Sandbox } from '../../src/process/sandbox.ts'
import { createClaudeDriver } from '../../src/providers/claude/driver.ts'
import { createDemoDriver } from '../../src/providers/demo/driver.ts'
import { createRegistry } from '../../src/providers/registry.ts'
import type { Parameter } from '../../src/core/request.ts'

/** Models that are alike, by the head of their column. */
export const COLUMNS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'Claude to 4.5': ['claude-haiku-4-5', 'claude-sonnet-4-5', 'claude-opus-4-5', 'claude-opus-4-1'],
  'Claude 4.6': ['claude-opus-4-6', 'claude-sonnet-4-6'],
  'Claude 4.7 to 5': ['claude-opus-4-7', 'claude-opus-4-8', 'claude-sonnet-5', 'claude-opus-5'],
  'Claude 5.5 and later': [
    'sonnet',
    'opus',
    'haiku',
    'fable',
    'claude-sonnet-5-5',
    'claude-opus-5-5',
    'claude-fable-5-2',
  ],
  'demo/chat': ['demo/chat', 'demo/tools', 'demo/long'],
  'demo/echo': ['demo/echo'],
  'demo/reasoning': ['demo/reasoning'],
}

const TOOLS: ChatCompletionRequest['tools'] = [{ type: 'function', function: { name: 'look' } }]

const STRICT_TOOLS: ChatCompletionRequest['tools'] = [{ type: 'function', function: { name: 'look', strict: true } }]

/** Each parameter with a body that sets it and nothing else. */
export const ROWS: readonly [label: string, parameter: Parameter, body: Partial<ChatCompletionRequest>][] = [
  ['`max_completion_tokens`, `max_tokens`', 'maxTokens', { max_completion_tokens: 4000 }],
  ['`stop`', 'stop', { stop: ['END'] }],
  ['`n`', 'count', { n: 2 }],
  ['`temperature`', 'temperature', { temperature: 0.5 }],
  ['`temperature` above 1', 'temperature', { temperature: 1.5 }],
  ['`temperature` beside `reasoning_effort`', 'temperature', { temperature: 0.5, reasoning_effort: 'high' }],
  ['`top_p`', 'topP', { top_p: 0.5 }],
  ['`top_p` beside `temperature`', 'topP', { top_p: 0.5, temperature: 0.5 }],
  ['`top_k`', 'topK', { top_k: 40 }],
  ['`reasoning_effort`', 'effort', { reasoning_effort: 'high' }],
  ['`seed`', 'seed', { seed: 1 }],
  ['`frequency_penalty`', 'frequencyPenalty', { frequency_penalty: 1 }],
  ['`presence_penalty`', 'presencePenalty', { presence_penalty: 1 }],
  ['`user`, `safety_identifier`', 'user', { user: 'someone' }],
  ['`metadata`', 'metadata', { metadata: { team: 'blue' } }],
  ['`tools`, `functions`', 'tools', { tools: TOOLS }],
  ['`tool_choice`, `function_call`', 'toolChoice', { tools: TOOLS, tool_choice: 'required' }],
  ['`parallel_tool_calls`', 'parallelToolCalls', { tools: TOOLS, parallel_tool_calls: false }],
  ['`strict: true` of a function', 'strictTools', { tools: STRICT_TOOLS }],
  ['`response_format`', 'output', { response_format: { type: 'json_object' } }],
]

/** `refused` is a 400: an answer without it would be no answer. */
type Outcome = 'honoured' | 'emulated' | 'ignored' | 'refused'

const unused = () => {
  throw new Error('Nothing is started to tell what is supported.')
}
const claude = createClaudeDriver({
  environment: {},
  account: {},
  sandbox: { path: '', createFolder: unused, adopt: unused, close: unused } satisfies Sandbox,
  leftovers: { add: unused },
  pool: { warm: 0, maxWarm: 0, maxActive: 1, maxQueue: 0, queueTimeout: 0, maxBoots: 1, idleTimeout: 0 },
  history: 'auto',
  web: false,
  log: { debug() {}, info() {}, warn() {} },
})
const registry = createRegistry({ drivers: [claude, createDemoDriver()] })
const routing = createRouting({ registry, timeouts: { firstEvent: 0, betweenEvents: 0, total: 0 } })

/** What routing makes of the parameter for this model. */
export function outcomeOf(model: string, parameter: Parameter, body: Partial<ChatCompletionRequest>): Outcome {
  const request = decode({ ...body, model, messages: [{ role: 'user', content: 'hi' }] })
  const name = request.given[parameter]
  if (name === undefined) throw new Error(`The body does not set ${parameter}.`)
  try {
    if (routing.plan(request).ignored.includes(name)) return 'ignored'
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'unsupported_parameter') return 'refused'
    throw error
  }
  const resolved = registry.resolve(model)
  return resolved.driver.support(request, resolved.model)[parameter] === 'native' ? 'honoured' : 'emulated'
}

/** The table as it stands on the page. */
export function supportTable(): string {
  const heads = Object.keys(COLUMNS)
  const rows = ROWS.map(([label, parameter, body]) =>
    [label, ...heads.map((head) => outcomeOf(COLUMNS[head]![0], parameter, body))].join(' | '),
  )
  return [['Parameter', ...heads].join(' | '), ['', ...heads].map(() => '---').join(' | '), ...rows]
    .map((row) => `| ${row} |`)
    .join('\n')
}
