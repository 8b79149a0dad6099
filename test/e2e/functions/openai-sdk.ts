// Functions with the openai SDK: Chat Completions and Responses.
import OpenAI from 'openai'
import type { ChatCompletionMessageParam, ChatCompletionMessage } from 'openai/resources'
import type { ResponseInputItem, ResponseOutputItem } from 'openai/resources/responses/responses'
import { type Choice, PIXEL, type Result, type Sdk, type Step, TOOLS } from './sdk.ts'

const clientOf = (url: string) =>
  new OpenAI({ apiKey: 'unused', baseURL: `${url}/v1`, maxRetries: 0, timeout: 120_000 })

export function chatSdk(url: string): Sdk {
  const client = clientOf(url)
  const tools = TOOLS.map((tool) => ({ type: 'function' as const, function: tool }))
  return {
    name: 'openai chat',
    finishes: { calls: 'tool_calls', text: 'stop' },
    tellsErrors: false,
    async ask({ model, steps, choice, stream }) {
      const tool_choice =
        typeof choice === 'string' ? choice : { type: 'function' as const, function: { name: choice.name } }
      const body = { model, tools, tool_choice, messages: steps.flatMap(chatMessages) }
      const { choices } = stream
        ? await client.chat.completions.stream(body).finalChatCompletion()
        : await client.chat.completions.create(body)
      const { message, finish_reason } = choices[0]!
      return {
        text: message.content ?? '',
        calls: (message.tool_calls ?? []).flatMap((call) =>
          call.type === 'function'
            ? [{ id: call.id, name: call.function.name, arguments: JSON.parse(call.function.arguments) as unknown }]
            : [],
        ),
        finish: finish_reason,
        own: message,
      }
    },
  }
}

function chatMessages(step: Step): ChatCompletionMessageParam[] {
  if ('user' in step) return [{ role: 'user', content: step.user }]
  if ('answer' in step) return [step.answer.own as ChatCompletionMessage]
  return step.results.map(({ call, text, image }) => ({
    role: 'tool',
    tool_call_id: call.id,
    // The types of the SDK know texts alone.
    content: (image ? [{ type: 'text', text }, chatImage(image)] : text) as string,
  }))
}

const chatImage = (data: string) => ({ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } })

export function responsesSdk(url: string): Sdk {
  const client = clientOf(url)
  const tools = TOOLS.map(({ name, description, parameters }) => ({
    type: 'function' as const,
    strict: false,
    name,
    description,
    parameters,
  }))
  return {
    name: 'openai responses',
    finishes: { calls: 'completed', text: 'completed' },
    tellsErrors: false,
    async ask({ model, steps, choice, stream }) {
      const body = {
        model,
        tools,
        store: false,
        tool_choice: responsesChoice(choice),
        input: steps.flatMap(inputItems),
      }
      const response = stream
        ? await client.responses.stream(body).finalResponse()
        : await client.responses.create(body)
      return {
        text: response.output_text,
        calls: (response.output as ResponseOutputItem[]).flatMap((item) =>
          item.type === 'function_call'
            ? [{ id: item.call_id, name: item.name, arguments: JSON.parse(item.arguments) as unknown }]
            : [],
        ),
        finish: response.status ?? '',
        own: response.output,
      }
    },
  }
}

function responsesChoice(choice: Choice) {
  return typeof choice === 'string' ? choice : { type: 'function' as const, name: choice.name }
}

function inputItems(step: Step): ResponseInputItem[] {
  if ('user' in step) return [{ role: 'user', content: step.user }]
  if ('answer' in step) return step.answer.own as ResponseInputItem[]
  return step.results.map(outputItem)
}

function outputItem({ call, text, image }: Result): ResponseInputItem {
  const content = [
    { type: 'input_text' as const, text },
    { type: 'input_image' as const, image_url: `data:image/png;base64,${PIXEL}`, detail: 'auto' as const },
  ]
  return { type: 'function_call_output', call_id: call.id, output: image ? content : text }
}
