import type { CollectedAnswer } from '../../core/collect.ts'
import type { AnswerContext } from '../dialect.ts'
import { envelope } from './envelope.ts'
import { brokenOff, FINISH_REASONS } from './finish.ts'
import type { ChatCompletion } from './schema-answer.ts'
import { encodeUsage } from './usage.ts'

/** Between two separate thoughts, which the wire has only one string for. */
export const BETWEEN_THOUGHTS = '\n\n'

/**
 * The body of a whole answer, with one choice for each of `answers`.
 * @throws GatewayError `provider_error` when one of them finished with an error
 */
export function encodeAnswer(answers: readonly CollectedAnswer[], context: AnswerContext): ChatCompletion {
  const usage = encodeUsage(answers.map((answer) => answer.usage))
  return {
    ...envelope('chat.completion', context),
    choices: answers.map(encodeChoice),
    ...(usage ? { usage } : {}),
  }
}

function encodeChoice({ content, finish }: CollectedAnswer, index: number): ChatCompletion['choices'][number] {
  if (finish === 'error') throw brokenOff()
  const texts: string[] = []
  const thoughts: string[] = []
  const calls: NonNullable<ChatCompletion['choices'][number]['message']['tool_calls']> = []
  for (const part of content) {
    if (part.type === 'text') texts.push(part.text)
    else if (part.type === 'tool-call')
      calls.push({ id: part.id, type: 'function', function: { name: part.name, arguments: part.arguments } })
    else if (part.text !== '') thoughts.push(part.text)
  }
  const text = texts.join('')
  return {
    index,
    message: {
      role: 'assistant',
      content: text === '' && calls.length > 0 ? null : text,
      ...(thoughts.length > 0 ? { reasoning_content: thoughts.join(BETWEEN_THOUGHTS) } : {}),
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
      refusal: null,
      annotations: [],
    },
    logprobs: null,
    finish_reason: FINISH_REASONS[finish],
  }
}
