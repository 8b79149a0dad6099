// Tool use with the official Anthropic SDK: the model calls, this program runs the tool, the model answers in a stream.
// Run it beside a running cligate: bun examples/anthropic-tools.ts [model] [prompt]
import Anthropic from '@anthropic-ai/sdk'

const [model = 'demo/tools', prompt = 'How is the weather in Oslo?'] = process.argv.slice(2)

const client = new Anthropic({
  // Without /v1.
  baseURL: process.env['CLIGATE_URL'] ?? 'http://127.0.0.1:8000',
  apiKey: process.env['CLIGATE_KEY'] ?? 'none',
})

const tools: Anthropic.Tool[] = [
  {
    name: 'get_weather',
    description: 'Tells the weather of a city.',
    input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
]

function getWeather({ city }: { city: string }): string {
  return `It rains in ${city}, at 12 degrees.`
}

const messages: Anthropic.MessageParam[] = [{ role: 'user', content: prompt }]
for (let round = 0; round < 5; round++) {
  const stream = client.messages.stream({ model, max_tokens: 4096, messages, tools })
  stream.on('text', (text) => process.stdout.write(text))
  const message = await stream.finalMessage()
  // The answer goes back as it came: thinking has a signature that the provider wants to see again.
  messages.push({ role: 'assistant', content: message.content })
  if (message.stop_reason !== 'tool_use') break
  const results: Anthropic.ToolResultBlockParam[] = []
  for (const block of message.content) {
    if (block.type !== 'tool_use') continue
    console.log(`calls ${block.name}(${JSON.stringify(block.input)})`)
    results.push({ type: 'tool_result', tool_use_id: block.id, content: getWeather(block.input as { city: string }) })
  }
  messages.push({ role: 'user', content: results })
}
process.stdout.write('\n')
