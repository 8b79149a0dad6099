// The content blocks of a request. Objects are loose: unknown fields are reported, not refused.
import * as v from 'valibot'

/** Written by every SDK and by Claude Code on each call. */
export const cacheControl = v.pipe(
  v.nullish(v.unknown()),
  v.description('Without effect: the provider’s CLI marks by itself what shall be cached.'),
)
const citations = v.pipe(v.nullish(v.unknown()), v.description('Not honoured: answers cite nothing.'))
const named = v.pipe(v.string(), v.nonEmpty())

export const AnthropicTextBlock = v.pipe(
  v.looseObject({ type: v.literal('text'), text: v.string(), cache_control: cacheControl, citations }),
  v.metadata({ title: 'Text block', description: 'A piece of text.' }),
)

const base64Source = v.looseObject({
  type: v.literal('base64'),
  media_type: v.string(),
  data: v.pipe(v.string(), v.nonEmpty(), v.description('Base64, without `data:` in front.')),
})
const urlSource = v.looseObject({
  type: v.literal('url'),
  url: v.pipe(v.string(), v.nonEmpty(), v.description('An http(s) address; the gateway fetches it.')),
})
const fileSource = v.looseObject({
  type: v.literal('file'),
  file_id: v.pipe(v.string(), v.description('Refused: uploaded files are not kept here.')),
})

export const AnthropicImageBlock = v.pipe(
  v.looseObject({
    type: v.literal('image'),
    source: v.variant('type', [base64Source, urlSource, fileSource]),
    transformations: v.pipe(v.nullish(v.unknown()), v.description('Not honoured.')),
    cache_control: cacheControl,
  }),
  v.metadata({ title: 'Image block', description: 'An image, inline or by its address.' }),
)

export const AnthropicDocumentBlock = v.pipe(
  v.looseObject({
    type: v.literal('document'),
    source: v.variant('type', [
      base64Source,
      urlSource,
      fileSource,
      v.looseObject({ type: v.literal('text'), media_type: v.optional(v.string()), data: v.string() }),
      v.looseObject({
        type: v.literal('content'),
        content: v.union([v.string(), v.array(v.variant('type', [AnthropicTextBlock, AnthropicImageBlock]))]),
      }),
    ]),
    title: v.nullish(v.string()),
    context: v.pipe(v.nullish(v.string()), v.description('Said to the model right before the document.')),
    citations,
    cache_control: cacheControl,
  }),
  v.metadata({ title: 'Document block', description: 'A PDF or a text, inline or by its address.' }),
)

export const AnthropicSearchResultBlock = v.pipe(
  v.looseObject({
    type: v.literal('search_result'),
    source: v.string(),
    title: v.string(),
    content: v.array(AnthropicTextBlock),
    citations,
    cache_control: cacheControl,
  }),
  v.metadata({ title: 'Search result block', description: 'A result of your own search; the model reads it as text.' }),
)

const toolReference = v.looseObject({
  type: v.literal('tool_reference'),
  tool_name: named,
  cache_control: cacheControl,
})

export const AnthropicToolResultBlock = v.pipe(
  v.looseObject({
    type: v.literal('tool_result'),
    tool_use_id: named,
    content: v.nullish(
      v.union([
        v.string(),
        v.array(
          v.variant('type', [
            AnthropicTextBlock,
            AnthropicImageBlock,
            AnthropicDocumentBlock,
            AnthropicSearchResultBlock,
            toolReference,
          ]),
        ),
      ]),
    ),
    is_error: v.nullish(v.boolean()),
    cache_control: cacheControl,
  }),
  v.metadata({ title: 'Tool result block', description: 'What a tool of yours gave.' }),
)

export const AnthropicThinkingBlock = v.pipe(
  v.looseObject({
    type: v.literal('thinking'),
    thinking: v.string(),
    signature: v.pipe(v.nullish(v.string()), v.description('As the answer had it: the provider checks it.')),
  }),
  v.metadata({ title: 'Thinking block', description: 'The model’s thinking, as an earlier answer gave it.' }),
)

export const AnthropicRedactedThinkingBlock = v.pipe(
  v.looseObject({ type: v.literal('redacted_thinking'), data: v.string() }),
  v.metadata({ title: 'Redacted thinking block', description: 'Thinking that only the provider can read.' }),
)

export const AnthropicToolUseBlock = v.pipe(
  v.looseObject({
    type: v.literal('tool_use'),
    id: named,
    name: named,
    input: v.unknown(),
    caller: v.nullish(v.unknown()),
    cache_control: cacheControl,
  }),
  v.metadata({ title: 'Tool use block', description: 'A call that the model made.' }),
)

/** What Anthropic's own tools left in a conversation that was begun at their service. */
export const AnthropicServerBlock = v.pipe(
  v.looseObject({
    type: v.picklist([
      'server_tool_use',
      'web_search_tool_result',
      'web_fetch_tool_result',
      'code_execution_tool_result',
      'bash_code_execution_tool_result',
      'text_editor_code_execution_tool_result',
      'tool_search_tool_result',
      'advisor_tool_result',
      'mcp_tool_use',
      'mcp_tool_result',
      'mcp_tool_listing',
      'container_upload',
      'compaction',
      'fallback',
    ]),
  }),
  v.metadata({
    title: 'Server block',
    description: 'What a tool of Anthropic’s own service left in the conversation. Not honoured: no CLI can read it.',
  }),
)

export type TextBlock = v.InferOutput<typeof AnthropicTextBlock>
export type ImageBlock = v.InferOutput<typeof AnthropicImageBlock>
export type DocumentBlock = v.InferOutput<typeof AnthropicDocumentBlock>
export type SearchResultBlock = v.InferOutput<typeof AnthropicSearchResultBlock>
export type ToolResultBlock = v.InferOutput<typeof AnthropicToolResultBlock>
/** What a tool result is made of. */
export type ResultBlock = Exclude<NonNullable<ToolResultBlock['content']>, string>[number]
