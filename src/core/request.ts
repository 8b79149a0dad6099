// The neutral request: every dialect decodes into it, every driver reads it.

/** Bytes of an image or document: inline (base64, no line breaks) or still to be fetched from a URL. */
export type MediaSource = { kind: 'data'; mediaType: string; data: string } | { kind: 'url'; url: string }

export type TextPart = { type: 'text'; text: string }
/** `path` is where the caller wrote it (`messages[2].content[1].image_url.url`), for errors about it. */
export type ImagePart = { type: 'image'; source: MediaSource; path?: string }
export type DocumentPart = { type: 'document'; source: MediaSource; title?: string; path?: string }

/** The model's own thinking; `signature` and `encrypted` are opaque and go back to the provider unchanged. */
export type ReasoningPart = { type: 'reasoning'; text: string; signature?: string; encrypted?: string }

/** `arguments` is the JSON text exactly as the model wrote it; it may be invalid JSON. */
export type ToolCallPart = { type: 'tool-call'; id: string; name: string; arguments: string }
export type ToolResultPart = {
  type: 'tool-result'
  id: string
  content: (TextPart | ImagePart | DocumentPart)[]
  isError: boolean
}

export type UserPart = TextPart | ImagePart | DocumentPart
export type AssistantPart = TextPart | ReasoningPart | ToolCallPart

export type Message =
  | { role: 'user'; content: UserPart[] }
  | { role: 'assistant'; content: AssistantPart[] }
  | { role: 'tool'; content: ToolResultPart[] }
  /** A system or developer message in the middle of the conversation; leading ones are in `ChatRequest.system`. */
  | { role: 'system'; content: TextPart[] }

/** A function of the caller. `parameters` is a JSON Schema of type object. */
export type Tool = { name: string; description: string; parameters: Record<string, unknown>; strict: boolean }

export type ToolChoice = { type: 'auto' } | { type: 'none' } | { type: 'required' } | { type: 'named'; name: string }

export type Output =
  | { type: 'text' }
  | { type: 'json' }
  | { type: 'json-schema'; name: string; schema: Record<string, unknown>; strict: boolean }

export type Sampling = {
  /** 0 to 2 (OpenAI's range). */
  temperature?: number
  topP?: number
  topK?: number
  /** Tokens the answer may have, reasoning included. */
  maxTokens?: number
  stop: string[]
  seed?: number
  frequencyPenalty?: number
  presencePenalty?: number
}

/** From no reasoning to all the model can do. Each driver maps it to the nearest level its CLI has. */
export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const
export type Effort = (typeof EFFORTS)[number]

/** The parameters a driver may honour or not. Wire fields outside this list are handled by the dialect alone. */
export const PARAMETERS = [
  'temperature',
  'topP',
  'topK',
  'maxTokens',
  'stop',
  'seed',
  'frequencyPenalty',
  'presencePenalty',
  'count',
  'effort',
  'user',
  'metadata',
  'tools',
  'toolChoice',
  'parallelToolCalls',
  'strictTools',
  'output',
] as const
export type Parameter = (typeof PARAMETERS)[number]

export type ChatRequest = {
  /** As the caller wrote it, before aliases and suffixes are resolved. */
  model: string
  /** The only provider that may serve it, where the caller's path names one. */
  provider?: string
  system: TextPart[]
  messages: Message[]
  tools: Tool[]
  toolChoice: ToolChoice
  parallelToolCalls: boolean
  output: Output
  sampling: Sampling
  reasoning: { effort?: Effort; budgetTokens?: number }
  stream: boolean
  /** The caller wants the usage in the stream as well (OpenAI's `stream_options.include_usage`). */
  includeUsage?: boolean
  /** Answers wanted (OpenAI's `n`), 1 or more. */
  count: number
  user?: string
  metadata: Record<string, string>
  /** Which parameters the caller set, each with its name on the wire: `{ maxTokens: 'max_completion_tokens' }`. */
  given: Partial<Record<Parameter, string>>
  /** Of these, those that the dialect itself does something with, so that they are not lost where no provider takes them. */
  kept?: Parameter[]
  /** Paths of fields that the dialect saw and that nothing behind it can honour: `['logit_bias', 'foo.bar']`. */
  unsupported: string[]
}
