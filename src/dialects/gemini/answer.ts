import type { CollectedAnswer } from '../../core/collect.ts'
import { brokenOff } from '../broken-off.ts'
import type { AnswerContext } from '../dialect.ts'
import { PartWriter } from './answer-parts.ts'
import { FINISH_REASONS, REFUSED } from './finish.ts'
import type { GeminiAnswerPart, GeminiResponse } from './schema-answer.ts'
import { encodeUsage } from './usage.ts'

/**
 * The body of a whole answer, with one candidate for each of `answers`.
 * @throws GatewayError `provider_error` when one of them finished with an error
 */
export function encodeAnswer(
  answers: readonly CollectedAnswer[],
  context: AnswerContext,
  includeThoughts: boolean,
): GeminiResponse {
  const usage = encodeUsage(answers.map((answer) => answer.usage))
  const written = answers.map((answer) => write(answer, includeThoughts))
  const [only] = answers
  const refused = answers.length === 1 && only?.finish === 'content-filter' && !written[0]?.saidAnything
  const candidates = answers.map(({ finish }, index) => {
    if (finish === 'error') throw brokenOff()
    return candidate(index, written[index]!.parts, FINISH_REASONS[finish])
  })
  return {
    ...(refused ? REFUSED : { candidates }),
    ...(usage ? { usageMetadata: usage } : {}),
    ...envelope(context),
  }
}

/** What every body and every chunk of one answer has in common. */
export function envelope({ id, model }: AnswerContext): Pick<GeminiResponse, 'modelVersion' | 'responseId'> {
  return { modelVersion: model, responseId: id }
}

type Candidate = NonNullable<GeminiResponse['candidates']>[number]

export function candidate(
  index: number,
  parts: GeminiAnswerPart[],
  finishReason?: Candidate['finishReason'],
): Candidate {
  return { content: { role: 'model', parts }, ...(finishReason ? { finishReason } : {}), index }
}

function write({ content }: CollectedAnswer, includeThoughts: boolean) {
  const writer = new PartWriter(includeThoughts)
  for (const part of content) {
    switch (part.type) {
      case 'text':
        writer.text(part.text)
        break
      case 'reasoning':
        writer.thought(part.text)
        writer.thoughtEnd(part)
        break
      case 'tool-call':
        writer.call(part.id, part.name, part.arguments)
        break
      default:
        part satisfies never
    }
  }
  return { parts: writer.end(), saidAnything: writer.saidAnything }
}
