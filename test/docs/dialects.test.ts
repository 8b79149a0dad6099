// The tables of the API page say what the code does.
import { describe, expect, test } from 'bun:test'
import { ERROR_CODES, type ErrorCode, GatewayError } from '../../src/core/error.ts'
import { encodeError } from '../../src/dialects/openai-chat/errors.ts'
import { ChatCompletionRequest } from '../../src/dialects/openai-chat/schema.ts'
import { DEMO_MODELS } from '../../src/providers/demo/models.ts'
import { page, source } from './pages.ts'
import { COLUMNS, outcomeOf, ROWS, supportTable } from './support-table.ts'

const { text, spans } = page('docs/dialects.md')

describe('parameters', () => {
  test('the table of what is honoured is the one that the drivers give', () => {
    expect(text).toContain(supportTable())
  })

  test.each(Object.entries(COLUMNS))('%s: all models of the column are alike', (_, models) => {
    for (const [label, parameter, body] of ROWS) {
      const outcomes = new Set(models.map((model) => outcomeOf(model, parameter, body)))
      expect(outcomes.size, label).toBe(1)
    }
  })

  test.each(Object.keys(ChatCompletionRequest.entries))('%s is on the page', (field) => {
    const named = spans.some((span) => span === field || span.startsWith(`${field}:`) || span.startsWith(`${field}.`))
    // What the page is all about.
    expect(named || ['messages', 'model'].includes(field)).toBe(true)
  })
})

describe('errors', () => {
  test.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s', (code) => {
    const { status, retryable } = ERROR_CODES[code]
    const { type } = encodeError(new GatewayError(code, '')).error
    expect(text).toContain(`| \`${code}\` | ${status} | \`${type}\` | ${retryable ? 'yes' : 'no'} |`)
  })

  test('Troubleshooting has every code but the one that nobody reads', () => {
    const codes = Object.keys(ERROR_CODES).filter((code) => code !== 'client_closed_request')
    for (const code of codes) expect(page('docs/troubleshooting.md').text).toContain(`| \`${code}\` |`)
  })
})

test('Operations has every field of the access line', () => {
  const record = /export type RequestRecord = \{([\s\S]*?)\n\}/.exec(source)?.[1] ?? ''
  const fields = [...record.matchAll(/^ {2}(\w+)\??:/gm)].map((match) => match[1]!)
  expect(fields.length).toBeGreaterThan(15)
  for (const field of fields) expect(page('docs/operations.md').spans).toContain(field)
})

test('the page of the demo has every model, with what it does', () => {
  for (const { id, about } of DEMO_MODELS) {
    const row = page('docs/providers/demo.md')
      .text.split('\n')
      .find((line) => line.includes(`\`demo/${id}\``))
    expect(row).toBeDefined()
    if (!id.startsWith('error-4') && !id.startsWith('error-5')) expect(row).toContain(`| ${about} |`)
  }
})
