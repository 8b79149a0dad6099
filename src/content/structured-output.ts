import { GatewayError } from '../core/error.ts'
import type { Batch, FinishReason } from '../core/event.ts'
import type { ChatRequest, Output } from '../core/request.ts'
import type { RunTurn } from '../core/turn.ts'
import { jsonCandidates } from '../tools/json-text.ts'
import { NO_JSON, type OutputCheck, parseJson } from './output-check.ts'
import { corrected, createRounds, instructed } from './rounds.ts'
import { isCutShort, withhold } from './withheld.ts'

/**
 * Gets an answer in the form that the caller asked for from a model that cannot be forced to it: by an instruction, by
 * taking fences and prose away, and by having the model mend what does not fit, once. The text waits until it is checked.
 * A function call passes, and so does an answer that was cut short or refused. Yields empty batches while nothing may be
 * shown.
 * @param run the turn, which is given `output` text
 */
export function formOutput(run: RunTurn, check: OutputCheck): RunTurn {
  return async function* (turn, signal): AsyncGenerator<Batch> {
    const rounds = createRounds()
    const { output } = turn.request
    let request = instructed({ ...turn.request, output: { type: 'text' } }, instructionFor(output))
    let violation = ''
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      rounds.next()
      const answer = withhold(rounds)
      for await (const batch of run({ ...turn, request }, signal)) {
        yield batch.flatMap((event) => answer.take(event))
        if (batch.at(-1)?.type === 'error') return
        if (answer.finish) break
      }
      const { finish } = answer
      // A turn that does not end is an error of its own.
      if (!finish) return
      if (answer.called || isUnchecked(finish)) {
        yield [...answer.release(), finish]
        return
      }
      const found = fittingJson(answer.said, check)
      if (found.json !== undefined) {
        yield [...answer.replace(found.json), finish]
        return
      }
      violation = found.violation
      answer.discard()
      request = corrected(request, answer.said, complaintAbout(violation))
    }
    throw unfit(turn.request, violation)
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
    {
      param,
    },
  )
}
