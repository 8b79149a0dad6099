import type { ChatRequest } from '../../core/request.ts'

/** What of a request decides how its answer is written. */
export type AnswerForm = {
  /** The caller offered `functions`: calls are answered as `function_call`. */
  legacy: boolean
  /** A refusal then stands in `refusal`, where code that parses `content` looks for it. */
  structured: boolean
  /** There are tools: an answer may be without text. */
  tools: boolean
}

export function answerForm({ given, output, tools }: ChatRequest): AnswerForm {
  return { legacy: given.tools === 'functions', structured: output.type !== 'text', tools: tools.length > 0 }
}
