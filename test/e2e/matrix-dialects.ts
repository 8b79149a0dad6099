// Callers of the other APIs, each with its official SDK, who can be asked for the same things.
import Anthropic from '@anthropic-ai/sdk'
import type { ContentBlockParam } from '@anthropic-ai/sdk/resources/messages'
import { type GenerateContentResponse, GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import type { ResponseInputItem } from 'openai/resources/responses/responses'
import type { Part, Spoken } from './matrix-wire.ts'

export type Asked = {
  model: string
  system?: string
  messages: Spoken[]
  stream: boolean
  signal?: AbortSignal
  /** Called for each piece of text of a stream. */
  onText?: () => void
}

/** `pieces` of text that came, `outputTokens` as the API counts them. */
export type Answer = { text: string; pieces: number; finish: string | null | undefined; outputTokens: number }

type Dialect = {
  name: string
  /** Its word for an answer that ended by itself. */
  finish: string
  ask(asked: Asked): Promise<Answer>
}

/** Texts as they come, and how many. */
function listening(onText: (() => void) | undefined) {
  const said = { text: '', pieces: 0 }
  const hear = (text: string | undefined) => {
    if (!text) return
    said.text += text
    said.pieces += 1
    onText?.()
  }
  return { said, hear }
}

const png = (image: string) => `data:image/png;base64,${image}`

export function responses(url: string): Dialect {
  const client = new OpenAI({ apiKey: 'unused', baseURL: `${url}/v1`, maxRetries: 0, timeout: 120_000 })
  const item = ({ role, parts }: Spoken): ResponseInputItem =>
    role === 'assistant'
      ? { role, content: parts.map(String).join('') }
      : {
          role: 'user',
          content: parts.map((part) =>
            typeof part === 'string'
              ? { type: 'input_text', text: part }
              : { type: 'input_image', image_url: png(part.image), detail: 'auto' },
          ),
        }
  return {
    name: 'responses',
    finish: 'completed',
    async ask({ model, system, messages, stream, signal, onText }) {
      const body = { model, input: messages.map(item), store: false, instructions: system ?? null }
      if (!stream) {
        const { output_text: text, status, usage } = await client.responses.create(body, { signal })
        return { text, pieces: 1, finish: status, outputTokens: usage!.output_tokens }
      }
      const { said, hear } = listening(onText)
      const events = client.responses.stream(body, { signal })
      for await (const event of events) if (event.type === 'response.output_text.delta') hear(event.delta)
      const { status, usage } = await events.finalResponse()
      return { ...said, finish: status, outputTokens: usage!.output_tokens }
    },
  }
}

export function anthropic(url: string): Dialect {
  const client = new Anthropic({ apiKey: 'unused', baseURL: url, maxRetries: 0, timeout: 120_000 })
  const block = (part: Part): ContentBlockParam =>
    typeof part === 'string'
      ? { type: 'text', text: part }
      : { type: 'image', source: { type: 'base64', media_type: 'image/png', data: part.image } }
  return {
    name: 'anthropic',
    finish: 'end_turn',
    async ask({ model, system, messages, stream, signal, onText }) {
      const body = {
        model,
        max_tokens: 1000,
        messages: messages.map(({ role, parts }) => ({ role: role as 'user', content: parts.map(block) })),
        ...(system === undefined ? {} : { system }),
      }
      if (!stream) {
        const { content, stop_reason, usage } = await client.messages.create(body, { signal })
        const text = content.map((each) => (each.type === 'text' ? each.text : '')).join('')
        return { text, pieces: 1, finish: stop_reason, outputTokens: usage.output_tokens }
      }
      const { said, hear } = listening(onText)
      const events = client.messages.stream(body, { signal }).on('text', hear)
      const { stop_reason, usage } = await events.finalMessage()
      return { ...said, finish: stop_reason, outputTokens: usage.output_tokens }
    },
  }
}

export function google(url: string): Dialect {
  const client = new GoogleGenAI({ apiKey: 'unused', httpOptions: { baseUrl: url, timeout: 120_000 } })
  const part = (each: Part) =>
    typeof each === 'string' ? { text: each } : { inlineData: { mimeType: 'image/png', data: each.image } }
  const answerOf = (last: GenerateContentResponse | undefined) => ({
    finish: last?.candidates?.[0]?.finishReason,
    outputTokens: last?.usageMetadata?.candidatesTokenCount ?? 0,
  })
  return {
    name: 'google',
    finish: 'STOP',
    async ask({ model, system, messages, stream, signal, onText }) {
      const contents = messages.map(({ role, parts }) => ({
        role: role === 'assistant' ? 'model' : role,
        parts: parts.map(part),
      }))
      const config = {
        ...(system === undefined ? {} : { systemInstruction: system }),
        ...(signal ? { abortSignal: signal } : {}),
      }
      if (!stream) {
        const whole = await client.models.generateContent({ model, contents, config })
        return { text: whole.text ?? '', pieces: 1, ...answerOf(whole) }
      }
      const { said, hear } = listening(onText)
      let last: GenerateContentResponse | undefined
      for await (const chunk of await client.models.generateContentStream({ model, contents, config })) {
        hear(chunk.text)
        last = chunk
      }
      return { ...said, ...answerOf(last) }
    },
  }
}
