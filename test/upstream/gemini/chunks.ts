// An answer in the chunks of streamGenerateContent. Pure.
import type { Answer, Step, Stop } from '../reply.ts'
import { errorObject } from './errors.ts'
import { usageMetadata } from './usage.ts'

export type Part = Record<string, unknown>
export type Chunk = Record<string, unknown>
/** A chunk, or a step that is none and that the writer renders. */
export type ChunkStep = { chunk: Chunk } | { step: Step }

/** All of one answer; the last chunk says why it ended. */
export function* answerChunks(answer: Answer, id: string, model: string): Iterable<ChunkStep> {
  const chunk = (parts: Part[], more: object = {}): ChunkStep => ({
    chunk: {
      candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
      usageMetadata: usageMetadata(answer.usage),
      modelVersion: model,
      responseId: id,
    },
  })
  let signature: string | undefined
  /** The signature of a thought stands at the part behind it. */
  const signed = (part: Part): Part => {
    const whole = signature === undefined ? part : { ...part, thoughtSignature: signature }
    signature = undefined
    return whole
  }
  for (const step of answer.steps()) {
    switch (step.type) {
      case 'text':
        yield chunk([signed({ text: step.text })])
        break
      case 'thinking':
        yield chunk([{ text: step.text, thought: true }])
        break
      case 'signature':
        signature = step.signature
        break
      case 'redacted-thinking':
        signature = step.data
        break
      case 'tool-call':
        yield chunk([signed({ functionCall: { id: step.id, name: step.name, args: parsed(step.pieces.join('')) } })])
        break
      case 'failure':
        yield { chunk: errorObject(step.failure) as Chunk }
        return
      case 'end':
      case 'cut':
      case 'silence':
        yield { step }
        return
      case 'web-search':
      case 'next-block':
      case 'ping':
        break
      case 'wait':
      case 'bytes':
        yield { step }
        break
      default:
        step satisfies never
    }
  }
  yield chunk(signature === undefined ? [] : [signed({ text: '' })], { finishReason: finishReason(answer.stop) })
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    // Arguments are an object in this API: broken JSON has no place in it.
    return { broken: json }
  }
}

function finishReason({ reason }: Stop): string {
  switch (reason) {
    case 'end_turn':
    case 'stop_sequence':
    case 'tool_use':
      return 'STOP'
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'MAX_TOKENS'
    case 'refusal':
      return 'SAFETY'
    case 'pause_turn':
      return 'OTHER'
    default:
      return reason satisfies never
  }
}
