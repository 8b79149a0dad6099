// The caller's functions as Gemini CLI shows them to the model (0.61.0): tools of an MCP server, with its name in front of theirs.
import type { ChatRequest, ReasoningPart, Tool } from '../../core/request.ts'
import { mapToolNames, type ToolNames } from '../../tools/names.ts'
import { sealedBy, sealOf } from '../../tools/reasoning-seal.ts'

/** The MCP server's name. Short: it is a part of each function's name, which may have 63 characters. */
export const SERVER = 'c'
const PREFIX = `mcp_${SERVER}_`

/** A function that an answer is given through, for its schema to be kept: the service forces the arguments of a call, not a text. */
const ANSWER = 'answer'
const DESCRIPTION = 'Gives the final answer. What the answer says stands in the arguments, and nowhere else.'
/** Holds an answer that is no object. */
const VALUE = 'value'

/** What the model may do: as it likes, call one of the functions, call none. */
export type Mode = 'AUTO' | 'ANY' | 'NONE'

export type Offer = {
  tools: Tool[]
  /** To the model's names and back, prefix included. */
  names: ToolNames
  mode: Mode
  /** The call that is the answer, where the caller wants one with a schema. */
  answer?: { name: string; text(args: Record<string, unknown>): string }
}

const MODES = { auto: 'AUTO', none: 'NONE', required: 'ANY', named: 'ANY' } as const

/** What the model is offered in a turn; undefined where it is nothing. Of functions one of which it has to call, only those. */
export function toOffer({ tools, toolChoice, output }: ChatRequest): Offer | undefined {
  const callable = toolChoice.type === 'named' ? tools.filter(({ name }) => name === toolChoice.name) : tools
  const offer = (offered: Tool[], mode: Mode): Offer => ({
    tools: offered,
    // Of all of them, so that a function has one name in all turns.
    names: toolNames([...new Set([...tools, ...offered])].map(({ name }) => name)),
    mode,
  })
  const isForced = toolChoice.type === 'named' || toolChoice.type === 'required'
  // Who has to call a function does not answer yet.
  if (output.type !== 'json-schema' || (isForced && callable.length > 0))
    return callable.length === 0 ? undefined : offer(callable, MODES[toolChoice.type])
  const { schema, name: wanted } = output
  const isObject = schema['type'] === 'object'
  const own: Tool = {
    name: freeName(tools),
    description: `${DESCRIPTION} (${wanted})`,
    parameters: isObject ? schema : asValue(schema),
    strict: true,
  }
  const text = (args: Record<string, unknown>) => JSON.stringify(isObject ? args : (args[VALUE] ?? null))
  return {
    ...offer(toolChoice.type === 'none' ? [own] : [...callable, own], 'ANY'),
    answer: { name: own.name, text },
  }
}

/** As a parameter of a call. What others refer to by its path stays where it was. */
function asValue({ $defs, definitions, ...schema }: Record<string, unknown>): Record<string, unknown> {
  const shared = { ...($defs !== undefined && { $defs }), ...(definitions !== undefined && { definitions }) }
  return { type: 'object', properties: { [VALUE]: schema }, required: [VALUE], ...shared }
}

function freeName(tools: readonly Tool[]): string {
  let name = ANSWER
  while (tools.some((tool) => tool.name === name)) name += '_'
  return name
}

/** Names as the model has them. Those in old history that nobody offers any more are mapped by the same rules. */
export function toolNames(callers: readonly string[]): ToolNames {
  // The CLI's own rules (generateValidName): what is longer it would cut in the middle.
  const inner = mapToolNames(callers, {
    legal: /[A-Za-z0-9_.:-]/,
    maxLength: 63 - PREFIX.length,
    reserved: () => false,
  })
  return {
    toCli: (name) => PREFIX + inner.toCli(name),
    // A model that leaves the prefix away means the same.
    toCaller: (name) => inner.toCaller(name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name),
  }
}

/** Whether the tool of this call is one that was offered by the caller, as far as its id tells. */
export const isOfferedCall = (toolCallId: string): boolean => toolCallId.startsWith(PREFIX)

/** The functions under their names for the CLI's list, which puts the prefix there by itself. */
export function shownTools({
  tools,
  names,
}: Offer): { name: string; description: string; parameters: Tool['parameters'] }[] {
  return tools.map(({ name, description, parameters }) => ({
    name: names.toCli(name).slice(PREFIX.length),
    description,
    parameters,
  }))
}

/** What a call was signed with, as reasoning that has to come back in front of the call. */
export const writeSignature = (signature: string): { encrypted: string } => ({
  encrypted: sealedBy('gemini', signature),
})

export function readSignature({ encrypted }: ReasoningPart): string | undefined {
  return sealOf('gemini', encrypted)
}
