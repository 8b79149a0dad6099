// Tokens of a turn, from whichever place the agent tells them in.
import type { Usage } from '../../core/usage.ts'
import { asFields, type Fields, fieldsAt, numberAt } from '../fields.ts'
import type { AcpEvent } from '../acp-types.ts'

/** The usage that these events tell; undefined where they tell none. */
export function usageOf(events: readonly AcpEvent[]): Usage | undefined {
  return events.map(usageOfOne).findLast((usage) => usage !== undefined)
}

function usageOfOne(event: AcpEvent): Usage | undefined {
  switch (event.type) {
    case 'update':
      return fromFields(fieldsAt(asFields(asFields(event.update)?.['_meta']), 'usage'))
    case 'stop': {
      const response = asFields(event.response)
      const meta = fieldsAt(response, '_meta')
      return (
        fromFields(fieldsAt(response, 'usage')) ??
        fromFields(fieldsAt(meta, 'usage')) ??
        fromFields(fieldsAt(fieldsAt(meta, 'quota'), 'token_count'))
      )
    }
    case 'permission':
      return undefined
    default:
      return event satisfies never
  }
}

/** In the protocol's words (`inputTokens`, not yet stable) or in those of Gemini CLI (`input_tokens`). */
function fromFields(tokens: Fields | undefined): Usage | undefined {
  const input = numberAt(tokens, 'inputTokens') ?? numberAt(tokens, 'input_tokens')
  const output = numberAt(tokens, 'outputTokens') ?? numberAt(tokens, 'output_tokens')
  if (input === undefined || output === undefined) return undefined
  return {
    input,
    output,
    cachedRead: numberAt(tokens, 'cachedReadTokens') ?? 0,
    cacheWrite: numberAt(tokens, 'cachedWriteTokens') ?? 0,
    reasoning: numberAt(tokens, 'thoughtTokens') ?? 0,
  }
}

/** For agents that tell nothing: four characters a token, as English has it. */
export function estimatedUsage(asked: number, said: number): Usage {
  const tokens = (characters: number) => Math.ceil(characters / 4)
  return { input: tokens(asked), output: tokens(said), cachedRead: 0, cacheWrite: 0, reasoning: 0, estimated: true }
}
