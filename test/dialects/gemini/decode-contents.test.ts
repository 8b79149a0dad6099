import { describe, expect, test } from 'bun:test'
import { conversation, model, read, user } from './support.ts'

const PIXEL = 'iVBORw0KGgo='
const call = (name: string, args: object, id?: string) => ({ functionCall: { name, args, ...(id ? { id } : {}) } })
const result = (name: string, response: unknown, more: object = {}) => ({
  functionResponse: { name, response, ...more },
})
const refusal = (work: () => unknown): object => {
  try {
    work()
  } catch (thrown) {
    return thrown as object
  }
  throw new Error('was not refused')
}

test('contents that say nothing are refused', () => {
  expect(refusal(() => conversation(model()))).toMatchObject({ code: 'invalid_request', param: 'contents' })
})

describe('roles', () => {
  test('user, model, and no role at all', () => {
    const { messages, unsupported } = conversation(
      { parts: [{ text: 'a' }] },
      model({ text: 'b' }),
      user({ text: 'c' }),
    )
    expect(messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'a' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'b' }] },
      { role: 'user', content: [{ type: 'text', text: 'c' }] },
    ])
    expect(unsupported).toEqual([])
  })

  test('one thing for a list of one, and names with underscores', () => {
    const request = read({
      contents: { parts: { text: 'a' } },
      system_instruction: { parts: { text: 'be brief' } },
      generation_config: { max_output_tokens: 5, stop_sequences: 'END', thinking_config: { thinking_budget: 7 } },
      tools: { function_declarations: { name: 'f', parameters: { type: 'OBJECT', properties: { snake_case: {} } } } },
    })
    expect(request.system).toEqual([{ type: 'text', text: 'be brief' }])
    expect(request.sampling).toEqual({ maxTokens: 5, stop: ['END'] })
    expect(request.reasoning).toEqual({ budgetTokens: 7 })
    expect(request.tools[0]!.parameters).toEqual({ type: 'object', properties: { snake_case: {} } })
  })

  test('a field in both spellings is refused', () => {
    const both = { generationConfig: {}, generation_config: {} }
    expect(refusal(() => read(both))).toMatchObject({ param: 'generationConfig', status: 400 })
  })

  test('arguments, results and labels keep the names of their own', () => {
    const { messages, metadata } = read({
      labels: { my_label: 'x' },
      contents: [
        user({ text: 'a' }),
        model(call('f', { some_key: { other_key: 1 } })),
        user(result('f', { some_key: 1, b: 2 })),
      ],
    })
    expect(JSON.stringify(messages)).toContain(String.raw`{\"some_key\":{\"other_key\":1}}`)
    expect(JSON.stringify(messages[2])).toContain(String.raw`{\"some_key\":1,\"b\":2}`)
    expect(metadata).toEqual({ my_label: 'x' })
  })

  test('what stands in the wrong content is refused by its path', () => {
    expect(refusal(() => conversation(user(call('f', {}))))).toMatchObject({
      param: 'contents[0].parts[0].functionCall',
    })
    expect(refusal(() => conversation(user({ text: 'a' }), model(result('f', {}))))).toMatchObject({
      param: 'contents[1].parts[0].functionResponse',
    })
    expect(refusal(() => conversation({ role: 'system', parts: [] }))).toMatchObject({ param: 'contents[0].role' })
  })

  test('a part must be of one kind', () => {
    expect(refusal(() => conversation(user({})))).toMatchObject({ param: 'contents[0].parts[0]' })
    expect(
      refusal(() => conversation(user({ text: 'a', inlineData: { mimeType: 'image/png', data: PIXEL } }))),
    ).toMatchObject({
      param: 'contents[0].parts[0]',
    })
  })

  test('what nobody can honour is reported', () => {
    const { unsupported } = conversation(
      user({ text: 'a', videoMetadata: { fps: 1 }, unknown_field: 1 }),
      model({ executableCode: { code: 'x' } }, { inlineData: { mimeType: 'image/png', data: PIXEL } }, { text: 'b' }),
      user({ text: 'c' }),
    )
    expect(unsupported.toSorted()).toEqual([
      'contents[0].parts[0].unknownField',
      'contents[0].parts[0].videoMetadata',
      'contents[1].parts[0].executableCode',
      'contents[1].parts[1].inlineData',
    ])
  })

  test('an answer begun by the caller is reported', () => {
    expect(conversation(user({ text: 'a' }), model({ text: 'b' })).unsupported).toEqual(['contents[1]'])
  })
})

