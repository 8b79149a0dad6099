import { GatewayError } from '../../core/error.ts'
import type { ChatCompletionRequest } from './schema.ts'

/**
 * Refuses what this version does not do and no caller can do without: function calling and structured output.
 * @throws GatewayError `unsupported_parameter` with `param`
 */
export function refuseNotYet(body: ChatCompletionRequest): void {
  if (body.functions?.length)
    refuse('functions', 'The old form of tools is not supported, and tools are not supported yet.')
  if (body.function_call && body.function_call !== 'none' && body.function_call !== 'auto')
    refuse('function_call', 'The old form of tool_choice is not supported, and tools are not supported yet.')
  if (body.tools?.length) refuse('tools', 'Tools are not supported yet: send the request without them.')
  if (body.tool_choice && body.tool_choice !== 'none' && body.tool_choice !== 'auto')
    refuse('tool_choice', 'Tools are not supported yet: leave tool_choice out, or send "none".')
  if (body.response_format && body.response_format.type !== 'text')
    refuse(
      'response_format',
      'Structured output is not supported yet: leave response_format out, or send {"type":"text"}.',
    )
}

function refuse(param: string, message: string): never {
  throw new GatewayError('unsupported_parameter', message, { param })
}
