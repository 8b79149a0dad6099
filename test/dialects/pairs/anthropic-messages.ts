// Requests as Anthropic's SDK sends them to Messages.
import type Anthropic from '@anthropic-ai/sdk'
import type { AssistantPart, ChatRequest, Message, ToolResultPart, UserPart } from '../../../src/core/request.ts'
import { toSignature } from '../../../src/dialects/anthropic-messages/opaque.ts'
import { parseInput } from '../../../src/dialects/tool-input.ts'
import { read } from '../anthropic-messages/support.ts'
import { type Form, type Loss, NAMELESS_FORMAT, ONE_ANSWER, without } from './form.ts'

type Params = Anthropic.MessageCreateParams
type Block = Anthropic.ContentBlockParam

/** The API wants a limit in every request. */
const MOST_TOKENS = 10_000

const withMaxTokens: Loss = {
  what: 'that there is no limit of tokens',
  lose: (request) => ({ ...request, sampling: { maxTokens: MOST_TOKENS, ...request.sampling } }),
}
const temperature: Loss = {
  what: 'temperatures of 1, which is its own, and above, which it has not',
  lose: (request) => {
    const { temperature = 1, ...sampling } = request.sampling
    return { ...request, sampling: temperature < 1 ? { ...sampling, temperature } : sampling }
  },
}
const noLabels: Loss = { what: 'labels', lose: (request) => ({ ...request, metadata: {} }) }
const effort: Loss = {
  what: 'the least effort',
  lose: (request) => {
    const { effort, ...reasoning } = request.reasoning
    return effort === 'minimal' ? { ...request, reasoning } : request
  },
}
const anyJson: Loss = {
  what: 'JSON of any form',
  lose: (request) => (request.output.type === 'json' ? { ...request, output: { type: 'text' } } : request),
}
const noneAtATime: Loss = {
  what: 'one call at a time where there shall be none',
  lose: (request) => (request.toolChoice.type === 'none' ? { ...request, parallelToolCalls: true } : request),
}
const plainText: Loss = {
  what: 'which kind of text a document is',
  lose: (request) => ({ ...request, messages: request.messages.map(withPlainText) }),
}

export const anthropicMessages: Form = {
  name: 'anthropic-messages',
  decode: (body) => read(body as Record<string, unknown>),
  write,
  losses: [
    without('a seed and penalties', 'seed', 'frequencyPenalty', 'presencePenalty'),
    withMaxTokens,
    temperature,
    ONE_ANSWER,
    noLabels,
    effort,
    anyJson,
    NAMELESS_FORMAT,
    noneAtATime,
    plainText,
  ],
}

function withPlainText(message: Message): Message {
  const plain = <Part extends Message['content'][number]>(part: Part): Part => {
    if (part.type === 'tool-result') return { ...part, content: part.content.map(plain) }
    if (part.type !== 'document' || part.source.kind !== 'data' || !part.source.mediaType.startsWith('text/'))
      return part
    return { ...part, source: { ...part.source, mediaType: 'text/plain' } }
  }
  return { ...message, content: message.content.map(plain) } as Message
}

function write(request: ChatRequest): Params {
  const { sampling, tools, reasoning, output } = request
  const { effort, budgetTokens } = reasoning
  const isEffort = effort !== undefined && effort !== 'none' && effort !== 'minimal'
  return {
    model: request.model,
    max_tokens: sampling.maxTokens ?? MOST_TOKENS,
    system: request.system,
    messages: request.messages.map(writeMessage),
    stream: request.stream,
    ...(sampling.temperature === undefined || sampling.temperature > 1 ? {} : { temperature: sampling.temperature }),
    ...(sampling.topP === undefined ? {} : { top_p: sampling.topP }),
    ...(sampling.topK === undefined ? {} : { top_k: sampling.topK }),
    stop_sequences: sampling.stop,
    ...(request.user === undefined ? {} : { metadata: { user_id: request.user } }),
    ...(tools.length === 0 ? {} : { tools: tools.map(writeTool), tool_choice: writeChoice(request) }),
    ...(effort === 'none'
      ? { thinking: { type: 'disabled' as const } }
      : budgetTokens === undefined
        ? {}
        : { thinking: { type: 'enabled' as const, budget_tokens: budgetTokens } }),
    output_config: {
      ...(isEffort ? { effort } : {}),
      ...(output.type === 'json-schema' ? { format: { type: 'json_schema' as const, schema: output.schema } } : {}),
    },
  }
}

function writeTool({ name, description, parameters, strict }: ChatRequest['tools'][number]): Anthropic.ToolUnion {
  return { name, description, input_schema: parameters as Anthropic.Tool.InputSchema, strict }
}

function writeChoice({ toolChoice, parallelToolCalls }: ChatRequest): Anthropic.ToolChoice {
  const parallel = { disable_parallel_tool_use: !parallelToolCalls }
  switch (toolChoice.type) {
    case 'none':
      return { type: 'none' }
    case 'auto':
      return { type: 'auto', ...parallel }
    case 'required':
      return { type: 'any', ...parallel }
    case 'named':
      return { type: 'tool', name: toolChoice.name, ...parallel }
    default:
      return toolChoice satisfies never
  }
}

function writeMessage(message: Message): Anthropic.MessageParam {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: message.content.map(writePart) }
    case 'system':
      return { role: 'system', content: message.content }
    case 'tool':
      return { role: 'user', content: message.content.map(writeResult) }
    case 'assistant':
      return { role: 'assistant', content: message.content.map(writeSaid) }
    default:
      return message satisfies never
  }
}

function writeResult({ id, content, isError }: ToolResultPart): Block {
  const blocks = content.map(writePart) as Extract<Anthropic.ToolResultBlockParam['content'], unknown[]>
  return { type: 'tool_result', tool_use_id: id, content: blocks, is_error: isError }
}

function writeSaid(part: AssistantPart): Block {
  switch (part.type) {
    case 'text':
      return part
    case 'reasoning':
      return part.text === '' && part.encrypted !== undefined
        ? { type: 'redacted_thinking', data: part.encrypted }
        : { type: 'thinking', thinking: part.text, signature: toSignature(part) }
    case 'tool-call':
      return { type: 'tool_use', id: part.id, name: part.name, input: parseInput(part.arguments) }
    default:
      return part satisfies never
  }
}

function writePart(part: UserPart): Block {
  if (part.type === 'text') return part
  const { source } = part
  if (part.type === 'image') {
    return source.kind === 'url'
      ? { type: 'image', source: { type: 'url', url: source.url } }
      : { type: 'image', source: { type: 'base64', media_type: source.mediaType as 'image/png', data: source.data } }
  }
  const title = part.title === undefined ? {} : { title: part.title }
  if (source.kind === 'url') return { type: 'document', source: { type: 'url', url: source.url }, ...title }
  if (source.mediaType === 'application/pdf')
    return { type: 'document', source: { type: 'base64', media_type: source.mediaType, data: source.data }, ...title }
  const data = Buffer.from(source.data, 'base64').toString()
  return { type: 'document', source: { type: 'text', media_type: 'text/plain', data }, ...title }
}
