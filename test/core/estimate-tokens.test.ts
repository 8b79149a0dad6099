import { describe, expect, test } from 'bun:test'
import { estimateTokens } from '../../src/core/estimate-tokens.ts'
import { content, read } from '../dialects/anthropic-messages/support.ts'

const ofText = (text: string) => estimateTokens(content({ type: 'text', text }))
const between = (value: number, least: number, most: number) => {
  expect(value).toBeGreaterThanOrEqual(least)
  expect(value).toBeLessThanOrEqual(most)
}

describe('an estimate', () => {
  test('of text in several scripts is near what tokenisers count', () => {
    // 100 common English words are about 100 to 130 tokens, 1000 Chinese characters 900 to 1500.
    between(ofText('the river '.repeat(50)), 100, 160)
    between(ofText('水从山上流下来'.repeat(100)), 700, 1100)
    between(ofText('река течёт '.repeat(50)), 200, 500)
  })

  test('grows with everything that a prompt has', () => {
    const plain = estimateTokens(read())
    const tool = { name: 'look', description: 'Looks at it.', input_schema: { type: 'object', properties: {} } }
    const longer = [
      { system: 'Be brief, and say what you mean.' },
      { tools: [tool] },
      { output_config: { format: { type: 'json_schema', schema: { type: 'object', title: 'anything' } } } },
      { messages: [...Array(3)].map(() => ({ role: 'user', content: 'hello' })) },
    ]
    for (const fields of longer) expect(estimateTokens(read(fields))).toBeGreaterThan(plain)
  })

  test('counts calls and their results, and images by their size in tokens', () => {
    const image = { type: 'image', source: { type: 'url', url: 'https://x.example/a.png' } }
    const messages = [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: { text: 'y'.repeat(360) } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: [image] }] },
    ]
    between(estimateTokens(read({ messages })), 1700, 1800)
  })

  test('counts a text document as text and a PDF by its bytes', () => {
    const text = content({ type: 'document', source: { type: 'text', data: 'x'.repeat(3600) } })
    const pdf = { type: 'base64', media_type: 'application/pdf', data: 'A'.repeat(400_000) }
    between(estimateTokens(text), 1000, 1010)
    between(estimateTokens(content({ type: 'document', source: pdf })), 10_000, 15_000)
  })
})
