// What the CLI notes of a turn in its own record of the conversation: the tokens, which the protocol does not tell in full.
import type { Usage } from '../../core/usage.ts'
import { asFields, type Fields, fieldsAt, listAt, numberAt } from '../fields.ts'
import { parseJsonLine } from '../../process/json-lines.ts'
import type { PromptResponse } from '../acp-types.ts'

/** Gemini counts thoughts beside the answer; here they are part of it. */
function toUsage(tokens: Fields): Usage {
  const reasoning = numberAt(tokens, 'thoughts') ?? 0
  return {
    input: (numberAt(tokens, 'input') ?? 0) + (numberAt(tokens, 'tool') ?? 0),
    output: (numberAt(tokens, 'output') ?? 0) + reasoning,
    cachedRead: numberAt(tokens, 'cached') ?? 0,
    cacheWrite: 0,
    reasoning,
  }
}

/** The usage in the lines of a session file that were added by the turn, all model calls together; undefined where there is none. */
export function recordedUsage(lines: string): Usage | undefined {
  const calls = new Map<unknown, Usage>()
  for (const line of lines.split('\n')) {
    // Long lines of the conversation itself are not worth parsing.
    if (!line.includes('"tokens"')) continue
    const parsed = parseJsonLine(line)
    const tokens = parsed.ok ? fieldsAt(parsed.value, 'tokens') : undefined
    // A record is written anew when it grows.
    if (parsed.ok && tokens) calls.set(parsed.value['id'], toUsage(tokens))
  }
  if (calls.size === 0) return undefined
  return [...calls.values()].reduce((sum, usage) => ({
    input: sum.input + usage.input,
    output: sum.output + usage.output,
    cachedRead: sum.cachedRead + usage.cachedRead,
    cacheWrite: 0,
    reasoning: sum.reasoning + usage.reasoning,
  }))
}

/** The usage that the protocol tells; undefined where the CLI never saw the end of an answer. */
export function reportedUsage(response: PromptResponse): Usage | undefined {
  const quota = fieldsAt(asFields(response._meta), 'quota')
  const tokens = fieldsAt(quota, 'token_count')
  if (!tokens || listAt(quota, 'model_usage')?.length === 0) return undefined
  return {
    input: numberAt(tokens, 'input_tokens') ?? 0,
    output: numberAt(tokens, 'output_tokens') ?? 0,
    cachedRead: 0,
    cacheWrite: 0,
    reasoning: 0,
  }
}