describe('instructions', () => {
  test('a string, or parts', () => {
    expect(read({ systemInstruction: 'a' }).system).toEqual([{ type: 'text', text: 'a' }])
    expect(read({ systemInstruction: { parts: [{ text: 'a' }, { text: '' }, { text: 'b' }] } }).system).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ])
  })
  test('are texts only', () => {
    const image = { parts: [{ inlineData: { mimeType: 'image/png', data: PIXEL } }] }
    expect(refusal(() => read({ systemInstruction: image }))).toMatchObject({ param: 'systemInstruction.parts[0]' })
  })
})

describe('media', () => {
  const part = (given: object) => conversation(user(given)).messages[0]!.content[0] as object

  test('images and documents, in either alphabet of base64', () => {
    expect(part({ inlineData: { mimeType: 'image/png', data: PIXEL } })).toEqual({
      type: 'image',
      source: { kind: 'data', mediaType: 'image/png', data: PIXEL },
      path: 'contents[0].parts[0].inlineData.data',
    })
    expect(part({ inline_data: { mime_type: 'application/pdf', data: '-_-_Pw' } })).toMatchObject({
      type: 'document',
      source: { data: '+/+/Pw==' },
    })
  })

  test.each([
    ['https://x.example/a.png?b', undefined, 'image'],
    ['https://x.example/a', 'image/webp', 'image'],
    ['http://x.example/a.pdf', undefined, 'document'],
    ['https://x.example/a', 'text/plain', 'document'],
  ])('an address: %s, %s', (fileUri, mimeType, type) => {
    expect(part({ fileData: { fileUri, mimeType } })).toMatchObject({ type, source: { kind: 'url', url: fileUri } })
  })

  test.each([
    'gs://bucket/file',
    'files/abc',
    'https://generativelanguage.googleapis.com/v1beta/files/abc',
    'file:///etc/passwd',
  ])('%s is a file that nobody keeps', (fileUri) => {
    expect(refusal(() => part({ fileData: { fileUri, mimeType: 'image/png' } }))).toMatchObject({
      code: 'unsupported_parameter',
      param: 'contents[0].parts[0].fileData.fileUri',
    })
  })

  test.each(['audio/wav', 'video/mp4'])('%s is refused', (mimeType) => {
    expect(refusal(() => part({ inlineData: { mimeType, data: PIXEL } }))).toMatchObject({
      code: 'unsupported_parameter',
      param: 'contents[0].parts[0].inlineData.mimeType',
    })
  })
})

