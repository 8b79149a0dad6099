// Requests as the `openai` SDK sends them to Responses.
import type OpenAI from 'openai'
import type { AssistantPart, ChatRequest, Message, UserPart } from '../../../src/core/request.ts'
import { toEncryptedContent } from '../../../src/dialects/openai-responses/opaque.ts'
import { read } from '../openai-responses/support.ts'
import { type Form, NO_BUDGET, NO_FAILURES, ONE_ANSWER, ONE_MESSAGE, without } from './form.ts'

type Params = OpenAI.Responses.ResponseCreateParams
type Item = OpenAI.Responses.ResponseInputItem
type Content = OpenAI.Responses.ResponseInputContent

export const openaiResponses: Form = {
  name: 'openai-responses',
  decode: (body) => read(body as Record<string, unknown>),
  write,
  losses: [
    without('stop strings, a seed, the number of tokens to choose from', 'stop', 'seed', 'topK'),
    ONE_ANSWER,
    ONE_MESSAGE,
    NO_FAILURES,
    NO_BUDGET,
  ],
}

/** The Open Responses specification has penalties, the SDK sends what it does not know as it is. */
type OpenParams = Params & { frequency_penalty?: number | null; presence_penalty?: number | null }

function write(request: ChatRequest): OpenParams {
  const { sampling, tools, reasoning } = request
  const [instructions, ...more] = request.system
  return {
    model: request.model,
    instructions: instructions?.text ?? null,
    input: [
      ...more.map(({ text }): Item => ({ role: 'developer', content: text })),
      ...request.messages.flatMap(writeMessage),
    ],
    stream: request.stream,
    temperature: sampling.temperature ?? null,
    top_p: sampling.topP ?? null,
    max_output_tokens: sampling.maxTokens ?? null,
    frequency_penalty: sampling.frequencyPenalty ?? null,
    presence_penalty: sampling.presencePenalty ?? null,
    ...(reasoning.effort === undefined ? {} : { reasoning: { effort: reasoning.effort } }),
    ...(request.user === undefined ? {} : { safety_identifier: request.user }),
    metadata: request.metadata,
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map((tool) => Object.assign({ type: 'function' as const }, tool)),
          parallel_tool_calls: request.parallelToolCalls,
          tool_choice: writeChoice(request),
        }),
    text: { format: writeFormat(request) },
  }
}

function writeChoice({ toolChoice }: ChatRequest): NonNullable<Params['tool_choice']> {
  return toolChoice.type === 'named' ? { type: 'function', name: toolChoice.name } : toolChoice.type
}

function writeFormat({ output }: ChatRequest): OpenAI.Responses.ResponseFormatTextConfig {
  if (output.type === 'json') return { type: 'json_object' }
  return output.type === 'text' ? { type: 'text' } : { ...output, type: 'json_schema' }
}

function writeMessage(message: Message): Item[] {
  switch (message.role) {
    case 'user':
      return [{ role: 'user', content: message.content.map(writePart) }]
    case 'system':
      return message.content.map(({ text }) => ({ role: 'developer', content: text }))
    case 'tool':
      return message.content.map(({ id, content }) => ({
        type: 'function_call_output',
        call_id: id,
        output: content.map(writePart),
      }))
    case 'assistant':
      return message.content.map((part, index) => writeSaid(part, index))
    default:
      return message satisfies never
  }
}

function writeSaid(part: AssistantPart, index: number): Item {
  switch (part.type) {
    case 'text':
      return { role: 'assistant', content: part.text }
    case 'reasoning': {
      const encrypted = toEncryptedContent(part)
      return {
        type: 'reasoning',
        id: `rs_${index}`,
        summary: part.text === '' ? [] : [{ type: 'summary_text', text: part.text }],
        ...(encrypted === undefined ? {} : { encrypted_content: encrypted }),
      }
    }
    case 'tool-call':
      return { type: 'function_call', call_id: part.id, name: part.name, arguments: part.arguments }
    default:
      return part satisfies never
  }
}

function writePart(part: UserPart): Content {
  if (part.type === 'text') return { type: 'input_text', text: part.text }
  const url = part.source.kind === 'url' ? part.source.url : `data:${part.source.mediaType};base64,${part.source.data}`
  if (part.type === 'image') return { type: 'input_image', image_url: url, detail: 'auto' }
  return { type: 'input_file', file_data: url, ...(part.title === undefined ? {} : { filename: part.title }) }
}
