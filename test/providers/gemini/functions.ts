// Requests with functions, and what came of them, short to write.
import type { AssistantPart, ChatRequest, Message, Tool, ToolResultPart } from '../../../src/core/request.ts'
import { request as anyRequest } from '../claude/requests.ts'
import { MODEL, type World } from './world.ts'

type Declaration = { name: string; description: string; parametersJsonSchema: Record<string, unknown> }
type Part = Record<string, unknown> & {
  functionCall?: object
  functionResponse?: Record<string, unknown> & { response: Record<string, unknown> }
}
export type Body = {
  contents: { role: string; parts: Part[] }[]
  tools: { functionDeclarations: Declaration[] }[]
  toolConfig: { functionCallingConfig: { mode: string } }
  generationConfig: object
}
/** What the model was sent in a turn, by its position. */
export const sentBy = ({ upstream }: World, position = 0): Body => upstream.turns[position]?.json as Body
export const declaredBy = (world: World, position = 0): Declaration[] =>
  sentBy(world, position).tools[0]?.functionDeclarations ?? []

const CITY = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
export const tool = (name: string, parameters: Record<string, unknown> = CITY): Tool => ({
  name,
  description: `Does ${name}.`,
  parameters,
  strict: false,
})
export const WEATHER = tool('get_weather')
export const TIME = tool('get_time')

export type Changes = Parameters<typeof anyRequest>[1]
export const request = (messages: string | Message[], changes: Changes = {}): ChatRequest =>
  anyRequest(messages, { model: MODEL, tools: [WEATHER, TIME], ...changes })

export const result = (id: string, content: ToolResultPart['content'] | string, isError = false): Message => ({
  role: 'tool',
  content: [
    {
      type: 'tool-result',
      id,
      content: typeof content === 'string' ? [{ type: 'text', text: content }] : content,
      isError,
    },
  ],
})

/** The calls of an answer, in order. */
export function callsOf(content: readonly AssistantPart[]) {
  return content.flatMap((part) =>
    part.type === 'tool-call'
      ? [{ id: part.id, name: part.name, arguments: JSON.parse(part.arguments) as unknown }]
      : [],
  )
}
