// Bytes as the gateway sends them, from its routes down: one of everything that each API can answer.
import { type Ask, gate, LATE, TURNS } from './gate.ts'
import type { Kind } from './types.ts'

/** A piece of JSON, what it is, and what was asked for. */
export type Recorded = { kind: Kind; from: string; json: unknown }

const messages = [{ role: 'user', content: 'Hi' }]
const parameters = { type: 'object', properties: { input: { type: 'string' } } }
const look = { name: 'look', description: 'Looks.', parameters }
/** An error of any API, but none that is an event of a response. */
const isError = (json: unknown) =>
  'error' in Object(json) && !('id' in Object(json)) && !('sequence_number' in Object(json))

async function chat(ask: Ask, from: string): Promise<Recorded[]> {
  const base = { model: 'demo/chat', messages }
  const schema = { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } }
  const requests = [
    base,
    { ...base, tools: [{ type: 'function', function: look }] },
    { ...base, functions: [look] },
    { ...base, response_format: schema },
  ]
  const found: Recorded[] = []
  for (const request of requests) {
    const whole = await ask({ path: '/v1/chat/completions', body: request })
    found.push(...kinds(whole, 'chat.completion', 'openai.error', from))
    const options = { stream: true, stream_options: { include_usage: true } }
    const chunks = await ask({ path: '/v1/chat/completions', body: { ...request, ...options } })
    found.push(...kinds(chunks, 'chat.completion.chunk', 'openai.error', from))
  }
  const old = { model: 'demo/chat', prompt: 'Hi' }
  const options = { stream: true, stream_options: { include_usage: true } }
  found.push(...kinds(await ask({ path: '/v1/completions', body: old }), 'text_completion', 'openai.error', from))
  const chunks = await ask({ path: '/v1/completions', body: { ...old, ...options } })
  return [...found, ...kinds(chunks, 'text_completion.chunk', 'openai.error', from)]
}

function kinds(all: unknown[], kind: Kind, error: Kind, from: string): Recorded[] {
  return all.map((json) => ({ kind: isError(json) ? error : kind, from, json }))
}

/** Tools and choices in all their forms, with as little in them as may be: a response repeats them. */
const RESPONSES = [
  { input: 'Hi' },
  {
    input: [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'input_image', image_url: 'data:image/png;base64,eA==' }] },
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.' }] },
      { role: 'assistant', content: 'Hello.' },
      {
        type: 'message',
        role: 'assistant',
        content: [
          { type: 'output_text', text: 'Hello.' },
          { type: 'refusal', refusal: 'No.' },
        ],
      },
      { type: 'function_call', call_id: 'a', name: 'look', arguments: '{}' },
      { type: 'custom_tool_call', call_id: 'b', name: 'write', input: 'x' },
      { type: 'function_call_output', call_id: 'a', output: 'seen' },
      { type: 'custom_tool_call_output', call_id: 'b', output: 'written' },
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'Go on.' },
          { type: 'input_file', file_data: 'eA==' },
        ],
      },
    ],
    tools: [
      { type: 'function', name: 'look' },
      { type: 'custom', name: 'write' },
      { type: 'namespace', name: 'box', description: 'A box.', tools: [{ type: 'function', name: 'open' }] },
    ],
    tool_choice: 'required',
    instructions: 'Be good.',
    reasoning: { effort: 'low', summary: 'auto' },
    metadata: { a: 'b' },
    user: 'me',
    safety_identifier: 'me',
    temperature: 0.5,
    top_p: 0.5,
    max_output_tokens: 100,
    include: ['reasoning.encrypted_content'],
    text: { format: { type: 'json_object' }, verbosity: 'low' },
  },
  {
    input: 'Hi',
    tools: [{ type: 'function', name: 'look', parameters, strict: true, description: 'Looks.' }],
    tool_choice: { type: 'function', name: 'look' },
    text: { format: { type: 'json_schema', name: 'a', schema: { type: 'object' } } },
  },
  {
    // What clients send for what they have not.
    input: [
      { role: 'user', content: 'Hi', id: null, status: null, phase: null },
      { type: 'reasoning', summary: null, content: null, encrypted_content: null, status: null },
      {
        type: 'function_call',
        call_id: 'a',
        name: 'look',
        namespace: null,
        arguments: '{}',
        status: null,
        caller: null,
      },
      { type: 'custom_tool_call', call_id: 'b', name: 'write', namespace: null, input: 'x', status: null },
      { type: 'function_call_output', call_id: 'a', output: 'seen', name: null, status: null, caller: null },
      { type: 'custom_tool_call_output', call_id: 'b', output: 'written', name: null, status: null },
    ],
  },
  {
    input: 'Hi',
    tools: [
      { type: 'function', name: 'look', parameters: null, description: null },
      { type: 'custom', name: 'write', description: null, format: { type: 'text' } },
    ],
    tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'look' }] },
  },
]

