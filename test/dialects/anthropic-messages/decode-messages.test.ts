import { describe, expect, test } from 'bun:test'
import { content, conversation, read } from './support.ts'

const PIXEL = 'iVBORw0KGgoAAAANSUhEUg'
const said = (text: string) => [{ type: 'text', text }]
const call = { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'look', input: { at: '漢' } }] }
const refusal = (blocks: unknown[]) => {
  try {
    content(...blocks)
  } catch (thrown) {
    return thrown
  }
  throw new Error('was not refused')
}

describe('the system prompt', () => {
  test.each([
    ['a string', 'Be brief.', said('Be brief.')],
    [
      'blocks',
      [
        { type: 'text', text: 'Be' },
        { type: 'text', text: 'brief.', cache_control: { type: 'ephemeral' } },
      ],
      [...said('Be'), ...said('brief.')],
    ],
    ['an empty string', '', []],
    ['null', null, []],
  ])('%s', (_, system, parts) => {
    expect(read({ system })).toMatchObject({ system: parts, unsupported: [] })
  })

  test('turns of it in the conversation stay where they are, leading ones join it', () => {
    const { system, messages } = read({
      system: 'one',
      messages: [
        { role: 'system', content: 'two' },
        { role: 'user', content: 'hi' },
        { role: 'system', content: [{ type: 'text', text: 'three' }] },
      ],
    })
    expect(system).toEqual([...said('one'), ...said('two')] as never)
    expect(messages).toEqual([
      { role: 'user', content: said('hi') },
      { role: 'system', content: said('three') },
    ] as never)
  })

  test('a turn that is to be left out later is', () => {
    const reminder = { role: 'system', content: 'Be quick.', clear_at: 'next_user_message' }
    const answered = [{ role: 'user', content: 'hi' }, reminder, { role: 'assistant', content: 'yes' }]
    const roles = (...messages: unknown[]) => conversation(...messages).messages.map(({ role }) => role)
    expect(roles(...answered.slice(0, 2))).toEqual(['user', 'system'])
    expect(roles(...answered, { role: 'user', content: 'x' })).toEqual(['user', 'assistant', 'user'])
  })

  test('a turn with settings of its own is reported', () => {
    const { unsupported } = conversation(
      { role: 'user', content: 'x' },
      {
        role: 'system',
        output_config: { effort: 'low' },
      },
    )
    expect(unsupported).toEqual(['messages[1].output_config'])
  })

  test('alone is no question', () => {
    expect(() => conversation({ role: 'system', content: 'x' })).toThrow('message of the user')
  })
})

describe('what a user says', () => {
  test('as a string, as blocks, and nothing', () => {
    const { messages } = conversation(
      { role: 'user', content: 'a' },
      { role: 'user', content: said('b') },
      {
        role: 'user',
        content: [{ type: 'text', text: '' }],
      },
    )
    expect(messages.map((message) => message.content)).toEqual([said('a'), said('b'), []] as never)
  })

  test('images, inline and by address', () => {
    const { messages, unsupported } = content(
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: `${PIXEL}\n${PIXEL}` } },
      {
        type: 'image',
        source: { type: 'url', url: 'https://x.example/a.png' },
        transformations: { oversized_image: 'error' },
      },
    )
    expect(messages[0]!.content as unknown[]).toEqual([
      {
        type: 'image',
        source: { kind: 'data', mediaType: 'image/png', data: PIXEL + PIXEL },
        path: 'messages[0].content[0].source.data',
      },
      {
        type: 'image',
        source: { kind: 'url', url: 'https://x.example/a.png' },
        path: 'messages[0].content[1].source.url',
      },
    ])
    expect(unsupported).toEqual(['messages[0].content[1].transformations'])
  })

  test('documents of every kind', () => {
    const { messages, unsupported } = content(
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
        title: 'T',
        context: 'About it.',
      },
      {
        type: 'document',
        source: { type: 'text', media_type: 'text/plain', data: 'grün' },
        citations: { enabled: true },
      },
      { type: 'document', source: { type: 'url', url: 'https://x.example/a.pdf' }, citations: { enabled: false } },
      { type: 'document', source: { type: 'content', content: 'whole' } },
      {
        type: 'document',
        title: 'Both',
        source: {
          type: 'content',
          content: [
            { type: 'text', text: 'before' },
            { type: 'image', source: { type: 'url', url: 'https://x.example/b.png' } },
            { type: 'text', text: '' },
          ],
        },
      },
    )
    const plain = (text: string) => ({
      kind: 'data',
      mediaType: 'text/plain',
      data: Buffer.from(text).toString('base64'),
    })
    expect(messages[0]!.content as unknown[]).toEqual([
      { type: 'text', text: 'About it.' },
      {
        type: 'document',
        source: { kind: 'data', mediaType: 'application/pdf', data: 'JVBERi0=' },
        title: 'T',
        path: 'messages[0].content[0].source.data',
      },
      { type: 'document', source: plain('grün'), path: 'messages[0].content[1].source.data' },
      {
        type: 'document',
        source: { kind: 'url', url: 'https://x.example/a.pdf' },
        path: 'messages[0].content[2].source.url',
      },
      { type: 'document', source: plain('whole'), path: 'messages[0].content[3].source.content' },
      { type: 'document', source: plain('before'), title: 'Both', path: 'messages[0].content[4].source.content' },
      {
        type: 'image',
        source: { kind: 'url', url: 'https://x.example/b.png' },
        path: 'messages[0].content[4].source.content[1].source.url',
      },
    ])
    expect(unsupported).toEqual(['messages[0].content[1].citations'])
  })

  test('a search result is read as text', () => {
    const { messages } = content({
      type: 'search_result',
      source: 'https://x.example',
      title: 'Rain',
      content: said('It rains.'),
    })
    expect(messages[0]!.content as unknown[]).toEqual(
      said('Search result: Rain\nSource: https://x.example\n\nIt rains.'),
    )
  })

  test.each([
    [{ type: 'image', source: { type: 'file', file_id: 'file_1' } }, 'unsupported_parameter', 'source.file_id'],
    [{ type: 'document', source: { type: 'file', file_id: 'file_1' } }, 'unsupported_parameter', 'source.file_id'],
    [{ type: 'image', source: { type: 'url', url: 'file:///etc/passwd' } }, 'invalid_request', 'source.url'],
    [{ type: 'image', source: { type: 'base64', media_type: 'image/png' } }, 'invalid_request', 'source.data'],
    [{ type: 'image' }, 'invalid_request', 'source'],
    [{ type: 'tool_use', id: 'a', name: 'b', input: {} }, 'invalid_request', 'type'],
    [{ type: 'text' }, 'invalid_request', 'text'],
  ])('%j is refused by its path', (block, code, path) => {
    expect(refusal([{ type: 'text', text: 'x' }, block])).toMatchObject({
      code,
      param: `messages[0].content[1].${path}`,
    })
  })
})

