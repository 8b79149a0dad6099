// What a response says beside its answer, as OpenAI's SDK and the Open Responses specification want it: no null where they have none.
import { expect, test } from 'bun:test'
import { context } from '../answers.ts'
import { asked } from './support.ts'

const answered = (fields: Record<string, unknown> = {}) => {
  const { dialect, chat } = asked(fields)
  return dialect.answer([{ model: 'm', content: [], finish: 'stop' }], chat, context)
}

test('what a request leaves out stands there as the API itself has it', () => {
  expect(answered()).toMatchObject({
    temperature: 1,
    top_p: 1,
    frequency_penalty: 0,
    presence_penalty: 0,
    top_logprobs: 0,
    text: { format: { type: 'text' }, verbosity: 'medium' },
    tools: [],
    metadata: {},
    user: null,
  })
})

test('what it says is repeated, with the fields that readers take for granted', () => {
  const format = { type: 'json_schema', name: 'a', schema: { type: 'object' } }
  const tools = [
    { type: 'function', name: 'look' },
    { type: 'custom', name: 'write', description: null },
  ]
  const labels = { metadata: { a: 'b' }, user: 'me', safety_identifier: 'you' }
  const numbers = { temperature: 0, top_p: 0.5, frequency_penalty: 1, presence_penalty: -1 }
  expect(answered({ text: { format }, tools, ...labels, ...numbers })).toMatchObject({
    ...labels,
    ...numbers,
    text: { format: { ...format, strict: false } },
    tools: [
      { type: 'function', name: 'look', description: null, parameters: null, strict: false },
      { type: 'custom', name: 'write' },
    ],
  })
})
