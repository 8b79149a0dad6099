import type { CollectedAnswer } from '../../core/collect.ts'
import type { AnswerContext } from '../dialect.ts'
import { choice, envelope } from './envelope.ts'
import { promptAt } from './prompts.ts'
import type { Completion, CompletionRequest } from './schema.ts'
import { encodeUsage } from './usage.ts'

/**
 * The body of a whole answer: its texts alone, for this API has a place for nothing else.
 * @throws GatewayError `provider_error` when one of the answers finished with an error
 */
export function encodeAnswer(
  answers: readonly CollectedAnswer[],
  body: CompletionRequest,
  context: AnswerContext,
): Completion {
  const usage = encodeUsage(answers.map((answer) => answer.usage))
  return {
    ...envelope(context),
    choices: answers.map(({ content, finish }, index) => {
      const texts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []))
      return choice(index, (body.echo ? promptAt(body, index) : '') + texts.join(''), finish)
    }),
    ...(usage ? { usage } : {}),
  }
}
