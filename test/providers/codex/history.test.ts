// A conversation as items of the Responses API.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { Message, ToolResultPart } from '../../../src/core/request.ts'
import { estimateItems, promptItems, toItems } from '../../../src/providers/codex/history.ts'
import { assistant, request, system, user } from '../claude/requests.ts'

const items = (messages: Message[], systemText?: string) =>
  toItems(request(messages, { system: systemText }), (name) => name)
const said = (role: string, type: string, ...texts: string[]) => ({
  type: 'message',
  role,
  content: texts.map((text) => ({ type, text })),
})
const result = (id: string, ...texts: string[]): Message => ({
  role: 'tool',
  content: [{ type: 'tool-result', id, isError: false, content: texts.map((text) => ({ type: 'text', text })) }],
})
const call = (id: string) => ({ type: 'tool-call' as const, id, name: 'get_weather', arguments: '{"city":"Oslo"}' })

test('roles, in order; what a system message says is the developer’s', () => {
  expect(items([user('one'), assistant('two'), system('be brief'), user('three', 'four')], 'You are terse.')).toEqual([
    said('developer', 'input_text', 'You are terse.'),
    said('user', 'input_text', 'one'),
    said('assistant', 'output_text', 'two'),
    said('developer', 'input_text', 'be brief'),
    said('user', 'input_text', 'three', 'four'),
  ])
})

test('calls and results keep their ids and their order, text before a call too', () => {
  expect(
    items([user('weather?'), assistant('I look.', call('a'), call('b')), result('b', '5'), result('a', '7', '8')]),
  ).toEqual([
    said('user', 'input_text', 'weather?'),
    said('assistant', 'output_text', 'I look.'),
    { type: 'function_call', name: 'get_weather', arguments: '{"city":"Oslo"}', call_id: 'a' },
    { type: 'function_call', name: 'get_weather', arguments: '{"city":"Oslo"}', call_id: 'b' },
    { type: 'function_call_output', call_id: 'b', output: '5' },
    {
      type: 'function_call_output',
      call_id: 'a',
      output: [
        { type: 'input_text', text: '7' },
        { type: 'input_text', text: '8' },
      ],
    },
  ])
})

test('functions have the names that Codex has for them', () => {
  const sent = toItems(request([assistant(call('a')), result('a', '5')]), (name) => `cli_${name}`)
  expect(sent[0]).toMatchObject({ name: 'cli_get_weather' })
})

describe('a failure', () => {
  const failed = (...content: ToolResultPart['content']) => {
    const part: ToolResultPart = { type: 'tool-result', id: 'a', isError: true, content }
    return items([assistant(call('a')), { role: 'tool', content: [part] }]).at(-1)?.['output']
  }
  const text = (words: string) => ({ type: 'text' as const, text: words })

  test.each([
    [[text('no such city')], 'Error: no such city'],
    [[text('')], 'Error'],
    [[], 'Error'],
    [[text('TypeError: x is undefined')], 'TypeError: x is undefined'],
    [[text('It failed.')], 'It failed.'],
  ])('%j says that it is one', (content, output) => {
    expect(failed(...content)).toBe(output)
  })

  test('with an image says so in front', () => {
    const image = { type: 'image' as const, source: { kind: 'data' as const, mediaType: 'image/png', data: 'AAAA' } }
    expect(failed(image)).toEqual([
      { type: 'input_text', text: 'Error' },
      expect.objectContaining({ type: 'input_image' }),
    ])
  })
})

test('an empty result is an empty text', () => {
  expect(items([assistant(call('a')), result('a')]).at(-1)).toMatchObject({ output: '' })
})

test('sealed reasoning goes back where it was; bare words do not', () => {
  const sealed = { type: 'reasoning' as const, text: 'I think', encrypted: 'codex:c2VhbA==' }
  expect(items([assistant(sealed, { type: 'reasoning', text: 'somebody else' }, 'so')])).toEqual([
    { type: 'reasoning', summary: [{ type: 'summary_text', text: 'I think' }], encrypted_content: 'c2VhbA==' },
    said('assistant', 'output_text', 'so'),
  ])
  for (const foreign of ['gemini:c2VhbA==', 'EqQBCgIYAhIM']) {
    expect(items([assistant({ ...sealed, encrypted: foreign }, 'so')])).toHaveLength(1)
  }
})

test('images are data URLs, in messages and in results', () => {
  const image = { type: 'image' as const, source: { kind: 'data' as const, mediaType: 'image/png', data: 'AAAA' } }
  const url = { type: 'input_image', image_url: 'data:image/png;base64,AAAA' }
  const shown: Message = { role: 'tool', content: [{ type: 'tool-result', id: 'a', isError: false, content: [image] }] }
  expect(items([user('see', image), assistant(call('a')), shown])).toEqual([
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'see' }, url] },
    { type: 'function_call', name: 'get_weather', arguments: '{"city":"Oslo"}', call_id: 'a' },
    { type: 'function_call_output', call_id: 'a', output: [url] },
  ])
})

describe('documents', () => {
  const document = (mediaType: string, text: string) => ({
    type: 'document' as const,
    title: 'notes.txt',
    path: 'messages[0].content[0]',
    source: { kind: 'data' as const, mediaType, data: Buffer.from(text).toString('base64') },
  })

  test('text is text', () => {
    expect(items([user(document('text/plain', 'größer'))])).toEqual([said('user', 'input_text', 'notes.txt\n\ngrößer')])
  })

  test('anything else is refused, and the caller is told which one', () => {
    expect(() => items([user(document('application/pdf', '%PDF'))])).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'messages[0].content[0]' }),
    )
  })
})

describe('what Codex would repair without a word is refused', () => {
  test.each([
    ['a call without its result', [assistant(call('a')), user('and?')]],
    ['a result without its call', [user('hi'), result('a', '5')]],
    ['a result before its call', [result('a', '5'), assistant(call('a'))]],
    ['a second result', [assistant(call('a')), result('a', '5'), result('a', '6')]],
  ])('%s', (_, messages) => {
    expect(() => items(messages)).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'messages' }))
  })
})

test('nothing empty is sent', () => {
  expect(items([user(''), assistant(''), system('')], '')).toEqual([])
})

test('every text arrives exactly once and unchanged', () => {
  const text = fc.string({ unit: 'binary', minLength: 1 })
  const message = fc.oneof(
    text.map(user),
    text.map((words) => assistant(words)),
    text.map(system),
  )
  fc.assert(
    fc.property(fc.array(message), (messages) => {
      const sent = messages.map((each) => each.content.map((part) => ('text' in part ? part.text : '')).join(''))
      const got = items(messages).map((item) => (item['content'] as { text: string }[])[0]!.text)
      expect(got).toEqual(sent)
    }),
  )
})

test('the instructions of Codex are a message in front', () => {
  expect(promptItems('You are Codex.')).toEqual([said('developer', 'input_text', 'You are Codex.')])
  expect(promptItems(undefined)).toEqual([])
})

test('an estimate of tokens goes by the text and not by images', () => {
  const words = items([user('x'.repeat(4000))])
  expect(estimateItems(words)).toBeWithin(1000, 1050)
  const image = {
    type: 'image' as const,
    source: { kind: 'data' as const, mediaType: 'image/png', data: 'A'.repeat(99_999) },
  }
  expect(estimateItems(items([user('x', image)]))).toBeLessThan(100)
})
