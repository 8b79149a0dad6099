// A stream with the official OpenAI SDK. Run it beside a running cligate: bun examples/openai-sdk.ts [model] [prompt]
import OpenAI from 'openai'

const [model = 'demo/chat', prompt = 'Hello! Who are you?'] = process.argv.slice(2)

const client = new OpenAI({
  baseURL: `${process.env['CLIGATE_URL'] ?? 'http://127.0.0.1:8000'}/v1`,
  apiKey: process.env['CLIGATE_KEY'] ?? 'none',
})

const stream = await client.chat.completions.create({
  model,
  messages: [{ role: 'user', content: prompt }],
  stream: true,
})

for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')
process.stdout.write('\n')
