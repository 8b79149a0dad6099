import type { AnswerContext } from '../dialect.ts'

/** What every body and every chunk of one answer has in common. `created` is in seconds since 1970. */
export function envelope<Name extends string>(object: Name, context: AnswerContext) {
  return {
    id: `chatcmpl-${context.id}`,
    object,
    created: Math.floor(context.created / 1000),
    model: context.model,
  }
}
