// The schemas of every dialect, as the API document shows them.
import { Validator } from '@seriousme/openapi-schema-validator'
import { toJsonSchemaDefs } from '@valibot/to-json-schema'
import { describe, expect, test } from 'bun:test'
import type * as v from 'valibot'
import { schemas as anthropicMessages } from '../../src/dialects/anthropic-messages/schema.ts'
import { schemas as gemini } from '../../src/dialects/gemini/schema.ts'
import { schemas as openaiChat } from '../../src/dialects/openai-chat/schema.ts'
import { schemas as openaiCompletions } from '../../src/dialects/openai-completions/schema.ts'
import { schemas as openaiResponses } from '../../src/dialects/openai-responses/schema.ts'

type Schema = { title?: string; description?: string; properties?: Record<string, Schema> }
type Dialect = { schemas: Record<string, v.GenericSchema>; requests: string[] }

const DIALECTS: Record<string, Dialect> = {
  'anthropic-messages': { schemas: anthropicMessages, requests: ['AnthropicMessagesRequest', 'AnthropicCountRequest'] },
  gemini: { schemas: gemini, requests: ['GeminiRequest', 'GeminiCountRequest'] },
  'openai-chat': { schemas: openaiChat, requests: ['ChatCompletionRequest'] },
  'openai-completions': { schemas: openaiCompletions, requests: ['CompletionRequest'] },
  'openai-responses': { schemas: openaiResponses, requests: ['ResponsesRequest', 'ResponsesCountRequest'] },
}

describe.each(Object.entries(DIALECTS))('%s', (_name, { schemas, requests }) => {
  // No error mode is given: a rule that JSON Schema cannot express makes the conversion throw.
  const definitions = toJsonSchemaDefs(schemas, {
    typeMode: 'input',
    target: 'draft-2020-12',
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  }) as Record<string, Schema>

  test('are valid components of an OpenAPI 3.1 document', async () => {
    const document = {
      openapi: '3.1.0',
      info: { title: 'test', version: '1' },
      paths: {},
      components: { schemas: definitions },
    }
    expect(await new Validator().validate(document)).toMatchObject({ valid: true })
  })

  test('every one has a title and a description, and every field of a request', () => {
    for (const [name, { title, description }] of Object.entries(definitions)) {
      expect(title, name).toBeString()
      expect(description, name).toBeString()
    }
    for (const request of requests) {
      const fields = Object.entries(definitions[request]!.properties!)
      for (const [field, { description }] of fields) expect(description, `${request}.${field}`).toBeString()
    }
  })

  test('references lead to named schemas', () => {
    const references = [...JSON.stringify(definitions).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)]
    expect(references).not.toBeEmpty()
    for (const [, name] of references) expect(Object.keys(definitions)).toContain(name!)
  })
})