describe('functions', () => {
  const asked = user({ text: 'go' })
  const idsOf = (messages: readonly { content: readonly object[] }[]) =>
    messages.flatMap(({ content }) => content.flatMap((part) => ('id' in part ? [part.id] : [])))

  test('calls and results with ids', () => {
    const { messages } = conversation(
      asked,
      model({ text: 'let me see' }, call('f', { a: 1 }, 'x'), call('f', {}, 'y')),
      user(result('f', { output: 'two' }, { id: 'y' }), result('f', { output: 'one' }, { id: 'x' }), { text: 'and?' }),
    )
    expect(messages.slice(1) as object[]).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'let me see' },
          { type: 'tool-call', id: 'x', name: 'f', arguments: '{"a":1}' },
          { type: 'tool-call', id: 'y', name: 'f', arguments: '{}' },
        ],
      },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', id: 'y', content: [{ type: 'text', text: 'two' }], isError: false },
          { type: 'tool-result', id: 'x', content: [{ type: 'text', text: 'one' }], isError: false },
        ],
      },
      { role: 'user', content: [{ type: 'text', text: 'and?' }] },
    ])
  })

  test('without ids results find their calls by name and order', () => {
    const history = [
      asked,
      model(call('f', {}), call('g', {}), call('f', {})),
      { role: 'function', parts: [result('g', {}), result('f', {}), result('f', {})] },
      model(call('f', {})),
      user(result('f', {})),
    ]
    const { messages } = conversation(...history)
    expect(idsOf(messages)).toEqual(['call_1', 'call_2', 'call_3', 'call_2', 'call_1', 'call_3', 'call_4', 'call_4'])
    // A longer conversation begins with the same bytes.
    expect(JSON.stringify(conversation(...history, model({ text: 'x' })).messages.slice(0, 5))).toBe(
      JSON.stringify(messages),
    )
  })

  test('a result of no call is refused', () => {
    expect(refusal(() => conversation(user(result('f', {}))))).toMatchObject({
      param: 'contents[0].parts[0].functionResponse.name',
    })
    expect(
      refusal(() => conversation(asked, model(call('f', {}, 'a')), user(result('g', {}, { id: 'b' })))),
    ).toMatchObject({
      param: 'contents[2].parts[0].functionResponse.id',
    })
  })

  test.each([
    [{ output: 'x' }, 'x', false],
    [{ result: 'x' }, 'x', false],
    [{ error: 'x' }, 'x', true],
    [{ output: { a: 1 } }, '{"a":1}', false],
    [{ a: 1, output: 'x' }, '{"a":1,"output":"x"}', false],
    [{ temperature: 20 }, '{"temperature":20}', false],
  ])('%j says %s', (response, text, isError) => {
    const { messages } = conversation(asked, model(call('f', {})), user(result('f', response)))
    expect(messages[2]!.content as object[]).toEqual([
      { type: 'tool-result', id: 'call_1', content: [{ type: 'text', text }], isError },
    ])
  })

  test('a result may have images', () => {
    const parts = [{ inlineData: { mimeType: 'image/png', data: PIXEL } }]
    const { messages } = conversation(asked, model(call('f', {})), user(result('f', {}, { parts })))
    expect(messages[2]!.content as object[]).toMatchObject([
      { content: [{ type: 'image', path: 'contents[2].parts[0].functionResponse.parts[0].inlineData.data' }] },
    ])
  })

  test('arguments that were no object are the same text again', () => {
    const { messages } = conversation(asked, model(call('f', { INVALID_JSON: '{"a":' })), user(result('f', {})))
    expect(messages[1]!.content as object[]).toMatchObject([{ arguments: '{"a":' }])
  })
})

describe('thoughts', () => {
  const answered = (...contents: unknown[]) =>
    (conversation(user({ text: 'a' }), ...contents, user({ text: 'b' })).messages[1]?.content ?? []) as object[]

  test('stand with their signature in front of the part that has it', () => {
    const parts = [
      { text: 'hm', thought: true },
      { ...call('f', {}), thoughtSignature: 'c2ln' },
    ]
    expect(answered(model(...parts))).toEqual([
      { type: 'reasoning', text: 'hm', signature: 'c2ln' },
      { type: 'tool-call', id: 'call_1', name: 'f', arguments: '{}' },
    ])
  })

  test('of another alphabet come out in the one of the answer', () => {
    expect(answered(model({ text: 'x', thoughtSignature: '-_-_Pw' }))).toEqual([
      { type: 'reasoning', text: '', signature: '+/+/Pw==' },
      { type: 'text', text: 'x' },
    ])
  })

  test('signatures that are none are left out', () => {
    for (const thoughtSignature of ['skip_thought_signature_validator', 'context_engineering_is_the_way_to_go', ''])
      expect(answered(model({ text: 'x', thoughtSignature }))).toEqual([{ type: 'text', text: 'x' }])
  })

  test('the pieces of a stream are one answer', () => {
    expect(
      answered(
        model({ text: 'I ', thought: true }),
        model({ text: 'think', thought: true }),
        model({ text: 'He', thoughtSignature: 'c2ln' }),
        model({ text: 'llo' }),
        model({ text: '' }),
      ),
    ).toEqual([
      { type: 'reasoning', text: 'I think', signature: 'c2ln' },
      { type: 'text', text: 'Hello' },
    ])
  })

  test('a content without parts is no message', () => {
    const { messages } = conversation(user({ text: 'a' }), model(), user({ text: 'b' }))
    expect(messages.map(({ role }) => role)).toEqual(['user', 'user'])
  })
})
