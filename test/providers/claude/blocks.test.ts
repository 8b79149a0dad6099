import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { Message } from '../../../src/core/request.ts'
import { toConversation } from '../../../src/providers/claude/blocks.ts'
import { toolNames } from '../../../src/providers/claude/tools.ts'
import { assistant, call, result, system, tool, user } from './requests.ts'

const text = (value: string) => ({ type: 'text', text: value })
const NAMES = toolNames([tool('get.weather')])
const SIGNED = { reasoning: true, names: NAMES }
const convert = (messages: Message[], reasoning = true) =>
  toConversation([], messages, { reasoning, names: NAMES }).messages

describe('roles', () => {
  test('user and assistant take turns as the caller wrote them', () => {
    expect(convert([user('q1'), assistant('a1'), user('q2')])).toEqual([
      { role: 'user', content: [text('q1')] },
      { role: 'assistant', content: [text('a1')] },
      { role: 'user', content: [text('q2')] },
    ])
  })

  test('neighbours of one role become one message, with their parts apart', () => {
    expect(convert([user('a'), user('b', 'c'), assistant('d'), assistant('e'), user('f')])).toEqual([
      { role: 'user', content: [text('a'), text('b'), text('c')] },
      { role: 'assistant', content: [text('d'), text('e')] },
      { role: 'user', content: [text('f')] },
    ])
  })

  test('a system message in the middle stays in its place, with its name', () => {
    expect(convert([user('q1'), assistant('a1'), system('be brief'), user('q2')]).at(-1)).toEqual({
      role: 'user',
      content: [text('[System message]\nbe brief'), text('q2')],
    })
    expect(convert([user('q1'), system('be brief'), assistant('a1'), user('q2')])[0]).toEqual({
      role: 'user',
      content: [text('q1'), text('[System message]\nbe brief')],
    })
  })

  test('one that ends with the model is asked to go on, one that begins with it has a beginning', () => {
    const [first, second, third] = convert([assistant('once upon')])
    expect([first?.role, second?.role, third?.role]).toEqual(['user', 'assistant', 'user'])
    expect(second?.content).toEqual([text('once upon')])
  })

  test('leading instructions are the system prompt; alone, they are the question', () => {
    const parts = [
      { type: 'text' as const, text: 'one' },
      { type: 'text' as const, text: ' \n' },
      { type: 'text' as const, text: 'two' },
    ]
    expect(toConversation(parts, [user('q')], SIGNED).system).toBe('one\n\ntwo')
    expect(toConversation(parts, [], SIGNED)).toEqual({
      system: '',
      messages: [{ role: 'user', content: [text('one\n\ntwo')] }],
    })
  })

  test('blank texts, which the service refuses, are left out', () => {
    expect(convert([user('', ' \n', 'q'), assistant(''), user('r')])).toEqual([
      { role: 'user', content: [text('q'), text('r')] },
    ])
  })
})

