import { describe, expect, test } from 'bun:test'
import { conversation, question } from './support.ts'

const user = { role: 'user', content: 'hi' }
const text = (text: string) => ({ type: 'text' as const, text })

describe('roles', () => {
  test('leading system and developer messages are the system prompt, later ones stay where they are', () => {
    const { system, messages, unsupported } = conversation(
      { role: 'system', content: 'one' },
      { role: 'developer', content: [text('two'), text('three')] },
      user,
      { role: 'developer', content: 'four' },
      { role: 'assistant', content: 'yes' },
      { role: 'system', content: 'five' },
    )
    expect(system).toEqual([text('one'), text('two'), text('three')])
    expect(messages).toEqual([
      { role: 'user', content: [text('hi')] },
      { role: 'system', content: [text('four')] },
      { role: 'assistant', content: [text('yes')] },
      { role: 'system', content: [text('five')] },
    ])
    expect(unsupported).toEqual([])
  })

  test('messages of one role in a row stay apart', () => {
    expect(
      conversation(user, user, { role: 'assistant', content: 'a' }, { role: 'assistant', content: 'b' }).messages,
    ).toEqual([
      { role: 'user', content: [text('hi')] },
      { role: 'user', content: [text('hi')] },
      { role: 'assistant', content: [text('a')] },
      { role: 'assistant', content: [text('b')] },
    ])
  })

  test('instructions alone: the last one asks, and the caller is told', () => {
    const { system, messages, unsupported } = conversation(
      { role: 'system', content: 'be brief' },
      { role: 'developer', content: [text('say'), text('hello')] },
    )
    expect(system).toEqual([text('be brief')])
    expect(messages).toEqual([{ role: 'user', content: [text('say'), text('hello')] }])
    expect(unsupported).toEqual(['messages[1].role'])
  })

  test('an empty text is no part, and its message stays', () => {
    const { messages } = conversation(user, { role: 'assistant', content: '' }, { role: 'user', content: [text('')] })
    expect(messages.slice(1)).toEqual([
      { role: 'assistant', content: [] },
      { role: 'user', content: [] },
    ])
  })
})

describe('history of an assistant', () => {
  test('reasoning, text, refusal and calls keep the order in which a model writes them', () => {
    const { messages, unsupported } = conversation(
      user,
      {
        role: 'assistant',
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at": 1' } },
          { id: 'call_2', function: { name: 'look', arguments: '' } },
        ],
        refusal: 'no',
        content: [text('said'), { type: 'refusal', refusal: 'I cannot' }],
        reasoning_content: 'hm',
      },
      { role: 'tool', tool_call_id: 'call_2', content: '' },
      { role: 'tool', tool_call_id: 'call_1', content: '' },
    )
    expect(messages[1]).toEqual({
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'hm' },
        text('said'),
        text('I cannot'),
        text('no'),
        { type: 'tool-call', id: 'call_1', name: 'look', arguments: '{"at": 1' },
        { type: 'tool-call', id: 'call_2', name: 'look', arguments: '' },
      ],
    })
    expect(unsupported).toEqual([])
  })

  test('tool results follow with the id of their call', () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } }
    const { messages } = conversation(
      user,
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: [text('a'), text('b')] },
      { role: 'tool', tool_call_id: 'call_1', content: '' },
    )
    expect(messages.slice(1)).toEqual([
      { role: 'assistant', content: [{ type: 'tool-call', id: 'call_1', name: 'look', arguments: '{}' }] },
      {
        role: 'tool',
        content: [{ type: 'tool-result', id: 'call_1', content: [text('a'), text('b')], isError: false }],
      },
      { role: 'tool', content: [{ type: 'tool-result', id: 'call_1', content: [], isError: false }] },
    ])
  })

  test('an id may come again in a later turn', () => {
    const call = { id: 'call_0', type: 'function', function: { name: 'look', arguments: '{}' } }
    const turn = [
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_0', content: 'seen' },
    ]
    expect(conversation(user, ...turn, ...turn).messages).toHaveLength(5)
  })

  test('a message of the SDK sent back as it came has nothing to report', () => {
    const said = {
      role: 'assistant',
      content: 'hello',
      refusal: null,
      annotations: [],
      audio: null,
      function_call: null,
      tool_calls: null,
    }
    expect(conversation(user, said, user).unsupported).toEqual([])
  })
})

describe('images and documents', () => {
  const content = (...parts: unknown[]) =>
    conversation({ role: 'user', content: parts }).messages[0]!.content as unknown[]

  test('a data URL is bytes, an address stays an address, and each knows where it stood', () => {
    expect(
      content(
        text('look'),
        { type: 'image_url', image_url: { url: 'data:Image/PNG;name=a.png;BASE64,iVBO\r\nRw 0K', detail: 'auto' } },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png?b=c' } },
      ),
    ).toEqual([
      text('look'),
      {
        type: 'image',
        source: { kind: 'data', mediaType: 'image/png', data: 'iVBORw0K' },
        path: 'messages[0].content[1].image_url.url',
      },
      {
        type: 'image',
        source: { kind: 'url', url: 'https://example.com/a.png?b=c' },
        path: 'messages[0].content[2].image_url.url',
      },
    ])
  })

  test('a file is a document with its name as title, from a data URL or bare base64', () => {
    const path = (index: number) => `messages[0].content[${index}].file.file_data`
    expect(
      content(
        { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' } },
        { type: 'file', file: { file_data: 'JVBERi0=' } },
      ),
    ).toEqual([
      {
        type: 'document',
        source: { kind: 'data', mediaType: 'application/pdf', data: 'JVBERi0=' },
        title: 'a.pdf',
        path: path(0),
      },
      { type: 'document', source: { kind: 'data', mediaType: '', data: 'JVBERi0=' }, path: path(1) },
    ])
  })
})

test('an answer begun by the caller is named as ignored', () => {
  const said = { role: 'assistant', content: 'It begins' }
  expect(conversation(...question, said).unsupported).toEqual(['messages[1]'])
  expect(conversation(...question, said, ...question).unsupported).toEqual([])
})
