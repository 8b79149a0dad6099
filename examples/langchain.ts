// LangChain with a tool and a stream. Run it beside a running cligate: bun examples/langchain.ts [model] [prompt]
import { HumanMessage, type BaseMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI } from '@langchain/openai'
import { z } from 'zod'

const [model = 'demo/tools', prompt = 'How is the weather in Oslo?'] = process.argv.slice(2)

const getWeather = tool(({ city }) => `It rains in ${city}, at 12 degrees.`, {
  name: 'get_weather',
  description: 'Tells the weather of a city.',
  schema: z.object({ city: z.string() }),
})

const chat = new ChatOpenAI({
  model,
  apiKey: process.env['CLIGATE_KEY'] ?? 'none',
  configuration: { baseURL: `${process.env['CLIGATE_URL'] ?? 'http://127.0.0.1:8000'}/v1` },
}).bindTools([getWeather])

const messages: BaseMessage[] = [new HumanMessage(prompt)]
const answer = await chat.invoke(messages)
messages.push(answer)
for (const call of answer.tool_calls ?? []) {
  console.log(`calls ${call.name}(${JSON.stringify(call.args)})`)
  messages.push(await getWeather.invoke({ ...call, type: 'tool_call' }))
}

for await (const chunk of await chat.stream(messages)) process.stdout.write(chunk.text)
process.stdout.write('\n')
