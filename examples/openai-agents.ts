// An agent with a tool, with the OpenAI Agents SDK. Run it beside a running cligate: bun examples/openai-agents.ts [model] [prompt]
import { Agent, run, setDefaultOpenAIClient, setTracingDisabled, tool } from '@openai/agents'
import OpenAI from 'openai'
import { z } from 'zod'

const [model = 'demo/tools', prompt = 'How is the weather in Oslo?'] = process.argv.slice(2)

// Else it reports to OpenAI.
setTracingDisabled(true)
setDefaultOpenAIClient(
  new OpenAI({
    baseURL: `${process.env['CLIGATE_URL'] ?? 'http://127.0.0.1:8000'}/v1`,
    apiKey: process.env['CLIGATE_KEY'] ?? 'none',
  }),
)

const getWeather = tool({
  name: 'get_weather',
  description: 'Tells the weather of a city.',
  parameters: z.object({ city: z.string() }),
  execute: ({ city }) => {
    console.log(`calls get_weather(${JSON.stringify({ city })})`)
    return `It rains in ${city}, at 12 degrees.`
  },
})

const agent = new Agent({ name: 'Weather', instructions: 'Help with the weather.', model, tools: [getWeather] })
const { finalOutput } = await run(agent, prompt)
console.log(finalOutput)
