// One rich request of each API, to be made wrong.

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const PARAMETERS = { type: 'object', properties: { city: { type: 'string', enum: ['a', 'b'] } }, required: ['city'] }

const chat = {
  model: 'demo/echo:high',
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'developer', content: [{ type: 'text', text: 'And kind.' }] },
    {
      role: 'user',
      name: 'bob',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}`, detail: 'low' } },
        { type: 'file', file: { filename: 'a.txt', file_data: 'data:text/plain;base64,aGk=' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      reasoning_content: 'Hm.',
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"a"}' } }],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
    { role: 'user', content: 'And now?' },
  ],
  tools: [{ type: 'function', function: { name: 'weather', description: 'x', parameters: PARAMETERS, strict: true } }],
  tool_choice: { type: 'function', function: { name: 'weather' } },
  parallel_tool_calls: false,
  response_format: { type: 'json_schema', json_schema: { name: 'a', schema: PARAMETERS, strict: true } },
  temperature: 0.5,
  top_p: 0.9,
  max_tokens: 100,
  stop: ['END', '\n\n'],
  n: 2,
  seed: 1,
  stream: true,
  stream_options: { include_usage: true },
  reasoning_effort: 'low',
  metadata: { a: 'b' },
  user: 'me',
  logit_bias: { '5': 1 },
}
const plainChat = { model: 'demo/echo', messages: [{ role: 'user', content: 'hi' }], stream: true }

const messages = {
  model: 'demo/echo',
  max_tokens: 2000,
  system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
        { type: 'document', title: 't', source: { type: 'text', media_type: 'text/plain', data: 'hi' } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
        { type: 'redacted_thinking', data: 'ZGF0YQ==' },
        { type: 'text', text: 'Let me see.' },
        { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'a' } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_1', is_error: true, content: [{ type: 'text', text: 'rain' }] },
        { type: 'text', text: 'And now?' },
      ],
    },
  ],
  tools: [{ name: 'weather', description: 'x', input_schema: PARAMETERS }],
  tool_choice: { type: 'tool', name: 'weather', disable_parallel_tool_use: true },
  thinking: { type: 'enabled', budget_tokens: 1024 },
  output_config: { effort: 'low', format: { type: 'json_schema', schema: PARAMETERS } },
  stop_sequences: ['END'],
  temperature: 0.5,
  top_k: 5,
  metadata: { user_id: 'me' },
  stream: true,
}
const plainMessages = { model: 'demo/echo', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] }

const gemini = {
  systemInstruction: { parts: [{ text: 'Be brief.' }] },
  contents: [
    {
      role: 'user',
      parts: [
        { text: 'What is this?' },
        { inlineData: { mimeType: 'image/png', data: PNG } },
        { file_data: { file_uri: 'https://example.com/a.png' } },
      ],
    },
    {
      role: 'model',
      parts: [
        { text: 'Hm.', thought: true },
        { functionCall: { name: 'weather', args: { city: 'a' }, id: 'call_1' }, thoughtSignature: 'c2ln' },
      ],
    },
    {
      role: 'function',
      parts: [{ functionResponse: { name: 'weather', id: 'call_1', response: { result: 'rain' } } }],
    },
    { role: 'user', parts: [{ text: 'And now?' }] },
  ],
  tools: [
    { functionDeclarations: [{ name: 'weather', description: 'x', parameters: { ...PARAMETERS, type: 'OBJECT' } }] },
  ],
  toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['weather'] } },
  generationConfig: {
    temperature: 0.5,
    maxOutputTokens: 100,
    stopSequences: ['END'],
    candidateCount: 2,
    responseMimeType: 'application/json',
    responseSchema: { type: 'OBJECT', properties: { a: { type: 'STRING', nullable: true } } },
    thinkingConfig: { includeThoughts: true, thinkingBudget: 100 },
  },
  safetySettings: [{ category: 'x', threshold: 'y' }],
  labels: { a: 'b' },
}
const plainGemini = { contents: [{ parts: [{ text: 'hi' }] }] }

const completions = {
  model: 'demo/echo',
  prompt: ['one', 'two'],
  max_tokens: 10,
  n: 2,
  stop: ['END'],
  echo: true,
  stream: true,
  suffix: null,
  logprobs: 1,
  best_of: 2,
  user: 'me',
}

const responses = {
  model: 'demo/echo',
  instructions: 'Be kind.',
  input: [
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'hi' },
        { type: 'input_image', image_url: 'https://example.com/a.png' },
      ],
    },
    { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'so' }], encrypted_content: 'abc' },
    { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{"at":1}' },
    { type: 'function_call_output', call_id: 'call_1', output: [{ type: 'input_text', text: 'seen' }] },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'yes', annotations: [] }] },
    { role: 'user', content: 'and?' },
  ],
  tools: [
    {
      type: 'function',
      name: 'look',
      parameters: { type: 'object', properties: { at: { type: 'number' } } },
      strict: false,
    },
  ],
  tool_choice: { type: 'function', name: 'look' },
  text: { format: { type: 'json_schema', name: 'form', schema: { type: 'object' } } },
  reasoning: { effort: 'low', summary: 'auto' },
  include: ['reasoning.encrypted_content'],
  metadata: { a: 'b' },
  max_output_tokens: 99,
  stream: true,
  store: false,
}

/** By the name of the API as the gateway has it. An API that is not here is asked with the requests of all others. */
export const VALID: Readonly<Record<string, readonly object[]>> = {
  'openai-chat': [chat, plainChat],
  'anthropic-messages': [messages, plainMessages],
  gemini: [gemini, plainGemini],
  'openai-responses': [responses, { model: 'demo/echo', input: 'hi' }],
  'openai-completions': [completions, { model: 'demo/echo', prompt: 'hi' }],
}
