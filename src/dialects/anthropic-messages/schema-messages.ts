// The messages of a request.
import * as v from 'valibot'
import * as blocks from './schema-blocks.ts'

export const AnthropicUserMessage = v.pipe(
  v.looseObject({
    role: v.literal('user'),
    content: v.union([
      v.string(),
      v.array(
        v.variant('type', [
          blocks.AnthropicTextBlock,
          blocks.AnthropicImageBlock,
          blocks.AnthropicDocumentBlock,
          blocks.AnthropicSearchResultBlock,
          blocks.AnthropicToolResultBlock,
        ]),
      ),
    ]),
  }),
  v.metadata({ title: 'User message', description: 'What the person says, and what your tools gave.' }),
)

export const AnthropicAssistantMessage = v.pipe(
  v.looseObject({
    role: v.literal('assistant'),
    content: v.union([
      v.string(),
      v.array(
        v.variant('type', [
          blocks.AnthropicTextBlock,
          blocks.AnthropicThinkingBlock,
          blocks.AnthropicRedactedThinkingBlock,
          blocks.AnthropicToolUseBlock,
          blocks.AnthropicServerBlock,
        ]),
      ),
    ]),
  }),
  v.metadata({ title: 'Assistant message', description: 'What the model answered earlier.' }),
)

export const AnthropicSystemMessage = v.pipe(
  v.looseObject({
    role: v.literal('system'),
    content: v.union([v.string(), v.array(blocks.AnthropicTextBlock)]),
  }),
  v.metadata({ title: 'System message', description: 'Instructions in the middle of the conversation.' }),
)

export const AnthropicMessageParam = v.pipe(
  v.variant('role', [AnthropicUserMessage, AnthropicAssistantMessage, AnthropicSystemMessage]),
  v.metadata({ title: 'Message', description: 'One message of the conversation.' }),
)

export type MessageParam = v.InferOutput<typeof AnthropicMessageParam>
export type UserBlock = Exclude<v.InferOutput<typeof AnthropicUserMessage>['content'], string>[number]
export type AssistantBlock = Exclude<v.InferOutput<typeof AnthropicAssistantMessage>['content'], string>[number]
