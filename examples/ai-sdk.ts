// Structured output with the Vercel AI SDK: an answer that fits a schema, or an error.
// Run it beside a running cligate: bun examples/ai-sdk.ts [model] [prompt]
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, Output } from 'ai'
import { z } from 'zod'

const [model = 'demo/chat', prompt = 'A recipe for pancakes.'] = process.argv.slice(2)

const cligate = createOpenAICompatible({
  name: 'cligate',
  baseURL: `${process.env['CLIGATE_URL'] ?? 'http://127.0.0.1:8000'}/v1`,
  apiKey: process.env['CLIGATE_KEY'] ?? 'none',
  // Else the SDK asks for any JSON, and keeps the schema to itself.
  supportsStructuredOutputs: true,
})

const { output } = await generateText({
  model: cligate(model),
  prompt,
  output: Output.object({
    schema: z.object({ title: z.string(), minutes: z.number().int().min(1), steps: z.array(z.string()).min(1) }),
  }),
})

console.log(JSON.stringify(output, null, 2))
