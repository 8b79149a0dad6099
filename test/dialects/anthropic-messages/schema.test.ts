import type { MessageCountTokensParams, MessageCreateParams } from '@anthropic-ai/sdk/resources/beta/messages'
import type {
  MessageCountTokensParams as PlainCountParams,
  MessageCreateParamsBase as PlainCreateParams,
} from '@anthropic-ai/sdk/resources/messages'
import { expect, test } from 'bun:test'
import {
  AnthropicCountRequest,
  AnthropicMessagesRequest,
  schemas,
} from '../../../src/dialects/anthropic-messages/schema.ts'
import { componentsOf } from '../../../src/http/documented.ts'

type Json = { [key: string]: Json }

const definitions = componentsOf(schemas) as Record<string, Json>

/** What the SDK makes headers of. */
type Headers = 'betas' | 'user_profile_id' | 'workspace_id'
type AllKnown<Params, Known> = Exclude<keyof Params, Headers> extends keyof Known ? true : false

test('every parameter of the SDK is known by name', () => {
  // Does not compile when the SDK has one that is missing here.
  const message: AllKnown<MessageCreateParams & PlainCreateParams, typeof AnthropicMessagesRequest.entries> = true
  const count: AllKnown<MessageCountTokensParams & PlainCountParams, typeof AnthropicCountRequest.entries> = true
  expect(message && count).toBeTrue()
})

test('limits survive the conversion to JSON Schema', () => {
  const { required, properties } = definitions.AnthropicMessagesRequest!
  expect((required as unknown as string[]).toSorted()).toEqual(['max_tokens', 'messages', 'model'])
  expect(properties as object).toMatchObject({
    max_tokens: { type: 'integer', minimum: 1 },
    temperature: { anyOf: [{ minimum: 0, maximum: 1 }, { type: 'null' }] },
    messages: { minItems: 1, items: { $ref: '#/components/schemas/AnthropicMessageParam' } },
    output_format: { deprecated: true },
  })
})
