import { describe, expect, test } from 'bun:test'
import type { History } from '../../../src/dialects/openai-responses/history.ts'
import { call, content, conversation, output, read } from './support.ts'

const PIXEL = 'data:image/png;base64,AAAA'

const user = { role: 'user', content: 'hi' }
const refusalOf = (act: () => unknown) => {
  try {
    act()
  } catch (thrown) {
    return thrown
  }
  throw new Error('was not refused')
}

describe('input', () => {
  test('a text is what the user says', () => {
    const { system, messages, unsupported } = read({ input: 'hello', instructions: 'Be brief.' })
    expect(system).toEqual([{ type: 'text', text: 'Be brief.' }])
    expect(messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'hello' }] }])
    expect(unsupported).toEqual([])
  })

  test('that says nothing is refused', () => {
    for (const input of [[], [{ type: 'web_search_call', id: 'ws_1' }]]) {
      expect(refusalOf(() => read({ input }))).toMatchObject({ code: 'invalid_request', param: 'input' })
    }
  })

  test('leading instructions go to the system, later ones stay in their place', () => {
    const { system, messages } = read({
      instructions: 'a',
      input: [
        { role: 'developer', content: 'b' },
        { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'c' }] },
        user,
        { role: 'developer', content: 'd' },
      ],
    })
    expect(system.map(({ text }) => text)).toEqual(['a', 'b', 'c'])
    expect(messages.map(({ role }) => role)).toEqual(['user', 'system'])
  })

  test('instructions alone: the last of them asks, and the caller is told', () => {
    const { system, messages, unsupported } = conversation(
      { role: 'system', content: 'a' },
      { role: 'developer', content: 'b' },
    )
    expect(system).toEqual([{ type: 'text', text: 'a' }])
    expect(messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'b' }] }])
    expect(unsupported).toEqual(['input[1].role'])
  })

  test('reasoning, texts and calls of the model in a row are one message', () => {
    const { messages, unsupported } = conversation(
      user,
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'ENC' },
      {
        type: 'message',
        id: 'msg_1',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'I look.', annotations: [] }],
      },
      call('a', { id: 'fc_1', status: 'completed' }),
      call('b'),
      output('b', 'two'),
      output('a', [
        { type: 'input_text', text: 'one' },
        { type: 'input_image', image_url: PIXEL },
      ]),
      { role: 'assistant', content: 'Seen.' },
      user,
    )
    expect(messages as unknown[]).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'hi' }] },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'hm', encrypted: 'ENC' },
          { type: 'text', text: 'I look.' },
          { type: 'tool-call', id: 'a', name: 'look', arguments: '{}' },
          { type: 'tool-call', id: 'b', name: 'look', arguments: '{}' },
        ],
      },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', id: 'b', content: [{ type: 'text', text: 'two' }], isError: false },
          {
            type: 'tool-result',
            id: 'a',
            content: [
              { type: 'text', text: 'one' },
              {
                type: 'image',
                source: { kind: 'data', mediaType: 'image/png', data: 'AAAA' },
                path: 'input[6].output[1].image_url',
              },
            ],
            isError: false,
          },
        ],
      },
      { role: 'assistant', content: [{ type: 'text', text: 'Seen.' }] },
      { role: 'user', content: [{ type: 'text', text: 'hi' }] },
    ])
    expect(unsupported).toEqual([])
  })

  test('calls of custom tools and of namespaces have the names that the model knows', () => {
    const { messages } = conversation(
      user,
      { type: 'custom_tool_call', call_id: 'a', name: 'patch', input: '*** "x"\n' },
      { type: 'custom_tool_call_output', call_id: 'a', output: 'done' },
      call('b', { namespace: 'agents', name: 'spawn' }),
      output('b'),
      call('c', { namespace: 'functions', name: 'plain' }),
      output('c'),
    )
    const calls = messages.flatMap(({ content }) => content.filter((part) => part.type === 'tool-call'))
    expect(calls as unknown[]).toEqual([
      { type: 'tool-call', id: 'a', name: 'patch', arguments: '{"input":"*** \\"x\\"\\n"}' },
      { type: 'tool-call', id: 'b', name: 'agents__spawn', arguments: '{}' },
      { type: 'tool-call', id: 'c', name: 'plain', arguments: '{}' },
    ])
  })

  test('an answer begun by the caller is named as ignored', () => {
    expect(conversation(user, { role: 'assistant', content: 'The' }).unsupported).toEqual(['input[1]'])
  })

  test('what OpenAI’s own tools left is passed over and named', () => {
    expect(conversation({ type: 'web_search_call', id: 'ws_1', status: 'completed' }, user).unsupported).toEqual([
      'input[0]',
    ])
  })

  test('unknown fields are named by their paths', () => {
    const { unsupported } = conversation(
      { ...user, mood: 'good' },
      { role: 'user', content: [{ type: 'input_text', text: 'a', b: 1 }] },
    )
    expect(unsupported).toEqual(['input[0].mood', 'input[1].content[0].b'])
  })

  test.each<[string, unknown[], string, string]>([
    ['a result without a call', [user, output('x')], 'input[1].call_id', 'No tool call found'],
    ['a call without a result', [user, call('x'), user], 'input[1]', 'No tool output found for function call x'],
    ['two results', [user, call('x'), output('x'), output('x')], 'input[3].call_id', 'has a result already'],
    ['two calls of one id', [user, call('x'), call('x'), output('x')], 'input[2].call_id', 'another call'],
    ['no items', [], 'input', 'is required'],
    ['a compaction', [{ type: 'compaction', encrypted_content: 'x' }, user], 'input[0]', 'compacted'],
    ['an unknown kind of item', [{ type: 'dream' }], 'input[0].type', 'must be an item'],
    ['a message without a role', [{ content: 'x' }], 'input[0].role', 'is required'],
    [
      'an image of the assistant',
      [{ role: 'assistant', content: [{ type: 'input_image', image_url: PIXEL }] }],
      'input[0].content[0].image_url',
      'only texts',
    ],
  ])('%s is refused', (_, items, param, message) => {
    const thrown = refusalOf(() => conversation(...items))
    expect(thrown).toMatchObject({ status: 400, param })
    expect((thrown as Error).message).toContain(message)
  })
})

