// How agents tell of a call of a tool that they have from an MCP server: the protocol has no field for its name.
import { asFields, fieldsAt, textAt } from '../fields.ts'

/** What updates and requests for permissions have in common. */
export type ToolReport = {
  toolCallId: string
  title?: string | null
  kind?: string | null
  status?: string | null
  content?: readonly unknown[] | null
  rawInput?: unknown
  _meta?: unknown
}

/** What the MCP server is called for agents; without a line below, which some of them take for a separator. */
export const SERVER = 'client'

/** By what agents may call a function: each form names the server, so that no tool of their own is taken for it. */
export function titlesOf(name: string): string[] {
  return [
    // Qwen Code, Claude Code
    `mcp__${SERVER}__${name}`,
    // Gemini CLI
    `mcp_${SERVER}_${name}`,
    `${name} (${SERVER} MCP Server)`,
    // Others
    `${SERVER}__${name}`,
    `${SERVER}_${name}`,
    `${SERVER}/${name}`,
    `${SERVER}.${name}`,
    `${SERVER}: ${name}`,
    `Tool: ${SERVER}/${name}`,
  ]
}

/** What a report says which tool it is about. Tools that do more than answer say so by their kind: they are an agent's own. */
export function titlesIn({ title, kind, _meta: value }: ToolReport): string[] {
  if (kind !== undefined && kind !== null && kind !== 'other') return []
  const meta = asFields(value)
  const told = [textAt(meta, 'toolName'), textAt(fieldsAt(meta, 'claudeCode'), 'toolName'), title]
  return told.filter((text) => typeof text === 'string')
}

/** The arguments, where the report tells them: as they are, or as the JSON that a person would be shown. */
export function argumentsIn({ rawInput, content }: ToolReport): Record<string, unknown> | undefined {
  const raw = asFields(rawInput)
  if (raw) return { ...raw }
  for (const block of content ?? []) {
    const shown = textAt(fieldsAt(asFields(block), 'content'), 'text')
    try {
      const parsed = asFields(JSON.parse(shown ?? ''))
      if (parsed) return { ...parsed }
    } catch {
      // Words for a person.
    }
  }
  return undefined
}