async function responses(ask: Ask, from: string): Promise<Recorded[]> {
  const found: Recorded[] = []
  for (const request of RESPONSES) {
    const body = { model: 'demo/chat', ...request }
    const path = '/v1/responses'
    const whole = await ask({ path, body })
    found.push(...kinds(whole, 'response', 'openai.error', from))
    const events = await ask({ path, body: { ...body, stream: true } })
    found.push(...kinds(events, 'response.event', 'openai.error', from))
    const id: unknown = Reflect.get(Object(whole[0]), 'id')
    if (typeof id === 'string') {
      const stored = `${path}/${id}`
      found.push(...kinds(await ask({ path: stored }), 'response', 'openai.error', from))
      const replay = await ask({ path: `${stored}?stream=true` })
      found.push(...kinds(replay, 'response.event', 'openai.error', from))
      const items = await ask({ path: `${stored}/input_items?limit=100` })
      found.push(...kinds(items, 'response.item_list', 'openai.error', from))
    }
    const count = await ask({ path: `${path}/input_tokens`, body })
    found.push(...kinds(count, 'response.input_tokens', 'openai.error', from))
    const queued = await ask({ path, body: { ...body, background: true, stream: true } })
    found.push(...kinds(queued, 'response.event', 'openai.error', from))
  }
  return found
}

async function anthropic(ask: Ask, from: string): Promise<Recorded[]> {
  const body = {
    model: 'demo/chat',
    max_tokens: 100,
    messages,
    tools: [{ name: 'look', input_schema: parameters }],
    stop_sequences: ['END'],
  }
  const error = 'anthropic.error'
  const path = '/v1/messages'
  const { max_tokens: _, stop_sequences: __, ...counted } = body
  return [
    ...kinds(await ask({ path, body }), 'anthropic.message', error, from),
    ...kinds(await ask({ path, body: { ...body, stream: true } }), 'anthropic.event', error, from),
    ...kinds(await ask({ path: `${path}/count_tokens`, body: counted }), 'anthropic.count', error, from),
  ]
}

async function gemini(ask: Ask, from: string): Promise<Recorded[]> {
  const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }]
  const body = { contents, generationConfig: { thinkingConfig: { includeThoughts: true } } }
  const path = '/v1beta/models/demo/chat'
  const all = [
    ...(await ask({ path: `${path}:generateContent`, body })),
    ...(await ask({ path: `${path}:streamGenerateContent?alt=sse`, body })),
  ]
  // Google's SDK has no type for its errors.
  const answers = all.filter((json) => !isError(json))
  return [
    ...answers.map((json): Recorded => ({ kind: 'gemini.response', from, json })),
    ...(await ask({ path: `${path}:countTokens`, body: { contents } })).map((json): Recorded => ({
      kind: 'gemini.count',
      from,
      json,
    })),
  ]
}

async function models(ask: Ask): Promise<Recorded[]> {
  const from = 'the models'
  const anthropicHeaders = { 'anthropic-version': '2023-06-01' }
  const found = async (kind: Kind, path: string, headers = {}) =>
    (await ask({ path, headers })).map((json): Recorded => ({ kind, from, json }))
  return [
    ...(await found('openai.models', '/v1/models')),
    ...(await found('openai.model', '/v1/models/demo/chat')),
    ...(await found('anthropic.models', '/v1/models', anthropicHeaders)),
    ...(await found('anthropic.model', '/v1/models/demo/bare', anthropicHeaders)),
    ...(await found('gemini.models', '/v1beta/models?pageSize=1')),
    ...(await found('gemini.model', '/v1beta/models/demo/chat')),
  ]
}

/** Requests that no provider ever sees, in each API. */
async function refusals(ask: Ask): Promise<Recorded[]> {
  const from = 'a wrong request'
  const body = { model: 4 }
  return [
    ...kinds(await ask({ path: '/v1/chat/completions', body }), 'chat.completion', 'openai.error', from),
    ...kinds(await ask({ path: '/v1/responses', body }), 'response', 'openai.error', from),
    ...kinds(await ask({ path: '/v1/responses/resp_none' }), 'response', 'openai.error', from),
    ...kinds(await ask({ path: '/v1/messages', body }), 'anthropic.message', 'anthropic.error', from),
    ...kinds(await ask({ path: '/v1/models/none' }), 'openai.model', 'openai.error', from),
  ]
}

/** All of it; what is the same JSON twice is there once. */
export async function record(): Promise<Recorded[]> {
  const all: Recorded[] = []
  for (const [from, events] of Object.entries(TURNS)) {
    const ask = gate(events, from === LATE)
    for (const api of [chat, responses, anthropic, gemini]) all.push(...(await api(ask, from)))
  }
  const ask = gate(TURNS['text']!)
  return [...all, ...(await models(ask)), ...(await refusals(ask))]
}
