// Chat Completions as the `openai` SDK reads them.
import { OpenAI } from 'openai'
import type { FinishReason } from '../../../src/core/event.ts'
import { openaiChat } from '../../../src/dialects/openai-chat/dialect.ts'
import { context } from '../answers.ts'
import { eventData, read } from '../openai-chat/support.ts'
import { scriptedFetch } from '../scripted-fetch.ts'
import { type Answer, saidIn } from './answer.ts'
import type { Reader } from './answer.ts'
import { spoken } from './openai-chat.ts'

const FINISH: Record<string, FinishReason> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  content_filter: 'content-filter',
}
const asked = (stream: boolean) => read({ stream, ...(stream ? { stream_options: { include_usage: true } } : {}) })

export const chatReader: Reader = {
  name: 'openai-chat',
  whole: (answer) => JSON.stringify(openaiChat.answer([{ model: 'm', ...answer }], asked(false), context)),
  stream(batches) {
    const stream = openaiChat.stream(asked(true), context)
    return batches.map((events) => stream.push({ choice: 0, events })).join('') + stream.end()
  },
  silence: ': keep-alive\n\n',
  async read(bytes, streamed, sizes) {
    const type = streamed ? 'text/event-stream' : 'application/json'
    const { fetch } = scriptedFetch([{ bytes, sizes: [...sizes], type }])
    const client = new OpenAI({ apiKey: 'none', baseURL: 'http://localhost/v1', maxRetries: 0, fetch })
    const ask = { model: 'demo/chat', messages: [{ role: 'user' as const, content: 'Hi' }] }
    let reasoning = ''
    const completion = streamed
      ? await client.chat.completions
          .stream({ ...ask, stream_options: { include_usage: true } })
          // The SDK keeps only the last piece of a field that it does not know.
          .on('chunk', ({ choices }) => (reasoning += thoughtIn(choices[0]?.delta)))
          .finalChatCompletion()
      : await client.chat.completions.create(ask)
    const [choice] = completion.choices
    const { message } = choice!
    if (streamed && reasoning !== '') Object.assign(message, { reasoning_content: reasoning })
    // The SDK adds what it parsed.
    const { parsed: _, ...known } = message as typeof message & { parsed?: unknown }
    const calls = message.tool_calls?.map((call) => {
      const { parsed_arguments: __, ...called } = Reflect.get(call, 'function') as Record<string, unknown>
      return { id: call.id, type: 'function', function: called }
    })
    const back = read({
      messages: [
        { role: 'user', content: 'Hi' },
        { ...known, ...(calls ? { tool_calls: calls } : {}) },
        ...(message.tool_calls ?? []).map(({ id }) => ({ role: 'tool', tool_call_id: id, content: '' })),
        { role: 'user', content: 'Go on.' },
      ],
    })
    return {
      content: saidIn(back.messages),
      finish: FINISH[choice!.finish_reason]!,
      usage: usageOf(completion.usage!),
    }
  },
  left({ content, finish, usage }) {
    const parts = spoken(content)
    const text = parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')
    const one = text === '' ? [] : [{ type: 'text' as const, text }]
    const others = (type: string) => parts.filter((part) => part.type === type)
    return { content: [...others('reasoning'), ...one, ...others('tool-call')], finish, usage }
  },
  checkOrder(bytes) {
    const data = eventData([bytes])
    if (data.pop() !== '[DONE]') throw new Error('no [DONE] at the end')
    let over = false
    for (const [position, json] of data.entries()) {
      const { choices, usage } = JSON.parse(json) as OpenAI.ChatCompletionChunk
      const [choice] = choices
      if (over !== (choice === undefined)) throw new Error('a choice after its end, or none before it')
      if ((usage !== null) !== over) throw new Error('the usage stands alone, and last')
      if ((position === 0) !== (choice?.delta.role === 'assistant'))
        throw new Error('the role stands in the first chunk')
      if (choice?.finish_reason) over = true
    }
    if (!over) throw new Error('no finish_reason')
  },
}

function thoughtIn(delta: object | undefined): string {
  const text: unknown = Reflect.get(delta ?? {}, 'reasoning_content')
  return typeof text === 'string' ? text : ''
}

function usageOf(usage: OpenAI.CompletionUsage): Answer['usage'] {
  const cost: unknown = Reflect.get(Object(Reflect.get(usage, 'x_cligate')), 'cost_usd')
  const cacheWrite: unknown = Reflect.get(usage.prompt_tokens_details!, 'cache_write_tokens')
  return {
    input: usage.prompt_tokens,
    output: usage.completion_tokens,
    cachedRead: usage.prompt_tokens_details!.cached_tokens!,
    cacheWrite: cacheWrite as number,
    reasoning: usage.completion_tokens_details!.reasoning_tokens!,
    ...(typeof cost === 'number' ? { costUsd: cost } : {}),
  }
}
