// Responses as the `openai` SDK reads them.
import { OpenAI } from 'openai'
import type { FinishReason } from '../../../src/core/event.ts'
import { context } from '../answers.ts'
import { asked, eventsIn, read, reassemble } from '../openai-responses/support.ts'
import { scriptedFetch } from '../scripted-fetch.ts'
import { type Answer, finishOf, type Reader, saidIn } from './answer.ts'

/** Nothing is stored: what is opaque goes with the items. */
const FIELDS = { store: false, include: ['reasoning.encrypted_content' as const] }

export const responsesReader: Reader = {
  name: 'openai-responses',
  whole(answer) {
    const { dialect, chat } = asked(FIELDS)
    return JSON.stringify(dialect.answer([{ model: 'm', ...answer }], chat, context))
  },
  stream(batches) {
    const { dialect, chat } = asked({ ...FIELDS, stream: true })
    const stream = dialect.stream(chat, context)
    return batches.map((events) => stream.push({ choice: 0, events })).join('') + stream.end()
  },
  silence: ': keep-alive\n\n',
  async read(bytes, streamed, sizes) {
    const type = streamed ? 'text/event-stream' : 'application/json'
    const { fetch } = scriptedFetch([{ bytes, sizes: [...sizes], type }])
    const client = new OpenAI({ apiKey: 'none', baseURL: 'http://localhost/v1', maxRetries: 0, fetch })
    const ask = { model: 'demo/chat', input: 'Hi', ...FIELDS }
    const response = streamed ? await client.responses.stream(ask).finalResponse() : await client.responses.create(ask)
    const results = response.output.flatMap((item) =>
      item.type === 'function_call' ? [{ type: 'function_call_output', call_id: item.call_id, output: '' }] : [],
    )
    const back = read({
      input: [{ role: 'user', content: 'Hi' }, ...response.output, ...results, { role: 'user', content: 'Go on.' }],
    })
    const content = saidIn(back.messages)
    return { content, finish: finishOf(content, FINISH[finishIn(response)]!), usage: usageOf(response.usage!) }
  },
  left: ({ content, finish, usage }) => ({ content: [...content], finish, usage }),
  checkOrder(bytes) {
    reassemble(eventsIn(bytes))
  },
}

const FINISH: Record<string, FinishReason> = {
  completed: 'stop',
  max_output_tokens: 'length',
  content_filter: 'content-filter',
}
const finishIn = ({ status, incomplete_details: details }: OpenAI.Responses.Response) => details?.reason ?? status ?? ''

function usageOf(usage: OpenAI.Responses.ResponseUsage): Answer['usage'] {
  const cost: unknown = Reflect.get(Object(Reflect.get(usage, 'x_cligate')), 'cost_usd')
  return {
    input: usage.input_tokens,
    output: usage.output_tokens,
    cachedRead: usage.input_tokens_details.cached_tokens,
    cacheWrite: usage.input_tokens_details.cache_write_tokens,
    reasoning: usage.output_tokens_details.reasoning_tokens,
    ...(typeof cost === 'number' ? { costUsd: cost } : {}),
  }
}
