// The Responses API with the official OpenAI SDK: a stream, and a second question that builds on the stored first one.
// Run it beside a running cligate: bun examples/openai-responses.ts [model] [prompt]
import OpenAI from 'openai'

const [model = 'demo/chat', prompt = 'Hello! Who are you?'] = process.argv.slice(2)

const client = new OpenAI({
  baseURL: `${process.env['CLIGATE_URL'] ?? 'http://127.0.0.1:8000'}/v1`,
  apiKey: process.env['CLIGATE_KEY'] ?? 'none',
})

const stream = client.responses.stream({ model, input: prompt })
for await (const event of stream) {
  if (event.type === 'response.output_text.delta') process.stdout.write(event.delta)
}
process.stdout.write('\n')

const first = await stream.finalResponse()
const second = await client.responses.create({
  model,
  input: 'Say that again in one sentence.',
  previous_response_id: first.id,
})
console.log(second.output_text)

// The whole conversation is in the gateway, until it is deleted.
const items = await client.responses.inputItems.list(second.id)
console.log(`${items.data.length} items went in before the last answer.`)
await client.responses.delete(second.id)
await client.responses.delete(first.id)
