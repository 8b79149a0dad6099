import { type Answer, type Step, answer } from '../reply.ts'
import { type TextOptions, spaced } from './text.ts'

/** A call the model makes. `arguments` is a value, or its JSON already cut in pieces (which may then be broken JSON). */
export type Call = { name: string; arguments: Record<string, unknown> | string[]; id?: string }

/** Calls tools, several in parallel where several are given, after saying `text` if there is any. */
export function toolCalls(calls: Call[], options: TextOptions & { text?: string[] } = {}): Answer {
  const steps: Step[] = [
    ...(options.text ?? []).map((chunk) => ({ type: 'text' as const, text: chunk })),
    ...calls.map((call, position) => ({
      type: 'tool-call' as const,
      id: call.id ?? `toolu_simulated_${position}`,
      name: call.name,
      pieces: Array.isArray(call.arguments) ? call.arguments : cutInPieces(JSON.stringify(call.arguments)),
    })),
  ]
  return answer(() => spaced(steps, options.between), { stop: { reason: 'tool_use' }, ...options })
}

/** Five characters a piece: cuts names, escapes and surrogate pairs apart as a model's tokens do. */
function cutInPieces(json: string): string[] {
  return json.match(/[\s\S]{1,5}/gu) ?? []
}
