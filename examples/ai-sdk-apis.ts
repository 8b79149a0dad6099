// The Vercel AI SDK over each of the other APIs: Responses, Anthropic Messages, Gemini.
// Run it beside a running cligate: bun examples/ai-sdk-apis.ts [model] [prompt]
import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogle } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { streamText } from 'ai'

const [model = 'demo/chat', prompt = 'Hello! Who are you?'] = process.argv.slice(2)

const url = process.env['CLIGATE_URL'] ?? 'http://127.0.0.1:8000'
const apiKey = process.env['CLIGATE_KEY'] ?? 'none'

const models = [
  createOpenAI({ baseURL: `${url}/v1`, apiKey })(model),
  createAnthropic({ baseURL: `${url}/v1`, apiKey })(model),
  // A name with a slash is a path to this one, so that it needs the whole of it.
  createGoogle({ baseURL: `${url}/v1beta`, apiKey })(`models/${model}`),
]

for (const each of models) {
  console.log(`# ${each.provider}`)
  const { textStream } = streamText({ model: each, prompt, maxOutputTokens: 4096 })
  for await (const text of textStream) process.stdout.write(text)
  process.stdout.write('\n')
}
