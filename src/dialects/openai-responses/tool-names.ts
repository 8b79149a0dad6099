// Tools of a namespace and custom tools are functions with a name of their own to the model, and themselves on the wire.

/** How a tool is called on the wire. */
export type WireTool = { kind: 'function' | 'custom'; name: string; namespace?: string }

/** Codex (0.169) puts plain functions into a namespace of this name, and wants calls of them without one. */
const PLAIN_NAMESPACE = 'functions'

/** The name by which the model knows a tool. Also for tools of old calls, which nobody offers any more. */
export function modelName({ name, namespace }: { name: string; namespace?: string | null }): string {
  return namespace && namespace !== PLAIN_NAMESPACE ? `${namespace}__${name}` : name
}

/** The offered tools by the names that the model knows. */
export type WireTools = ReadonlyMap<string, WireTool>

/** The tool that the model calls; one that was not offered is taken for a function. */
export function wireTool(tools: WireTools, name: string): WireTool {
  return tools.get(name) ?? { kind: 'function', name }
}

export function wireToolOf(kind: WireTool['kind'], name: string, namespace: string | undefined): WireTool {
  return namespace === undefined || namespace === PLAIN_NAMESPACE ? { kind, name } : { kind, name, namespace }
}

/** What the model is told that a custom tool takes. */
export const CUSTOM_PARAMETERS = {
  type: 'object',
  properties: { input: { type: 'string', description: 'The whole input of the tool, as plain text.' } },
  required: ['input'],
  additionalProperties: false,
}

/** A custom tool's input as the arguments of a function. */
export function toArguments(input: string): string {
  return JSON.stringify({ input })
}

/** And back. Arguments that are not as they should be are the input as they stand. */
export function toInput(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    const input: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'input') : undefined
    if (typeof input === 'string') return input
  } catch {
    // The model wrote its text without JSON around it.
  }
  return text
}
