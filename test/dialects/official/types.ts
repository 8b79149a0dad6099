// The types of the official SDKs, by what of an API they are the types of; and what our answers have beside them.

/** What may be said in the head of a program that names these types. */
export const IMPORTS = `import type Anthropic from '@anthropic-ai/sdk'
import type * as AnthropicShared from '@anthropic-ai/sdk/resources/shared'
import type * as Google from '@google/genai'
import type OpenAI from 'openai'
import type * as OpenAIShared from 'openai/resources/shared'

/** A class or interface of Google's SDK as JSON: enums by their texts, and without what the SDK adds by itself. */
type Wire<Value> = Value extends string ? \`\${Value}\`
  : Value extends number | boolean | null | undefined ? Value
  : Value extends readonly (infer Item)[] ? Wire<Item>[]
  : Value extends object ? { [Key in keyof Value as Value[Key] extends Function ? never : Key]: Wire<Value[Key]> }
  : Value
type GoogleResponse = Omit<Wire<Google.GenerateContentResponse>, 'text' | 'data' | 'functionCalls' | 'executableCode' | 'codeExecutionResult' | 'initialPromptTokenCount'>
/** The type of custom calls that says their status is beside those of output; the API gives all calls one. */
type OutputItem = OpenAI.Responses.ResponseOutputItem | OpenAI.Responses.ResponseCustomToolCallItem
/** The SDK puts the texts of the output together by itself. */
type Response = Omit<OpenAI.Responses.Response, 'output_text' | 'output'> & { output: OutputItem[] }
type ResponseEvent<Event> = Event extends { response: unknown } ? Omit<Event, 'response'> & { response: Response }
  : Event extends { item: unknown } ? Omit<Event, 'item'> & { item: OutputItem }
  : Event
/** In the API's documentation, though not among the SDK's types: it leaves them out before anyone sees them. */
type Ping = { type: 'ping' }
`

/** Which type each kind of JSON is of. */
export const TYPES = {
  'chat.completion': 'OpenAI.ChatCompletion',
  'chat.completion.chunk': 'OpenAI.ChatCompletionChunk',
  text_completion: 'OpenAI.Completion',
  'text_completion.chunk': 'OpenAI.Completion',
  'openai.error': '{ error: OpenAIShared.ErrorObject }',
  'openai.models': '{ object: "list"; data: OpenAI.Model[] }',
  'openai.model': 'OpenAI.Model',
  response: 'Response',
  'response.event': 'ResponseEvent<OpenAI.Responses.ResponseStreamEvent>',
  'response.item_list': 'OpenAI.Responses.ResponseItemList',
  'response.input_tokens': 'OpenAI.Responses.InputTokenCountResponse',
  'anthropic.message': 'Anthropic.Message',
  'anthropic.event': 'Anthropic.MessageStreamEvent | Ping',
  'anthropic.error': 'AnthropicShared.ErrorResponse',
  'anthropic.count': 'Anthropic.MessageTokensCount',
  'anthropic.models':
    '{ data: Anthropic.ModelInfo[]; has_more: boolean; first_id: string | null; last_id: string | null }',
  'anthropic.model': 'Anthropic.ModelInfo',
  'gemini.response': 'GoogleResponse',
  'gemini.count': 'Wire<Google.CountTokensResponse>',
  'gemini.models': 'Wire<Google.ListModelsResponse>',
  'gemini.model': 'Wire<Google.Model>',
} as const

export type Kind = keyof typeof TYPES

export type Extra = {
  kinds: readonly Kind[]
  /** Where it may stand; `*` is any entry of a list. */
  paths: readonly string[]
  /** It is one only with this value. */
  only?: unknown
  /** What a type would have in its place; nothing, if left out. */
  instead?: unknown
  why: string
}

const RESPONSES = ['response', 'response.event'] as const
const inList = (field: string) => [field, `data.*.${field}`]
const inResponse = (...fields: string[]) => fields.flatMap((field) => [field, `response.${field}`])

/** All that our answers have and the types do not, or otherwise than they say. */
export const EXTRAS: readonly Extra[] = [
  {
    kinds: ['chat.completion', 'chat.completion.chunk', 'anthropic.message', 'anthropic.event', ...RESPONSES],
    paths: inResponse('usage.x_cligate'),
    why: 'what the gateway knows of the cost',
  },
  { kinds: ['gemini.response'], paths: ['usageMetadata.x_cligate'], why: 'the same' },
  { kinds: ['chat.completion'], paths: ['choices.*.message.reasoning_content'], why: 'thinking, as other services do' },
  { kinds: ['chat.completion.chunk'], paths: ['choices.*.delta.reasoning_content'], why: 'the same' },
  {
    kinds: ['text_completion.chunk'],
    paths: ['choices.*.finish_reason'],
    only: null,
    instead: 'stop',
    why: 'null until the end, as in the API; the SDK has one type for chunks and whole answers',
  },
  {
    kinds: RESPONSES,
    paths: inResponse('prompt_cache_key', 'user', 'usage'),
    only: null,
    why: 'null as in the API and the Open Responses specification, where the SDK has the field left out',
  },
  {
    kinds: RESPONSES,
    paths: inResponse('frequency_penalty', 'presence_penalty'),
    why: 'the specification has them in every response, the SDK does not',
  },
  { kinds: RESPONSES, paths: inResponse('store'), why: 'in the API and the specification, though not in the SDK' },
  {
    kinds: RESPONSES,
    paths: inResponse('error.code'),
    only: 'server_is_overloaded',
    instead: 'server_error',
    why: 'the code that the API gives and Codex (0.169) waits at, though not in the SDK',
  },
  {
    kinds: ['openai.error', 'anthropic.error'],
    paths: ['retry_after'],
    why: 'the header of that name, for whoever sees no headers',
  },
  {
    kinds: ['anthropic.error'],
    paths: ['error.details'],
    why: 'read by the SDK (1.12, `errorCode`), though its types lack it',
  },
  {
    kinds: ['openai.model', 'openai.models'],
    paths: [
      'type',
      'display_name',
      'created_at',
      'capabilities',
      'deprecated_at',
      'lifecycle',
      'line',
      'max_input_tokens',
      'max_tokens',
      'retires_at',
    ].flatMap(inList),
    why: 'what Anthropic’s SDK reads of a model',
  },
  { kinds: ['openai.models'], paths: ['has_more', 'first_id', 'last_id'], why: 'what Anthropic’s SDK reads of a page' },
  {
    kinds: ['anthropic.model', 'anthropic.models'],
    paths: ['object', 'created', 'owned_by'].flatMap(inList),
    why: 'what OpenAI’s SDK reads of a model, and of a list',
  },
  {
    kinds: ['gemini.model', 'gemini.models'],
    paths: ['supportedGenerationMethods', 'models.*.supportedGenerationMethods'],
    why: 'the name on the wire of what the SDK makes `supportedActions`',
  },
]
