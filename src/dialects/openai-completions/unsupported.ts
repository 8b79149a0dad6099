// Fields that nothing behind the gateway can honour: they are reported to the caller, never dropped in silence.
import { isVoid, report, reportStray } from '../stray-fields.ts'
import { CompletionRequest } from './schema.ts'

/** Paths of the top-level fields that are not honoured, and of those that are not known. */
export function unsupportedFields(body: CompletionRequest): string[] {
  const paths: string[] = []
  reportStray(body, CompletionRequest.entries, '', paths)
  if (!isVoid(body.logprobs)) report('logprobs', paths)
  if (Object.keys(Object(body.logit_bias)).length > 0) report('logit_bias', paths)
  if ((body.best_of ?? 1) > (body.n ?? 1)) report('best_of', paths)
  return paths
}
