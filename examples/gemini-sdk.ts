// A stream with Google's Gen AI SDK, for any model. Run it beside a running cligate: bun examples/gemini-sdk.ts [model] [prompt]
import { GoogleGenAI } from '@google/genai'

const [model = 'demo/chat', prompt = 'Hello! Who are you?'] = process.argv.slice(2)

const client = new GoogleGenAI({
  apiKey: process.env['CLIGATE_KEY'] ?? 'none',
  // Without a version.
  httpOptions: { baseUrl: process.env['CLIGATE_URL'] ?? 'http://127.0.0.1:8000' },
})

const stream = await client.models.generateContentStream({ model, contents: prompt })

for await (const chunk of stream) process.stdout.write(chunk.text ?? '')
process.stdout.write('\n')
