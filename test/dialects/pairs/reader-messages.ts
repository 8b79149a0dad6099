// Messages as Anthropic's SDK reads them.
import Anthropic from '@anthropic-ai/sdk'
import type { FinishReason } from '../../../src/core/event.ts'
import { anthropicMessages } from '../../../src/dialects/anthropic-messages/dialect.ts'
import { conversation, encoded, eventsIn, read, reassemble } from '../anthropic-messages/support.ts'
import { context } from '../answers.ts'
import { scriptedFetch } from '../scripted-fetch.ts'
import { type Answer, hasBrokenCalls, type Reader, saidIn } from './answer.ts'

const FINISH: Record<string, FinishReason> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  tool_use: 'tool-calls',
  refusal: 'content-filter',
}

export const messagesReader: Reader = {
  name: 'anthropic-messages',
  whole: (answer) => JSON.stringify(anthropicMessages.answer([{ model: 'm', ...answer }], read(), context)),
  stream: (batches) => new TextDecoder().decode(encoded(batches)),
  silence: 'event: ping\ndata: {"type":"ping"}\n\n',
  async read(bytes, streamed, sizes) {
    const type = streamed ? 'text/event-stream' : 'application/json'
    const { fetch } = scriptedFetch([{ bytes, sizes: [...sizes], type }])
    const client = new Anthropic({ apiKey: 'none', baseURL: 'http://localhost', maxRetries: 0, fetch })
    const ask = { model: 'demo/chat', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hi' }] }
    let cost: unknown
    const message = streamed
      ? await client.messages
          .stream(ask)
          // The SDK takes over the fields of usage that it knows.
          .on('streamEvent', (event) => (cost = event.type === 'message_delta' ? costIn(event.usage) : cost))
          .finalMessage()
      : await client.messages.create(ask)
    if (!streamed) cost = costIn(message.usage)
    const results = message.content.flatMap((block) =>
      block.type === 'tool_use' ? [{ type: 'tool_result', tool_use_id: block.id }] : [],
    )
    const back = conversation(
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: message.content },
      { role: 'user', content: [...results, { type: 'text', text: 'Go on.' }] },
    )
    return {
      content: saidIn(back.messages),
      finish: FINISH[message.stop_reason!]!,
      ...(message.stop_sequence === null ? {} : { stopSequence: message.stop_sequence }),
      usage: usageOf(message.usage, cost),
    }
  },
  streamsOtherwise: {
    what: 'arguments that are no JSON of an object come as the model wrote them, and the SDK makes of them what it can',
    when: hasBrokenCalls,
  },
  left: (answer) => answer,
  checkOrder(bytes) {
    reassemble(eventsIn(bytes))
  },
}

const costIn = (usage: object): unknown => Reflect.get(Object(Reflect.get(usage, 'x_cligate')), 'cost_usd')

function usageOf(usage: Anthropic.Usage, cost: unknown): Answer['usage'] {
  const cachedRead = usage.cache_read_input_tokens!
  const cacheWrite = usage.cache_creation_input_tokens!
  return {
    input: usage.input_tokens + cachedRead + cacheWrite,
    output: usage.output_tokens,
    cachedRead,
    cacheWrite,
    reasoning: usage.output_tokens_details!.thinking_tokens!,
    ...(typeof cost === 'number' ? { costUsd: cost } : {}),
  }
}
