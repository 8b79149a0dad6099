import { GatewayError } from '../core/error.ts'
import type { Batch, FinishReason } from '../core/event.ts'
import type { ChatRequest, Output } from '../core/request.ts'
import type { RunTurn } from '../core/turn.ts'
import { jsonCandidates } from '../tools/json-text.ts'
import { askAgain } from './ask-again.ts'
import { NO_JSON, type OutputCheck, parseJson } from './output-check.ts'
import { instructed } from './rounds.ts'
import { isCutShort } from './withheld.ts'

/**
 * Gets an answer in the form that the caller asked for from a model that cannot be forced to it: by an instruction, by
 * taking fences and prose away, and by having the model mend what does not fit, once. The text waits until it is checked.
 * A function call passes, and so does an answer that was cut short or refused.
 * @param run the turn; it is given `output` all the same, for a provider that can pass it on as a wish
 */
export function formOutput(run: RunTurn, check: OutputCheck): RunTurn {
  return mendOutput(
    (turn, signal) => run({ ...turn, request: instructed(turn.request, instructionFor(turn.request.output)) }, signal),
    check,
  )
}

/** The same without the instruction: for a provider that promises the form, and a caller who sees nothing before the end. */
export function mendOutput(run: RunTurn, check: OutputCheck): RunTurn {
  return (turn, signal) => {
    const { request } = turn
    return askAgain(run, turn, request, signal, (answer, finish) => {
      if (answer.called || isUnchecked(finish)) return { shown: answer.release() }
      const found = fittingJson(answer.said, check)
      if (found.json !== undefined) return { shown: answer.replace(found.json) }
      return { complaint: complaintAbout(found.violation), error: unfit(request, found.violation) }
    })
  }
}

/**
 * Checks the answer of a provider that promises the form. It streams as it comes; what turns out not to fit ends with an
 * error instead of a finish.
 */
export function checkOutput(run: RunTurn, check: OutputCheck): RunTurn {
  return async function* (turn, signal): AsyncGenerator<Batch> {
    let said = ''
    let called = false
    for await (const batch of run(turn, signal)) {
      for (const event of batch) {
        if (event.type === 'text-delta') said += event.text
        if (event.type === 'tool-call-start') called = true
      }
      const last = batch.at(-1)
      if (last?.type === 'finish' && !called && !isUnchecked(last)) {
        const violation = check(parseJson(said))
        if (violation !== undefined) {
          if (batch.length > 1) yield batch.slice(0, -1)
          throw unfit(turn.request, violation)
        }
      }
      yield batch
    }
  }
}

/** Cut short by the provider, or by a stop string of the caller's own. */
function isUnchecked({ reason, stopSequence }: { reason: FinishReason; stopSequence?: string }): boolean {
  return isCutShort(reason) || stopSequence !== undefined
}

function fittingJson(said: string, check: OutputCheck): { json: string } | { json: undefined; violation: string } {
  let violation: string | undefined
  for (const json of jsonCandidates(said)) {
    const parsed = parseJson(json)
    const wrong = check(parsed)
    if (wrong === undefined) return { json }
    // What is JSON and does not fit tells more than that the whole is none.
    if (violation === undefined || (violation === NO_JSON && parsed)) violation = wrong
  }
  return { json: undefined, violation: violation ?? NO_JSON }
}

function instructionFor(output: Output): string {
  const only = 'Your answer must be one JSON value and nothing else: no prose around it and no code fence.'
  if (output.type !== 'json-schema')
    return `${only} It must be an object. If you call a tool instead, this does not apply to the call.`
  return `${only} It must fit this JSON Schema:\n\n${JSON.stringify(output.schema)}\n\nIf you call a tool instead, this does not apply to the call.`
}

function complaintAbout(violation: string): string {
  return `That is not in the form that was asked for: ${violation}\n\nGive the whole answer again, as JSON in that form and nothing else.`
}

function unfit({ given }: ChatRequest, violation: string): GatewayError {
  const param = given.output ?? 'output'
  return new GatewayError(
    'provider_error',
    `The model’s answer does not have the form that ${param} asks for: ${violation}`,
    { param },
  )
}
