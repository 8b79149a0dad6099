// Function calling with the official OpenAI SDK: the model calls, this program runs the function, the model answers.
// Run it beside a running cligate: bun examples/openai-functions.ts [model] [prompt]
import OpenAI from 'openai'

const [model = 'demo/tools', prompt = 'How is the weather in Oslo?'] = process.argv.slice(2)

const client = new OpenAI({
  baseURL: `${process.env['CLIGATE_URL'] ?? 'http://127.0.0.1:8000'}/v1`,
  apiKey: process.env['CLIGATE_KEY'] ?? 'none',
})

const tools: OpenAI.ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'Tells the weather of a city.',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
]

function getWeather({ city }: { city: string }): string {
  return `It rains in ${city}, at 12 degrees.`
}

// Each request holds the whole conversation: cligate keeps nothing between them.
const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: prompt }]
for (let round = 0; round < 5; round++) {
  const { choices } = await client.chat.completions.create({ model, messages, tools })
  const message = choices[0]!.message
  messages.push(message)
  if (!message.tool_calls) {
    console.log(message.content)
    break
  }
  for (const call of message.tool_calls) {
    if (call.type !== 'function') continue
    console.log(`calls ${call.function.name}(${call.function.arguments})`)
    const result = getWeather(JSON.parse(call.function.arguments) as { city: string })
    messages.push({ role: 'tool', tool_call_id: call.id, content: result })
  }
}
