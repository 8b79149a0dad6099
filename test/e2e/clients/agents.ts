// OpenAI's Agents SDK: an agent with two tools, over both of OpenAI's APIs.
import { Agent, OpenAIProvider, Runner, tool } from '@openai/agents'
import { ANSWER, CITY, type Library, type Task, ZONE } from './library.ts'

const runnerOf = ({ url }: Pick<Task, 'url'>, useResponses: boolean) =>
  new Runner({
    modelProvider: new OpenAIProvider({ apiKey: 'unused', baseURL: `${url}/v1`, useResponses }),
    tracingDisabled: true,
  })

export const AGENTS = [true, false].map((useResponses): Library => ({
  name: `agents, ${useResponses ? 'responses' : 'chat'}`,
  wraps: undefined,
  async finish(task) {
    const agent = new Agent({
      name: 'Reporter',
      instructions: 'Use your tools.',
      model: task.model,
      tools: [
        tool({
          name: 'get_weather',
          description: 'The weather of a city.',
          parameters: CITY,
          execute: ({ city }) => task.functions.get_weather(city),
        }),
        tool({
          name: 'get_time',
          description: 'What a clock shows.',
          parameters: ZONE,
          execute: ({ zone }) => task.functions.get_time(zone),
        }),
      ],
    })
    const runner = runnerOf(task, useResponses)
    if (!task.stream) return (await runner.run(agent, task.prompt)).finalOutput ?? ''
    const result = await runner.run(agent, task.prompt, { stream: true })
    await result.completed
    return result.finalOutput ?? ''
  },
  async object(task) {
    const agent = new Agent({ name: 'Counter', instructions: 'Count.', model: task.model, outputType: ANSWER })
    const runner = runnerOf(task, useResponses)
    if (!task.stream) return (await runner.run(agent, task.prompt)).finalOutput
    const result = await runner.run(agent, task.prompt, { stream: true })
    await result.completed
    return result.finalOutput
  },
}))
