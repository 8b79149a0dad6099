import type { CollectedAnswer } from '../../core/collect.ts'
import type { ChatRequest } from '../../core/request.ts'
import { brokenOff } from '../broken-off.ts'
import type { AnswerContext } from '../dialect.ts'
import { envelope } from './envelope.ts'
import { finishReason } from './finish.ts'
import { answerForm, type AnswerForm } from './form.ts'
import type { ChatCompletion } from './schema-answer.ts'
import { encodeUsage } from './usage.ts'

type Choice = ChatCompletion['choices'][number]

/** Between two separate thoughts, which the wire has only one string for. */
export const BETWEEN_THOUGHTS = '\n\n'

/**
 * The body of a whole answer, with one choice for each of `answers`.
 * @throws GatewayError `provider_error` when one of them finished with an error
 */
export function encodeAnswer(
  answers: readonly CollectedAnswer[],
  request: ChatRequest,
  context: AnswerContext,
): ChatCompletion {
  const usage = encodeUsage(answers.map((answer) => answer.usage))
  const form = answerForm(request)
  return {
    ...envelope('chat.completion', context),
    choices: answers.map((answer, index) => encodeChoice(answer, index, form)),
    ...(usage ? { usage } : {}),
  }
}

function encodeChoice({ content, finish }: CollectedAnswer, index: number, form: AnswerForm): Choice {
  if (finish === 'error') throw brokenOff()
  const texts: string[] = []
  const thoughts: string[] = []
  const calls: NonNullable<Choice['message']['tool_calls']> = []
  for (const part of content) {
    if (part.type === 'text') texts.push(part.text)
    else if (part.type === 'tool-call')
      calls.push({ id: part.id, type: 'function', function: { name: part.name, arguments: part.arguments } })
    else if (part.text !== '') thoughts.push(part.text)
  }
  const text = texts.join('')
  const refusal = form.structured && finish === 'content-filter' && text !== '' ? text : null
  return {
    index,
    message: {
      role: 'assistant',
      content: refusal !== null || (text === '' && calls.length > 0) ? null : text,
      ...(thoughts.length > 0 ? { reasoning_content: thoughts.join(BETWEEN_THOUGHTS) } : {}),
      ...encodeCalls(calls, form),
      refusal,
      annotations: [],
    },
    logprobs: null,
    finish_reason: finishReason(finish, form),
  }
}

function encodeCalls(
  calls: NonNullable<Choice['message']['tool_calls']>,
  { legacy }: AnswerForm,
): Pick<Choice['message'], 'tool_calls' | 'function_call'> {
  const [first] = calls
  if (!first) return {}
  return legacy ? { function_call: first.function } : { tool_calls: calls }
}