describe('content', () => {
  test('images and documents', () => {
    const message: Message = {
      role: 'user',
      content: [
        { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'aGk=' } },
        { type: 'document', source: { kind: 'data', mediaType: 'application/pdf', data: 'JVBERg==' }, title: 'T.pdf' },
        {
          type: 'document',
          source: { kind: 'data', mediaType: 'text/markdown', data: Buffer.from('# é').toString('base64') },
        },
        { type: 'image', source: { kind: 'url', url: 'https://example.com/a.png' } },
      ],
    }
    expect(convert([message])[0]?.content).toEqual([
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' }, title: 'T.pdf' },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: '# é' } },
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
    ])
  })

  test('calls and results; results stand first in their message', () => {
    const messages: Message[] = [
      user('weather?'),
      assistant('I look', { type: 'tool-call', id: 't1', name: 'get', arguments: '{"city":"Paris"}' }),
      user('hurry'),
      {
        role: 'tool',
        content: [{ type: 'tool-result', id: 't1', content: [{ type: 'text', text: 'sunny' }], isError: false }],
      },
    ]
    expect(convert(messages).slice(1)).toEqual([
      {
        role: 'assistant',
        content: [text('I look'), { type: 'tool_use', id: 't1', name: 'get', input: { city: 'Paris' } }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: [text('sunny')] }, text('hurry')] },
    ])
  })

  test('an error of a tool, and one that says nothing', () => {
    const messages: Message[] = [
      assistant({ type: 'tool-call', id: 't1', name: 'get', arguments: '' }),
      { role: 'tool', content: [{ type: 'tool-result', id: 't1', content: [], isError: true }] },
    ]
    // The service refuses an error without words.
    expect(convert(messages).at(-1)?.content).toEqual([
      { type: 'tool_result', tool_use_id: 't1', content: [text('Error.')], is_error: true },
    ])
    expect(convert([assistant(call('t1', 'get', '')), result({ t1: [] })]).at(-1)?.content).toEqual([
      { type: 'tool_result', tool_use_id: 't1' },
    ])
  })

  test('functions have the names that the CLI is told, and ids that the service takes', () => {
    const [, calls, results] = convert([
      user('q'),
      assistant(call('call:1/ü', 'get.weather', '{}'), call('ok_1', 'get_weather', '{}')),
      result({ 'call:1/ü': 'r', ok_1: 's' }),
    ])
    const uses = calls?.content ?? []
    expect(uses.map((block) => block['name'])).toEqual(['get_weather', 'get_weather'])
    expect(uses[0]?.['id']).toMatch(/^[\w-]+$/)
    expect(uses[1]?.['id']).toBe('ok_1')
    expect(results?.content.map((block) => block['tool_use_id'])).toEqual(uses.map((block) => block['id']))
  })

  test.each(['{"city": "Par', '[1]', 'null', '"x"'])('arguments that are no object are kept: %s', (broken) => {
    const [, message] = convert([user('q'), assistant({ type: 'tool-call', id: 't', name: 'n', arguments: broken })])
    expect(message?.content[0]?.['input']).toEqual({ arguments: broken })
  })

  test('what another provider sealed is not sent to this one, which would refuse it', () => {
    const of = (part: object) =>
      toConversation(
        [],
        [
          { role: 'user', content: [{ type: 'text', text: 'a' }] },
          {
            role: 'assistant',
            content: [
              { type: 'reasoning', text: 't', ...part },
              { type: 'text', text: 'b' },
            ],
          },
        ],
        { reasoning: true, names: { toCli: (name) => name } },
      ).messages[1]?.content
    expect(of({ encrypted: 'codex:gAAAA' })).toEqual([{ type: 'text', text: 'b' }])
    expect(of({ signature: 'gemini:CiQB' })).toEqual([{ type: 'text', text: 'b' }])
    expect(of({ encrypted: 'EqQB' })).toHaveLength(2)
  })

  test('signed reasoning goes back, unsigned reasoning cannot, and none where the model does not think', () => {
    const thought = assistant(
      { type: 'reasoning', text: 'hm', signature: 'sig' },
      { type: 'reasoning', text: 'unsigned' },
      { type: 'reasoning', text: '', encrypted: 'abc' },
      'a',
    )
    expect(convert([user('q'), thought, user('r')])[1]?.content).toEqual([
      { type: 'thinking', thinking: 'hm', signature: 'sig' },
      { type: 'redacted_thinking', data: 'abc' },
      text('a'),
    ])
    expect(convert([user('q'), thought, user('r')], false)[1]?.content).toEqual([text('a')])
  })
})

test('the same beginning gives the same messages, whatever follows: the prompt cache lives on it', () => {
  const word = fc.stringMatching(/^[a-z/@<> ]{1,12}$/)
  const message: fc.Arbitrary<Message> = fc.oneof(
    word.map((value) => user(value)),
    fc.tuple(word, word).map((values) => user(...values)),
    word.map((value) => assistant(value)),
    word.map((value) => system(value)),
    word.map((value) => assistant(value, { type: 'tool-call', id: value, name: 'n', arguments: '{}' })),
  )
  fc.assert(
    fc.property(fc.array(message, { minLength: 1 }), fc.array(message), word, (turn, more, answer) => {
      // A turn ends with the user, and is answered.
      const asked = [...turn, user('question')]
      const before = convert(asked)
      const after = convert([...asked, assistant(`answer ${answer}`), ...more, user('next')])
      expect(after.slice(0, before.length)).toEqual(before)
    }),
  )
})

test('roles alternate, and the user has the first and the last word', () => {
  const any = fc.array(
    fc.oneof(
      fc.string().map((value) => user(value)),
      fc.string().map((value) => assistant(value)),
      fc.string().map((value) => system(value)),
    ),
  )
  fc.assert(
    fc.property(any, (messages) => {
      const roles = convert(messages).map((message) => message.role)
      expect(roles[0]).toBe('user')
      expect(roles.at(-1)).toBe('user')
      for (const [position, role] of roles.entries()) expect(role).toBe(position % 2 === 0 ? 'user' : 'assistant')
    }),
  )
})
