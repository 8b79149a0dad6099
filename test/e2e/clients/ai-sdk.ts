// Vercel's AI SDK, over each of its providers that a gate can stand in for.
import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateObject, generateText, isStepCount, type LanguageModel, Output, streamText, tool } from 'ai'
import { ANSWER, CITY, type Library, ZONE } from './library.ts'

const apiKey = 'unused'

const PROVIDERS: [name: string, model: (url: string, id: string) => LanguageModel][] = [
  ['openai', (url, id) => createOpenAI({ apiKey, baseURL: `${url}/v1` })(id)],
  ['anthropic', (url, id) => createAnthropic({ apiKey, baseURL: `${url}/v1` })(id)],
  ['google', (url, id) => createGoogleGenerativeAI({ apiKey, baseURL: `${url}/v1beta` })(id)],
  [
    'openai-compatible',
    (url, id) =>
      createOpenAICompatible({ name: 'cligate', apiKey, baseURL: `${url}/v1`, supportsStructuredOutputs: true })(id),
  ],
]

export const AI_SDK = PROVIDERS.map(([name, modelOf]): Library => ({
  name: `ai, ${name}`,
  // A result of the Gemini API is an object, of the SDK's own making.
  wraps: name === 'google' ? (called, content) => JSON.stringify({ name: called, content }) : undefined,
  async finish({ url, model: id, prompt, stream, functions }) {
    const tools = {
      get_weather: tool({
        description: 'The weather of a city.',
        inputSchema: CITY,
        execute: ({ city }) => functions.get_weather(city),
      }),
      get_time: tool({
        description: 'What a clock shows.',
        inputSchema: ZONE,
        execute: ({ zone }) => functions.get_time(zone),
      }),
    }
    const request = { model: modelOf(url, id), prompt, tools, stopWhen: isStepCount(5), maxRetries: 0 }
    return stream ? await streamText(request).text : (await generateText(request)).text
  },
  async object({ url, model: id, prompt, stream }) {
    const model = modelOf(url, id)
    if (!stream) return (await generateObject({ model, prompt, schema: ANSWER, maxRetries: 0 })).object
    return await streamText({ model, prompt, output: Output.object({ schema: ANSWER }), maxRetries: 0 }).output
  },
}))
