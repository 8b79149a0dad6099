// The whole completion, for requests that don't stream.
import { type Answer, type Step, answer } from '../reply.ts'
import { deltas, type ToolCallDelta } from './deltas.ts'
import { finishReason } from './finish.ts'
import { completionUsage } from './usage.ts'

type Broken = Extract<Step, { type: 'failure' | 'end' | 'cut' | 'silence' }>

/** The completion, or the step that kept it from getting whole. */
export function wholeCompletion(reply: Answer, steps: Step[], id: string, model: string) {
  let content = ''
  let reasoning = ''
  const calls: { id: string; type: 'function'; function: { name: string; arguments: string } }[] = []
  let broken: Broken | undefined
  const addCall = ({ index, id: callId = '', function: call }: ToolCallDelta) => {
    calls[index] ??= { id: callId, type: 'function', function: { name: call.name ?? '', arguments: '' } }
    calls[index].function.arguments += call.arguments
  }
  for (const piece of deltas(answer(() => steps, reply))) {
    if ('delta' in piece) {
      content += piece.delta.content ?? ''
      reasoning += piece.delta.reasoning_content ?? ''
      piece.delta.tool_calls?.forEach(addCall)
    } else if (isBroken(piece.step)) broken = piece.step
  }
  const message = {
    role: 'assistant',
    content: content === '' && calls.length > 0 ? null : content,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  }
  const completion = {
    id,
    object: 'chat.completion',
    created: 1_795_000_000,
    model,
    choices: [{ index: 0, message, finish_reason: finishReason(reply.stop) }],
    usage: completionUsage(reply.usage),
  }
  return { completion, broken }
}

function isBroken(step: Step): step is Broken {
  return step.type === 'failure' || step.type === 'end' || step.type === 'cut' || step.type === 'silence'
}
