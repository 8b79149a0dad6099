// Functions with Anthropic's SDK.
import Anthropic from '@anthropic-ai/sdk'
import type { MessageParam, ToolChoice, ToolResultBlockParam } from '@anthropic-ai/sdk/resources/messages'
import type { Choice, Result, Sdk, Step } from './sdk.ts'
import { TOOLS } from './sdk.ts'

export function anthropicSdk(url: string): Sdk {
  const client = new Anthropic({ apiKey: 'unused', baseURL: url, maxRetries: 0, timeout: 120_000 })
  const tools = TOOLS.map(({ name, description, parameters }) => ({ name, description, input_schema: parameters }))
  return {
    name: 'anthropic',
    finishes: { calls: 'tool_use', text: 'end_turn' },
    tellsErrors: true,
    async ask({ model, steps, choice, stream }) {
      const body = { model, max_tokens: 1000, tools, tool_choice: choiceOf(choice), messages: steps.map(messageOf) }
      const { content, stop_reason } = stream
        ? await client.messages.stream(body).finalMessage()
        : await client.messages.create(body)
      return {
        text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
        calls: content.flatMap((block) =>
          block.type === 'tool_use' ? [{ id: block.id, name: block.name, arguments: block.input }] : [],
        ),
        finish: stop_reason ?? '',
        own: content,
      }
    },
  }
}

function choiceOf(choice: Choice): ToolChoice {
  if (typeof choice !== 'string') return { type: 'tool', name: choice.name }
  return { type: choice === 'required' ? 'any' : choice }
}

function messageOf(step: Step): MessageParam {
  if ('user' in step) return { role: 'user', content: step.user }
  if ('answer' in step) return { role: 'assistant', content: step.answer.own as MessageParam['content'] }
  return { role: 'user', content: step.results.map(resultOf) }
}

function resultOf({ call, text, image, isError }: Result): ToolResultBlockParam {
  const source = { type: 'base64' as const, media_type: 'image/png' as const, data: image ?? '' }
  return {
    type: 'tool_result',
    tool_use_id: call.id,
    content: image
      ? [
          { type: 'text', text },
          { type: 'image', source },
        ]
      : text,
    ...(isError ? { is_error: true } : {}),
  }
}
