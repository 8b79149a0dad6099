import { createOutputCheck } from '../content/output-check.ts'
import { firstCallOnly } from '../content/single-call.ts'
import { checkOutput, formOutput, mendOutput } from '../content/structured-output.ts'
import { insistOnCall } from '../content/tool-choice.ts'
import { GatewayError } from '../core/error.ts'
import type { ChatRequest, Parameter } from '../core/request.ts'
import type { RunTurn, Support } from '../core/turn.ts'
import { checkSize } from '../tools/schema-check.ts'

/**
 * The turn as the caller asked for it: what of tool choice, parallel calls and form of the answer the provider cannot be
 * made to, is done around it. The form is checked in any case.
 * @throws GatewayError `invalid_request` for a schema of the caller that is none
 */
export function asked(run: RunTurn, request: ChatRequest, support: Partial<Record<Parameter, Support>>): RunTurn {
  checkTools(request)
  let whole = run
  if (request.tools.length > 0) {
    if (!request.parallelToolCalls && support.parallelToolCalls === 'emulated') whole = firstCallOnly(whole)
    if (support.toolChoice === 'emulated') whole = insistOnCall(whole)
  }
  const { output, given } = request
  if (output.type === 'text') return whole
  const check = createOutputCheck(output, given.output ?? 'output')
  if (support.output !== 'native') return formOutput(whole, check)
  // What has been sent cannot be mended.
  return request.stream ? checkOutput(whole, check) : mendOutput(whole, check)
}

/** Only so far as it may do harm here: what else may be wrong with a schema of arguments is for the provider to say. */
function checkTools({ tools, given }: ChatRequest): void {
  for (const [index, { name, parameters }] of tools.entries()) {
    const problem = checkSize(parameters)
    if (!problem) continue
    const param = `${given.tools ?? 'tools'}[${index}]`
    throw new GatewayError('invalid_request', `${param}: The schema of "${name}" ${problem.message}.`, { param })
  }
}
