import type { ChatRequest } from '../../core/request.ts'
import { invalid, refuse } from '../refuse.ts'
import { isVoid } from '../stray-fields.ts'
import { decodeInput } from './decode-input.ts'
import { checkModes, decodeLabels, decodeOutput, decodeReasoning, decodeSampling } from './decode-parameters.ts'
import { textParts } from './decode-parts.ts'
import { type DecodedTools, decodeTools } from './decode-tools.ts'
import { conversationOf, type History, type PlacedItem } from './history.ts'
import type { CountRequest, ResponsesRequest } from './schema.ts'
import type { InputItem } from './schema-items.ts'
import { unsupportedFields, unsupportedInPrompt } from './unsupported.ts'

/** A request as everything behind the dialect knows it, and what only the answer to it needs. */
export type Decoded = {
  chat: ChatRequest
  tools: Pick<DecodedTools, 'wire' | 'offered'>
  /** What this request adds to the conversation, references resolved. */
  input: InputItem[]
}

/**
 * A checked body as a neutral request. Fields that nothing can honour end up in `unsupported` by their paths.
 * @throws GatewayError `invalid_request`, `unsupported_parameter` or `not_found` with `param`
 */
export function decode(body: ResponsesRequest, history: History): Decoded {
  if (!isVoid(body['prompt'])) refuse('prompt', 'Prompt templates are not kept here: send instructions and input.')
  checkModes(body)
  const unsupported = unsupportedFields(body)
  const { chat, tools, input } = decodePrompt(body, history, unsupported)
  if (chat.messages.length === 0 && chat.system.length === 0) invalid('input', 'input holds nothing to answer.')
  const sampling = decodeSampling(body, chat.given)
  const labels = decodeLabels(body, chat.given)
  return { chat: { ...chat, sampling, ...labels, stream: body.stream === true }, tools, input }
}

/** What shall be counted, as the request that it would be. What only an answer needs is passed over. */
export function decodeCount(body: CountRequest, history: History): ChatRequest {
  return decodePrompt(body, history, unsupportedInPrompt(body)).chat
}

function decodePrompt(body: CountRequest, history: History, unsupported: string[]): Decoded {
  if (!isVoid(body.conversation))
    refuse('conversation', 'Conversations are not kept here: use previous_response_id, or send all items in input.')
  const items = conversationOf(body, history)
  const { wire, offered, ...tools } = decodeTools(body, additionalTools(items), unsupported)
  const conversation = decodeInput(items, unsupported)
  return {
    chat: {
      model: body.model,
      system: [...textParts(body.instructions ?? ''), ...conversation.system],
      messages: conversation.messages,
      ...tools,
      output: decodeOutput(body, tools.given, unsupported),
      sampling: { stop: [] },
      reasoning: decodeReasoning(body, tools.given, unsupported),
      stream: false,
      count: 1,
      metadata: {},
      unsupported,
    },
    tools: { wire, offered },
    input: items.filter(({ path }) => path.startsWith('input')).map(({ item }) => item),
  }
}

/** The last of several lists counts: one that came with a previous response is sent again with the next. */
function additionalTools(items: readonly PlacedItem[]) {
  return items
    .flatMap(({ item, path }) =>
      item.type === 'additional_tools' && 'tools' in item && Array.isArray(item.tools)
        ? [{ tools: item.tools, path: `${path}.tools` }]
        : [],
    )
    .slice(-1)
}
