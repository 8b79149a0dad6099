// The messages of a request.
import * as v from 'valibot'
import * as blocks from './schema-blocks.ts'
import { AnthropicToolAdditionBlock, AnthropicToolRemovalBlock } from './schema-tools.ts'

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
    content: v.nullish(
      v.union([
        v.string(),
        v.array(v.variant('type', [blocks.AnthropicTextBlock, AnthropicToolAdditionBlock, AnthropicToolRemovalBlock])),
      ]),
    ),
    clear_at: v.pipe(
      v.nullish(v.picklist(['never', 'next_user_message'])),
      v.description('With `next_user_message` its texts are left out as soon as a later message is the user’s.'),
    ),
    output_config: v.pipe(v.nullish(v.unknown()), v.description('Not honoured.')),
  }),
  v.metadata({ title: 'System message', description: 'Instructions in the middle of the conversation.' }),
)

export const AnthropicMessageParam = v.pipe(
  v.variant('role', [AnthropicUserMessage, AnthropicAssistantMessage, AnthropicSystemMessage]),
  v.metadata({ title: 'Message', description: 'One message of the conversation.' }),
)

export type MessageParam = v.InferOutput<typeof AnthropicMessageParam>
export type SystemMessage = v.InferOutput<typeof AnthropicSystemMessage>
export type SystemBlock = Exclude<NonNullable<SystemMessage['content']>, string>[number]
export type UserBlock = Exclude<v.InferOutput<typeof AnthropicUserMessage>['content'], string>[number]
export type AssistantBlock = Exclude<v.InferOutput<typeof AnthropicAssistantMessage>['content'], string>[number]