describe('parts', () => {
  test('images and files, inline and by address', () => {
    const { messages, unsupported } = content(
      { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'auto' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE\nRi0=' },
      { type: 'input_file', file_data: 'JVBERi0=' },
      { type: 'input_file', file_url: 'https://example.com/a.pdf' },
      { type: 'input_image', image_url: PIXEL, detail: 'low' },
    )
    expect(messages[0]!.content as unknown[]).toEqual([
      {
        type: 'image',
        source: { kind: 'url', url: 'https://example.com/a.png' },
        path: 'input[0].content[0].image_url',
      },
      {
        type: 'document',
        source: { kind: 'data', mediaType: 'application/pdf', data: 'JVBERi0=' },
        title: 'a.pdf',
        path: 'input[0].content[1].file_data',
      },
      {
        type: 'document',
        source: { kind: 'data', mediaType: '', data: 'JVBERi0=' },
        path: 'input[0].content[2].file_data',
      },
      {
        type: 'document',
        source: { kind: 'url', url: 'https://example.com/a.pdf' },
        path: 'input[0].content[3].file_url',
      },
      {
        type: 'image',
        source: { kind: 'data', mediaType: 'image/png', data: 'AAAA' },
        path: 'input[0].content[4].image_url',
      },
    ])
    expect(unsupported).toEqual(['input[0].content[4].detail'])
  })

  test.each<[string, object, string]>([
    ['an uploaded image', { type: 'input_image', file_id: 'file-1' }, 'input[0].content[0].file_id'],
    ['an uploaded file', { type: 'input_file', file_id: 'file-1' }, 'input[0].content[0].file_id'],
    ['audio', { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } }, 'input[0].content[0]'],
    ['an image without bytes', { type: 'input_image' }, 'input[0].content[0].image_url'],
    ['a file without bytes', { type: 'input_file', filename: 'x' }, 'input[0].content[0].file_data'],
    ['a local path', { type: 'input_image', image_url: 'file:///etc/passwd' }, 'input[0].content[0].image_url'],
    ['a broken data URL', { type: 'input_image', image_url: 'data:image/png,AAAA' }, 'input[0].content[0].image_url'],
  ])('%s is refused', (_, part, param) => {
    expect(refusalOf(() => content(part))).toMatchObject({ status: 400, param })
  })
})

describe('what was stored', () => {
  const history: History = {
    response: (id) =>
      id === 'resp_gone'
        ? undefined
        : {
            status: id.replace('resp_', ''),
            items: [
              { type: 'message', role: 'developer', content: 'Be brief.', odd: 1 },
              { type: 'message', role: 'user', content: 'look' },
              { ...call('a'), type: 'function_call' as const },
            ],
          },
    item: (id) => (id === 'msg_1' ? { type: 'message', role: 'user', content: 'stored' } : undefined),
  }

  test('a request goes on from a response, without its instructions and its unknown fields', () => {
    const { system, messages, unsupported } = read(
      { previous_response_id: 'resp_completed', instructions: 'New.', input: [output('a')] },
      history,
    )
    expect(system.map(({ text }) => text)).toEqual(['New.', 'Be brief.'])
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool'])
    expect(unsupported).toEqual([])
  })

  test('a reference stands for its item', () => {
    const { messages } = read(
      { input: [{ type: 'item_reference', id: 'msg_1' }, { id: 'msg_1' }, { role: 'user', content: 'now' }] },
      history,
    )
    expect(messages.map(({ content }) => (content[0] as { text: string }).text)).toEqual(['stored', 'stored', 'now'])
  })

  test('a new request without input may go on from a response', () => {
    const earlier: History = {
      ...history,
      response: () => ({ status: 'completed', items: [{ type: 'message', role: 'user', content: 'a' }] }),
    }
    expect(read({ previous_response_id: 'resp_1', input: null }, earlier).messages).toHaveLength(1)
  })

  test.each<[string, object, object]>([
    [
      'a response that is not there',
      { previous_response_id: 'resp_gone' },
      { code: 'not_found', param: 'previous_response_id' },
    ],
    ['one that still runs', { previous_response_id: 'resp_in_progress' }, { param: 'previous_response_id' }],
    ['one that failed', { previous_response_id: 'resp_failed' }, { param: 'previous_response_id' }],
    ['calls of it without results', { previous_response_id: 'resp_completed' }, { param: 'previous_response_id' }],
    ['an item that is not there', { input: [{ type: 'item_reference', id: 'msg_9' }] }, { param: 'input[0].id' }],
    ['a conversation', { conversation: 'conv_1' }, { code: 'unsupported_parameter', param: 'conversation' }],
    ['a template', { prompt: { id: 'pmpt_1' } }, { code: 'unsupported_parameter', param: 'prompt' }],
  ])('%s is refused', (_, fields, expected) => {
    expect(refusalOf(() => read(fields as Record<string, unknown>, history))).toMatchObject({
      status: 400,
      ...expected,
    })
  })
})
