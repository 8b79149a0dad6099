// A conversation as one prompt.
import { describe, expect, test } from 'bun:test'
import type { Message } from '../../../src/core/request.ts'
import { toPrompt } from '../../../src/providers/acp/prompt.ts'
import type { ContentBlock } from '../../../src/providers/acp-types.ts'
import { mapToolNames } from '../../../src/tools/names.ts'
import { assistant, request, system, user } from '../claude/requests.ts'

const ALL = { image: true, documents: true }
const prompt = (messages: string | Message[], text?: string, abilities = ALL): ContentBlock[] =>
  toPrompt(request(messages, { system: text }), abilities)
const image = {
  type: 'image' as const,
  path: 'p',
  source: { kind: 'data' as const, mediaType: 'image/png', data: 'aW1n' },
}
const document = (mediaType: string, data: string) => ({
  type: 'document' as const,
  path: 'p',
  title: 'a b',
  source: { kind: 'data' as const, mediaType, data },
})

test('one message is what was said, and nothing else', () => {
  expect(prompt('Hi')).toEqual([{ type: 'text', text: 'Hi' }])
  expect(prompt([user('a', 'b')])).toEqual([{ type: 'text', text: 'a\nb' }])
})

test('instructions and earlier messages get labels, the last one does not', () => {
  const messages = [user('My name is Ada.'), assistant('Hello.'), system('Be kind.'), user('Who am I?')]
  expect(prompt(messages, 'Be brief.')).toEqual([
    {
      type: 'text',
      text: [
        '<instructions>\nBe brief.\n</instructions>',
        '<conversation>',
        '<user>\nMy name is Ada.\n</user>',
        '<assistant>\nHello.\n</assistant>',
        '<system>\nBe kind.\n</system>',
        '</conversation>',
        'Answer this message of the user:',
        'Who am I?',
      ].join('\n'),
    },
  ])
})

test('the same beginning gives the same text, whatever follows', () => {
  const [first] = prompt([user('one'), assistant('two'), user('three')])
  const [second] = prompt([user('one'), assistant('two'), user('three'), assistant('four'), user('five')])
  const common = '<conversation>\n<user>\none\n</user>\n<assistant>\ntwo\n</assistant>\n'
  expect([first, second].every((block) => block?.type === 'text' && block.text.startsWith(common))).toBe(true)
})

test('a conversation that ends with the model goes on', () => {
  const [block] = prompt([user('one'), assistant('two')])
  expect(block).toMatchObject({ text: expect.stringMatching(/two\n<\/assistant>\n<\/conversation>\nContinue\.$/) })
})

test('images and documents stay where they were', () => {
  const blocks = prompt([user('see', image), assistant('ok'), user('and', document('application/pdf', 'cGRm'), 'this')])
  expect(blocks.map(({ type }) => type)).toEqual(['text', 'image', 'text', 'resource', 'text'])
  expect(blocks[3]).toEqual({
    type: 'resource',
    resource: { uri: 'file:///a%20b', mimeType: 'application/pdf', blob: 'cGRm' },
  })
})

test('a document of text is text', () => {
  expect(prompt([user(document('text/plain', btoa('words')))])).toEqual([{ type: 'text', text: 'words' }])
})

describe('what the agent does not take', () => {
  test.each([
    ['images', image],
    ['documents', document('application/pdf', 'cGRm')],
  ])('%s', (what, part) => {
    const none = { image: false, documents: false }
    expect(() => prompt([user(part)], undefined, none)).toThrow(`takes no ${what}`)
    try {
      prompt([user(part)], undefined, none)
    } catch (error) {
      expect(error).toMatchObject({ code: 'invalid_request', param: 'p' })
    }
  })
})

test('calls of tools and their results are text', () => {
  const call = { type: 'tool-call' as const, id: 'c', name: 'add', arguments: '{"a":1}' }
  const result = {
    type: 'tool-result' as const,
    id: 'c',
    isError: true,
    content: [{ type: 'text' as const, text: 'no' }],
  }
  const [block] = prompt([user('x'), assistant(call), { role: 'tool', content: [result] }, user('y')])
  expect(block).toMatchObject({
    text: expect.stringMatching(
      /<assistant>\n<tool_call id="c" name="add">{"a":1}<\/tool_call>\n<\/assistant>\n<tool>\n<tool_error id="c">\nno\n<\/tool_error>\n<\/tool>/,
    ),
  })
})

test.each(['/quit', '$shell', '@file', '!ls', '#note', '?', '  /quit'])('%p is no command', (said) => {
  expect(prompt(said)).toEqual([{ type: 'text', text: `The message of the user:\n${said}` }])
})

test('nothing at all is something to go on with', () => {
  expect(prompt([])).toEqual([{ type: 'text', text: 'Continue.' }])
})

describe('with functions', () => {
  const call = { type: 'tool-call' as const, id: 'c"1', name: 'größe', arguments: '{"a":1}' }
  const result = { type: 'tool-result' as const, id: 'c"1', isError: false, content: [image] }
  const names = mapToolNames(['größe'], { legal: /[a-z]/, maxLength: 9, reserved: () => false })
  const blocksOf = (...messages: Message[]) => toPrompt(request(messages), ALL, names)

  test('each message has a label, so that the beginning stays as the conversation grows', () => {
    const rounds = [user('one'), assistant(call), { role: 'tool' as const, content: [result] }, user('two')]
    const texts = rounds.map((_, n) =>
      blocksOf(...rounds.slice(0, n + 1))
        .map((block) => (block.type === 'text' ? block.text : block.type))
        .join('|'),
    )
    for (const [n, text] of texts.entries()) {
      if (n > 0) expect(text.startsWith(texts[n - 1]!.replace(/\n<\/conversation>[^]*$/, ''))).toBe(true)
    }
    expect(texts[0]).toBe('<conversation>\n<user>\none\n</user>\n</conversation>\nAnswer the last message of the user.')
    expect(texts[2]).toContain('</tool>\n</conversation>\nGo on with the results of the calls.')
  })

  test('names are those that the agent knows, ids cannot break out, images stay in their results', () => {
    const blocks = blocksOf(user('one'), assistant(call), { role: 'tool', content: [result] })
    expect(blocks.map(({ type }) => type)).toEqual(['text', 'image', 'text'])
    const [before, , after] = blocks.map((block) => (block.type === 'text' ? block.text : ''))
    expect(before).toContain('<tool_call id="c\\"1" name="gr__e">{"a":1}</tool_call>')
    expect(before).toEndWith('<tool_result id="c\\"1">')
    expect(after).toStartWith('</tool_result>')
  })
})
