import { GatewayError } from '../../core/error.ts'
import type { ChatRequest, Tool } from '../../core/request.ts'
import type { Behaviour } from './behaviour.ts'
import type { Prompt } from './prompt.ts'
import { sampleOf } from './sample.ts'

/** A call as the demo model makes it; `arguments` is JSON text. */
export type Call = { id: string; name: string; arguments: string }

/**
 * The calls of an answer, with ids that no other answer of the same conversation has. When the results are there, the model
 * answers from them, unless it has to call.
 * @throws GatewayError `invalid_request` for a call of a function that nobody offers
 */
export function callsOf(behaviour: Behaviour, prompt: Prompt, request: ChatRequest): Call[] {
  const { tools, toolChoice, parallelToolCalls, messages } = request
  const isOver = prompt.results.length > 0
  const asked = isOver ? [] : behaviour.calls
  const unknown = asked.find((call) => !tools.some(({ name }) => name === call.name))
  if (unknown && toolChoice.type !== 'none') throw notOffered(unknown.name)
  if (tools.length === 0 || toolChoice.type === 'none') return []
  const wanted = choose(behaviour, prompt, request, isOver, asked)
  // An echo leaves it to the gateway, as a CLI does that knows no such setting.
  const isOneOnly = !parallelToolCalls && behaviour.says !== 'echo'
  return wanted.slice(0, isOneOnly ? 1 : wanted.length).map(({ tool, json }, index) => ({
    id: `call_demo_${messages.length}_${index}`,
    name: tool.name,
    arguments: json ?? JSON.stringify(sampleOf(tool.parameters)),
  }))
}

type Wanted = { tool: Tool; json?: string }

function choose(
  { says }: Behaviour,
  { text }: Prompt,
  { tools, toolChoice }: ChatRequest,
  isOver: boolean,
  asked: Behaviour['calls'],
): Wanted[] {
  const directed = asked.map(({ name, json }) => ({ tool: tools.find((tool) => tool.name === name)!, json }))
  if (toolChoice.type === 'named') {
    const named = directed.filter(({ tool }) => tool.name === toolChoice.name)
    return named.length > 0 ? named : tools.filter(({ name }) => name === toolChoice.name).map((tool) => ({ tool }))
  }
  if (directed.length > 0) return directed
  if (says !== 'tools' && toolChoice.type !== 'required') return []
  if (isOver) return toolChoice.type === 'required' ? [{ tool: tools[0]! }] : []
  const mentioned = says === 'tools' ? tools.filter(({ name }) => text.includes(name)) : []
  return (mentioned.length > 0 ? mentioned : tools.slice(0, 1)).map((tool) => ({ tool }))
}

function notOffered(name: string): GatewayError {
  const message = `The demo model cannot call "${name.slice(0, 64)}": the request offers no such function.`
  return new GatewayError('invalid_request', message, { param: 'messages' })
}
