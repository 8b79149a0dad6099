import { describe, expect, test } from 'bun:test'
import type { ChatCompletionCreateParams } from 'openai/resources'
import { ChatCompletionRequest, schemas } from '../../../src/dialects/openai-chat/schema.ts'
import { componentsOf } from '../../../src/http/documented.ts'

type Json = { [key: string]: Json }

const definitions = componentsOf(schemas) as Record<string, Json>
const request = definitions.ChatCompletionRequest!.properties!

test('every parameter of the SDK is known by name', () => {
  // Does not compile when the SDK has one that is missing here.
  const known: keyof ChatCompletionCreateParams extends keyof typeof ChatCompletionRequest.entries ? true : false = true
  expect(known).toBeTrue()
})

describe('the schemas as JSON Schema', () => {
  test('have every field of the request', () => {
    expect(Object.keys(request)).toEqual(Object.keys(ChatCompletionRequest.entries))
  })

  test('show messages as a union of named schemas', () => {
    expect(request.messages!.items!.$ref as unknown).toBe('#/components/schemas/ChatMessage')
    const names = (definitions.ChatMessage!.oneOf as unknown as { $ref: string }[]).map(({ $ref }) =>
      $ref.split('/').at(-1)!,
    )
    expect(names).toEqual([
      'ChatSystemMessage',
      'ChatDeveloperMessage',
      'ChatUserMessage',
      'ChatAssistantMessage',
      'ChatToolMessage',
      'ChatFunctionMessage',
    ])
  })

  test('limits survive the conversion', () => {
    expect(definitions.ChatCompletionRequest!.required as unknown).toEqual(['model', 'messages'])
    expect(request as object).toMatchObject({
      model: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}$' },
      messages: { type: 'array', minItems: 1 },
      temperature: { anyOf: [{ type: 'number', minimum: 0, maximum: 2 }, { type: 'null' }] },
      n: { anyOf: [{ type: 'integer', minimum: 1, maximum: 8 }, { type: 'null' }] },
      stop: {
        anyOf: [
          {
            anyOf: [
              { type: 'string', minLength: 1 },
              { type: 'array', maxItems: 4, items: { minLength: 1 } },
            ],
          },
          { type: 'null' },
        ],
      },
      reasoning_effort: { anyOf: [{ enum: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] }, {}] },
      metadata: { anyOf: [{ maxProperties: 16, propertyNames: { maxLength: 64 } }, {}] },
      max_tokens: { deprecated: true },
    })
  })
})
