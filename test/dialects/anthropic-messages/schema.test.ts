import { Validator } from '@seriousme/openapi-schema-validator'
import type { MessageCountTokensParams, MessageCreateParams } from '@anthropic-ai/sdk/resources/beta/messages'
import type {
  MessageCountTokensParams as PlainCountParams,
  MessageCreateParamsBase as PlainCreateParams,
} from '@anthropic-ai/sdk/resources/messages'
import { toJsonSchemaDefs } from '@valibot/to-json-schema'
import { describe, expect, test } from 'bun:test'
import {
  AnthropicCountRequest,
  AnthropicMessagesRequest,
  schemas,
} from '../../../src/dialects/anthropic-messages/schema.ts'

type Json = { [key: string]: Json }

// No error mode is given: a rule that JSON Schema cannot express makes the conversion throw.
const definitions = toJsonSchemaDefs(schemas, {
  typeMode: 'input',
  target: 'draft-2020-12',
  overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
}) as unknown as Record<string, Json>

/** What the SDK makes headers of. */
type Headers = 'betas' | 'user_profile_id' | 'workspace_id'
type AllKnown<Params, Known> = Exclude<keyof Params, Headers> extends keyof Known ? true : false

test('every parameter of the SDK is known by name', () => {
  // Does not compile when the SDK has one that is missing here.
  const message: AllKnown<MessageCreateParams & PlainCreateParams, typeof AnthropicMessagesRequest.entries> = true
  const count: AllKnown<MessageCountTokensParams & PlainCountParams, typeof AnthropicCountRequest.entries> = true
  expect(message && count).toBeTrue()
})

describe('the schemas as JSON Schema', () => {
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
    for (const [name, schema] of Object.entries(definitions)) {
      expect(schema.title as unknown, name).toBeString()
      expect(schema.description as unknown, name).toBeString()
    }
    for (const name of ['AnthropicMessagesRequest', 'AnthropicCountRequest']) {
      for (const [field, schema] of Object.entries(definitions[name]!.properties!))
        expect(schema.description as unknown, field).toBeString()
    }
  })

  test('references lead to named schemas', () => {
    const references = [...JSON.stringify(definitions).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)]
    expect(references.length).toBeGreaterThan(20)
    for (const [, name] of references) expect(Object.keys(definitions)).toContain(name!)
  })

  test('limits survive the conversion', () => {
    const { required, properties } = definitions.AnthropicMessagesRequest!
    expect((required as unknown as string[]).toSorted()).toEqual(['max_tokens', 'messages', 'model'])
    expect(properties as object).toMatchObject({
      max_tokens: { type: 'integer', minimum: 1 },
      temperature: { anyOf: [{ minimum: 0, maximum: 1 }, { type: 'null' }] },
      messages: { minItems: 1, items: { $ref: '#/components/schemas/AnthropicMessageParam' } },
      output_format: { deprecated: true },
    })
  })
})
