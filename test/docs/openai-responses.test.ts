// The page about OpenAI Responses says what the code does.
import { describe, expect, test } from 'bun:test'
import { type ErrorCode, ERROR_CODES, GatewayError } from '../../src/core/error.ts'
import { failureOf } from '../../src/dialects/openai-responses/errors.ts'
import { ResponsesRequest } from '../../src/dialects/openai-responses/schema.ts'
import { page } from './pages.ts'

const { text, spans } = page('docs/dialects/openai-responses.md')

describe('fields', () => {
  test.each(Object.keys(ResponsesRequest.entries))('%s is on the page', (field) => {
    const named = spans.some((span) => span === field || span.startsWith(`${field}:`) || span.startsWith(`${field}.`))
    // What the page is all about.
    expect(named || field === 'model').toBe(true)
  })
})

test('every code that a response fails with is on the page', () => {
  const codes = (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => failureOf(new GatewayError(code, '')).code)
  expect(new Set(codes).size).toBeGreaterThan(4)
  for (const code of codes) expect(text).toContain(`| \`${code}\` |`)
})
