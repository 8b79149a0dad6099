import { createOutputCheck } from '../content/output-check.ts'
import { firstCallOnly } from '../content/single-call.ts'
import { checkOutput, formOutput, mendOutput } from '../content/structured-output.ts'
import { limitTokens } from '../content/token-limit.ts'
import { insistOnCall } from '../content/tool-choice.ts'
import { GatewayError } from '../core/error.ts'
import { estimateTokens } from '../core/estimate-tokens.ts'
import type { ChatRequest, Parameter } from '../core/request.ts'
import type { RunTurn, Support } from '../core/turn.ts'
import { checkSize } from '../tools/schema-check.ts'

/**
 * The turn as the caller asked for it: what of tool choice, parallel calls, length and form of the answer the provider cannot be
 * made to, is done around it. The form is checked in any case.
 * @throws GatewayError `invalid_request` for a schema of the caller that is none
 */
export function asked(run: RunTurn, request: ChatRequest, support: Partial<Record<Parameter, Support>>): RunTurn {
  checkTools(request)
  const { tools, output, sampling, given } = request
  let whole = run
  if (tools.length > 0 && !request.parallelToolCalls && support.parallelToolCalls === 'emulated')
    whole = firstCallOnly(whole)
  // Calls that nobody gets do not count; each turn that is asked has the whole limit, as a provider would have it.
  if (sampling.maxTokens !== undefined && support.maxTokens === 'emulated')
    whole = limitTokens(whole, sampling.maxTokens, support.output === 'native' ? estimateTokens : instructedInput)
  if (tools.length > 0 && support.toolChoice === 'emulated') whole = insistOnCall(whole)
  if (output.type === 'text') return whole
  const check = createOutputCheck(output, given.output ?? 'output')
  if (support.output !== 'native') return formOutput(whole, check)
  // What has been sent cannot be mended.
  return request.stream ? checkOutput(whole, check) : mendOutput(whole, check)
}

/** Where an instruction tells the form, the schema is in that, and the provider is told it once. */
const instructedInput = (request: ChatRequest): number => estimateTokens({ ...request, output: { type: 'text' } })

/** Only so far as it may do harm here: what else may be wrong with a schema of arguments is for the provider to say. */
function checkTools({ tools, given }: ChatRequest): void {
  for (const [index, { name, parameters }] of tools.entries()) {
    const problem = checkSize(parameters)
    if (!problem) continue
    const param = `${given.tools ?? 'tools'}[${index}]`
    throw new GatewayError('invalid_request', `${param}: The schema of "${name}" ${problem.message}.`, { param })
  }
}
