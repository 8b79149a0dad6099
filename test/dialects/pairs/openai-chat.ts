// Requests as the `openai` SDK sends them to Chat Completions.
import type OpenAI from 'openai'
import type { AssistantPart, ChatRequest, Message, UserPart } from '../../../src/core/request.ts'
import { read } from '../openai-chat/support.ts'
import { type Form, inAnswers, NO_BUDGET, NO_FAILURES } from './form.ts'

type Param = OpenAI.ChatCompletionMessageParam
type Part = OpenAI.ChatCompletionContentPart

export const openaiChat: Form = {
  name: 'openai-chat',
  decode: (body) => read(body as Record<string, unknown>),
  write,
  losses: [
    inAnswers('signatures and encrypted thinking, and the order of thoughts, texts and calls', spoken),
    NO_FAILURES,
    NO_BUDGET,
  ],
}

/** Thoughts are one text, and stand first; calls stand last. */
export function spoken(content: AssistantPart[]): AssistantPart[] {
  const of = <Type extends AssistantPart['type']>(type: Type) =>
    content.filter((part): part is Extract<AssistantPart, { type: Type }> => part.type === type)
  const thoughts = of('reasoning').flatMap(({ text }) => (text === '' ? [] : [text]))
  return [
    ...(thoughts.length > 0 ? [{ type: 'reasoning' as const, text: thoughts.join('\n\n') }] : []),
    ...of('text'),
    ...of('tool-call'),
  ]
}

function write(request: ChatRequest): OpenAI.ChatCompletionCreateParams & { top_k?: number } {
  const { sampling, tools, output, reasoning } = request
  return {
    model: request.model,
    messages: [
      ...(request.system.length > 0 ? [{ role: 'system' as const, content: request.system }] : []),
      ...request.messages.flatMap(writeMessage),
    ],
    stream: request.stream,
    temperature: sampling.temperature ?? null,
    top_p: sampling.topP ?? null,
    ...(sampling.topK === undefined ? {} : { top_k: sampling.topK }),
    max_completion_tokens: sampling.maxTokens ?? null,
    stop: sampling.stop,
    seed: sampling.seed ?? null,
    frequency_penalty: sampling.frequencyPenalty ?? null,
    presence_penalty: sampling.presencePenalty ?? null,
    n: request.count,
    reasoning_effort: reasoning.effort ?? null,
    ...(request.user === undefined ? {} : { user: request.user }),
    metadata: request.metadata,
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map((tool) => ({ type: 'function' as const, function: tool })),
          parallel_tool_calls: request.parallelToolCalls,
          tool_choice: writeChoice(request),
        }),
    ...(output.type === 'json-schema'
      ? {
          response_format: {
            type: 'json_schema' as const,
            json_schema: { name: output.name, schema: output.schema, strict: output.strict },
          },
        }
      : output.type === 'json'
        ? { response_format: { type: 'json_object' as const } }
        : {}),
  }
}

function writeChoice({ toolChoice }: ChatRequest): OpenAI.ChatCompletionToolChoiceOption {
  if (toolChoice.type === 'named') return { type: 'function', function: { name: toolChoice.name } }
  return toolChoice.type
}

function writeMessage(message: Message): Param[] {
  switch (message.role) {
    case 'user':
      return [{ role: 'user', content: message.content.map(writePart) }]
    case 'system':
      return [{ role: 'developer', content: message.content }]
    case 'tool':
      return message.content.map(({ id, content }) => ({
        role: 'tool',
        tool_call_id: id,
        // The SDK knows texts alone; LangChain and others send images as well.
        content: content.map(writePart) as OpenAI.ChatCompletionContentPartText[],
      }))
    case 'assistant':
      return [writeAnswer(message.content)]
    default:
      return message satisfies never
  }
}

function writeAnswer(content: readonly AssistantPart[]): Param {
  const calls = content.flatMap((part) => (part.type === 'tool-call' ? [part] : []))
  const thoughts = content.flatMap((part) => (part.type === 'reasoning' && part.text !== '' ? [part.text] : []))
  return {
    role: 'assistant',
    content: content.flatMap((part) => (part.type === 'text' ? [part] : [])),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map((call) => ({
            id: call.id,
            type: 'function' as const,
            function: { name: call.name, arguments: call.arguments },
          })),
        }),
    ...(thoughts.length === 0 ? {} : { reasoning_content: thoughts.join('\n\n') }),
  } as Param
}

function writePart(part: UserPart): Part {
  if (part.type === 'text') return part
  const url = part.source.kind === 'url' ? part.source.url : `data:${part.source.mediaType};base64,${part.source.data}`
  if (part.type === 'image') return { type: 'image_url', image_url: { url } }
  return { type: 'file', file: { file_data: url, ...(part.title === undefined ? {} : { filename: part.title }) } }
}
