// The Gemini API as Google's SDK reads it.
import { type GenerateContentResponse, GoogleGenAI, type Part } from '@google/genai'
import type { FinishReason } from '../../../src/core/event.ts'
import { gemini } from '../../../src/dialects/gemini/dialect.ts'
import { context, cut } from '../answers.ts'
import { call, chunksIn, conversation, encoded, HELLO, user } from '../gemini/support.ts'
import { type Answer, finishOf, type Reader, saidIn } from './answer.ts'
import { merged } from './gemini.ts'

const FINISH: Record<string, FinishReason> = { STOP: 'stop', MAX_TOKENS: 'length', SAFETY: 'content-filter' }
const ASKED = call({ contents: HELLO, generationConfig: { thinkingConfig: { includeThoughts: true } } })

export const geminiReader: Reader = {
  name: 'gemini',
  whole(answer) {
    const dialect = gemini(ASKED)
    return JSON.stringify(dialect.answer([{ model: 'm', ...answer }], dialect.decode(ASKED), context))
  },
  stream: (batches) => encoded(batches),
  silence: '\n\n',
  async read(bytes, streamed, sizes) {
    const chunks = await responses(bytes, streamed, sizes)
    const last = chunks.at(-1)!
    const contents = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content ?? [])
    const results = contents.flatMap(({ parts }) => (parts ?? []).flatMap(resultOf))
    const back = conversation(user({ text: 'Hi' }), ...contents, user(...results, { text: 'Go on.' }))
    const content = saidIn(back.messages)
    const reason = last.candidates?.[0]?.finishReason
    const finish = last.promptFeedback?.blockReason ? 'content-filter' : FINISH[reason ?? '']!
    return { content, finish: finishOf(content, finish), usage: usageOf(last) }
  },
  left({ content, finish, usage }) {
    // The SDK passes on the fields of usage that it knows, and knows nothing of writing to a cache.
    const { costUsd: _, ...counts } = usage
    return { content: merged(content), finish, usage: { ...counts, cacheWrite: 0 } }
  },
  checkOrder(bytes) {
    const chunks = chunksIn(new TextDecoder().decode(bytes))
    const ends = chunks.map((chunk) => 'candidates' in chunk && chunk.candidates?.[0]?.finishReason !== undefined)
    const refused = 'promptFeedback' in chunks.at(-1)!
    if (ends.indexOf(true) !== (refused ? -1 : chunks.length - 1)) throw new Error('the end is not the end')
    if (chunks.some((chunk, index) => 'usageMetadata' in chunk !== (index === chunks.length - 1)))
      throw new Error('the usage stands in the last chunk')
  },
}

const resultOf = ({ functionCall: called }: Part) =>
  called ? [{ functionResponse: { id: called.id, name: called.name, response: {} } }] : []

/** The SDK takes no `fetch` of one's own, so that it gets a server. */
async function responses(bytes: Uint8Array, streamed: boolean, sizes: readonly number[]) {
  const pieces = cut(bytes, sizes)
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            const piece = pieces.shift()
            if (piece) controller.enqueue(piece)
            else controller.close()
          },
        }),
        { headers: { 'content-type': streamed ? 'text/event-stream' : 'application/json' } },
      ),
  })
  try {
    const client = new GoogleGenAI({ apiKey: 'none', httpOptions: { baseUrl: server.url.href } })
    const ask = { model: 'demo/chat', contents: 'Hi' }
    if (!streamed) return [await client.models.generateContent(ask)]
    const chunks: GenerateContentResponse[] = []
    for await (const chunk of await client.models.generateContentStream(ask)) chunks.push(chunk)
    return chunks
  } finally {
    await server.stop(true)
  }
}

function usageOf({ usageMetadata: usage }: GenerateContentResponse): Answer['usage'] {
  const reasoning = usage?.thoughtsTokenCount ?? 0
  return {
    input: usage!.promptTokenCount!,
    output: usage!.candidatesTokenCount! + reasoning,
    cachedRead: usage!.cachedContentTokenCount ?? 0,
    cacheWrite: 0,
    reasoning,
  }
}
