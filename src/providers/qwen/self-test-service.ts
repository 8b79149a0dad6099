// What the stand-in for the model service says in the self-test: one word, and a call of a function.
import type { Fields } from '../fields.ts'
import { STAND_IN_ANSWER, type StandIn, startStandIn as start } from '../stand-in.ts'

/** Called in each answer. */
export const STAND_IN_CALL = 'cligate_self_test'

export const startStandIn = (): StandIn => start('/v1/chat/completions', answer)

function answer({ model }: Fields): string {
  const head = { id: 'chatcmpl-self-test', object: 'chat.completion.chunk', created: 0, model }
  const choice = (delta: object, reason: string | null) => [{ index: 0, delta, finish_reason: reason }]
  const call = { index: 0, id: 'call_1', type: 'function', function: { name: STAND_IN_CALL, arguments: '{}' } }
  const chunks = [
    { ...head, choices: choice({ role: 'assistant', content: STAND_IN_ANSWER }, null) },
    { ...head, choices: choice({ tool_calls: [call] }, null) },
    { ...head, choices: choice({}, 'tool_calls') },
    { ...head, choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } },
  ]
  return [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]'].map((data) => `data: ${data}\n\n`).join('')
}