describe('what the model said', () => {
  test('thinking goes back the way it came', () => {
    const { messages, unsupported } = conversation(
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
          { type: 'redacted_thinking', data: 'eA==' },
          { type: 'thinking', thinking: 'so', signature: 'encrypted:eA==' },
          { type: 'thinking', thinking: 'unsigned', signature: '' },
          { type: 'thinking', thinking: '', signature: '' },
          { type: 'text', text: 'Yes.', citations: null },
        ],
      },
      { role: 'user', content: 'go on' },
    )
    expect(messages[0]!.content as unknown[]).toEqual([
      { type: 'reasoning', text: 'hm', signature: 'c2ln' },
      { type: 'reasoning', text: '', encrypted: 'eA==' },
      { type: 'reasoning', text: 'so', encrypted: 'eA==' },
      { type: 'reasoning', text: 'unsigned' },
      { type: 'text', text: 'Yes.' },
    ])
    expect(unsupported).toEqual([])
  })

  test('calls, with broken input as the model wrote it', () => {
    const { messages } = conversation(
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'a', name: 'look', input: { at: '漢', n: [1] }, caller: { type: 'direct' } },
          { type: 'tool_use', id: 'b', name: 'look', input: { INVALID_JSON: '{"at":' } },
          { type: 'tool_use', id: 'c', name: 'look', input: {} },
        ],
      },
      { role: 'user', content: 'x' },
    )
    const calls = messages[0]!.content.map((part) => part.type === 'tool-call' && part.arguments)
    expect(calls).toEqual(['{"at":"漢","n":[1]}', '{"at":', '{}'])
  })

  test('what the tools of another service left is reported, and the rest is kept', () => {
    const { messages, unsupported } = conversation(
      {
        role: 'assistant',
        content: [
          { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
          { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
          { type: 'text', text: 'It rains.', citations: [{ type: 'web_search_result_location' }] },
        ],
      },
      { role: 'user', content: 'x' },
    )
    expect(messages[0]!.content as unknown[]).toEqual(said('It rains.'))
    expect(unsupported).toEqual([
      'messages[0].content[0]',
      'messages[0].content[1]',
      'messages[0].content[2].citations',
    ])
  })

  test('a beginning of the answer is reported: no CLI goes on with it', () => {
    const { unsupported } = conversation({ role: 'user', content: 'x' }, { role: 'assistant', content: 'The' })
    expect(unsupported).toEqual(['messages[1]'])
  })
})

describe('results of tools', () => {
  test('in every form, in their order with what else the user says', () => {
    const { messages, unsupported } = conversation({ role: 'user', content: 'x' }, call, {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'a', content: 'seen', cache_control: { type: 'ephemeral' } },
        {
          type: 'tool_result',
          tool_use_id: 'a',
          is_error: true,
          content: [
            { type: 'text', text: 'failed' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
            { type: 'tool_reference', tool_name: 'other' },
          ],
        },
        { type: 'text', text: 'and now?' },
        { type: 'tool_result', tool_use_id: 'a' },
      ],
    })
    const result = (content: unknown[], isError = false) => ({ type: 'tool-result', id: 'a', content, isError })
    expect(messages.slice(2) as unknown[]).toEqual([
      {
        role: 'tool',
        content: [
          result(said('seen')),
          result(
            [
              ...said('failed'),
              {
                type: 'image',
                source: { kind: 'data', mediaType: 'image/png', data: PIXEL },
                path: 'messages[2].content[1].content[1].source.data',
              },
              ...said('Tool found: other'),
            ],
            true,
          ),
        ],
      },
      { role: 'user', content: said('and now?') },
      { role: 'tool', content: [result([])] },
    ])
    expect(unsupported).toEqual([])
  })

  test('of a call that nobody made are refused', () => {
    const attempt = () =>
      conversation({ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'zz', content: 'x' }] }, call)
    expect(attempt).toThrow('messages[0].content[0].tool_use_id names no tool_use')
  })
})

test('unknown fields are named wherever they stand, cache_control and void ones are not', () => {
  const { unsupported } = read({
    cache_control: { type: 'ephemeral' },
    foo: 1,
    empty: [],
    messages: [
      {
        role: 'user',
        bar: null,
        baz: 2,
        content: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '1h' }, 'od\n d': true }],
      },
    ],
  })
  expect(unsupported).toEqual(['foo', 'messages[0].baz', String.raw`messages[0].content[0]["od\n d"]`])
})
