// What a conversation means, and what of it an API has no words for.
import type { AssistantPart, ChatRequest, Message, Parameter } from '../../../src/core/request.ts'
import { formatInput, parseInput } from '../../../src/dialects/tool-input.ts'

/** Something that an API cannot say, and what becomes of a request that says it. */
export type Loss = { what: string; lose: (request: ChatRequest) => ChatRequest }

/** One API as its clients write it. */
export type Form = {
  name: string
  /** The body, as the official SDK sends it. */
  write: (request: ChatRequest) => unknown
  /** A parsed body as the gateway reads it. */
  decode: (body: unknown) => ChatRequest
  /** In this order. */
  losses: readonly Loss[]
}

/** What is left of a request in an API. */
export function leftIn({ losses }: Form, request: ChatRequest): ChatRequest {
  return losses.reduce((left, { lose }) => lose(left), request)
}

/** A request without what does not matter: where it was written, and how it is cut into messages that no API tells apart. */
export function meaningOf(request: ChatRequest): object {
  const { given: _, includeUsage: __, kept: ___, messages, ...rest } = request
  return { ...rest, given: givenOf(request), messages: mergeTools(saying(messages)).map(withoutPaths) }
}

/** The names of parameters under which each API that has them writes them. */
export const namesGiven = ({ given }: ChatRequest) => Object.keys(given).toSorted() as Parameter[]

/** Which parameters a request sets, by its values. */
export function givenOf(request: ChatRequest): Parameter[] {
  const { sampling, reasoning, tools } = request
  const { stop, ...numbers } = sampling
  const names = Object.keys(numbers) as Parameter[]
  if (stop.length > 0) names.push('stop')
  if (request.count > 1) names.push('count')
  if (reasoning.effort !== undefined || reasoning.budgetTokens !== undefined) names.push('effort')
  if (request.user !== undefined) names.push('user')
  if (Object.keys(request.metadata).length > 0) names.push('metadata')
  if (tools.length > 0) names.push('tools')
  if (request.toolChoice.type !== 'auto') names.push('toolChoice')
  if (!request.parallelToolCalls) names.push('parallelToolCalls')
  if (tools.some(({ strict }) => strict)) names.push('strictTools')
  if (request.output.type !== 'text') names.push('output')
  return names.toSorted()
}

/** An answer in which there is nothing is none. */
const saying = (messages: readonly Message[]) =>
  messages.filter(({ role, content }) => role !== 'assistant' || content.length > 0)

/** Results in a row belong to the same calls, in one message or in several. */
function mergeTools(messages: readonly Message[]): Message[] {
  return mergeInARow(messages, 'tool')
}

/** Messages of one role in a row as one. */
export function mergeInARow(messages: readonly Message[], role: Message['role']): Message[] {
  const merged: Message[] = []
  for (const message of messages) {
    const last = merged.at(-1)
    if (message.role === role && last?.role === role)
      merged[merged.length - 1] = { role, content: [...last.content, ...message.content] } as Message
    else merged.push(message)
  }
  return merged
}

function withoutPaths(message: Message): object {
  return { ...message, content: message.content.map((part) => withoutPath(part)) }
}

function withoutPath(part: Message['content'][number]): object {
  switch (part.type) {
    case 'tool-result':
      return { ...part, content: part.content.map(withoutPath) }
    case 'tool-call':
      // The text of arguments need not be the same, what it says must be.
      return { ...part, arguments: formatInput(parseInput(part.arguments)) }
    case 'image':
    case 'document': {
      const { path: _, ...rest } = part
      return rest
    }
    case 'text':
    case 'reasoning':
      return part
    default:
      return part satisfies never
  }
}

/** A loss of whole parameters. */
export function without(what: string, ...parameters: (keyof ChatRequest['sampling'])[]): Loss {
  return {
    what,
    lose: (request) => {
      const sampling = { ...request.sampling }
      for (const parameter of parameters) {
        if (parameter === 'stop') sampling.stop = []
        else delete sampling[parameter]
      }
      return { ...request, sampling }
    },
  }
}

/** A loss within what the model said earlier. */
export function inAnswers(what: string, lose: (content: AssistantPart[]) => AssistantPart[]): Loss {
  return {
    what,
    lose: (request) => ({
      ...request,
      messages: request.messages.map((message) =>
        message.role === 'assistant' ? { ...message, content: lose(message.content) } : message,
      ),
    }),
  }
}

/** A loss within the results of functions. */
export function inResults(what: string, lose: (result: ResultPart) => ResultPart): Loss {
  return {
    what,
    lose: (request) => ({
      ...request,
      messages: request.messages.map((message) =>
        message.role === 'tool' ? { ...message, content: message.content.map(lose) } : message,
      ),
    }),
  }
}
type ResultPart = Extract<Message, { role: 'tool' }>['content'][number]

export const NO_FAILURES = inResults('that a function failed', (result) => ({ ...result, isError: false }))
export const NO_BUDGET: Loss = {
  what: 'a budget of thinking',
  lose: (request) => {
    const { budgetTokens: _, ...reasoning } = request.reasoning
    return { ...request, reasoning }
  },
}
export const ONE_ANSWER: Loss = { what: 'several answers', lose: (request) => ({ ...request, count: 1 }) }
export const ONE_MESSAGE: Loss = {
  what: 'where one answer in a row ends and the next begins',
  lose: (request) => ({ ...request, messages: mergeInARow(saying(request.messages), 'assistant') }),
}
/** The name that stands for one where an API has none; its formats are always kept to strictly. */
export const NAMELESS_FORMAT: Loss = {
  what: 'the name of a format, and that it is not strict',
  lose: (request) =>
    request.output.type === 'json-schema'
      ? { ...request, output: { ...request.output, name: 'answer', strict: true } }
      : request,
}
