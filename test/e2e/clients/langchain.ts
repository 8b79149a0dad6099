// LangChain's ChatOpenAI. It leaves the loop to its caller.
import { type BaseMessage, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI } from '@langchain/openai'
import { ANSWER, CITY, type Library, type Task, ZONE } from './library.ts'

const modelOf = ({ url, model }: Pick<Task, 'url' | 'model'>, useResponsesApi: boolean) =>
  new ChatOpenAI({ model, apiKey: 'unused', configuration: { baseURL: `${url}/v1` }, maxRetries: 0, useResponsesApi })

export const LANGCHAIN = [false, true].map((useResponsesApi): Library => ({
  name: `langchain, ${useResponsesApi ? 'responses' : 'chat'}`,
  wraps: undefined,
  async finish(task) {
    const weather = tool(({ city }) => task.functions.get_weather(city), {
      name: 'get_weather',
      description: 'The weather of a city.',
      schema: CITY,
    })
    const time = tool(({ zone }) => task.functions.get_time(zone), {
      name: 'get_time',
      description: 'What a clock shows.',
      schema: ZONE,
    })
    const model = modelOf(task, useResponsesApi).bindTools([weather, time])
    const messages: BaseMessage[] = [new HumanMessage(task.prompt)]
    for (;;) {
      const answer = task.stream ? await streamed(await model.stream(messages)) : await model.invoke(messages)
      messages.push(answer)
      if (!answer.tool_calls?.length) return answer.text
      for (const call of answer.tool_calls) {
        const args = call.args as never
        const content = await (call.name === 'get_weather' ? weather.invoke(args) : time.invoke(args))
        messages.push(new ToolMessage({ tool_call_id: call.id!, content: String(content) }))
      }
    }
  },
  async object(task) {
    const model = modelOf(task, useResponsesApi).withStructuredOutput(ANSWER, { name: 'answer' })
    if (!task.stream) return await model.invoke(task.prompt)
    let last: unknown
    for await (const piece of await model.stream(task.prompt)) last = piece
    return last
  },
}))

async function streamed<Chunk extends { concat(other: Chunk): Chunk }>(chunks: AsyncIterable<Chunk>): Promise<Chunk> {
  let whole: Chunk | undefined
  for await (const chunk of chunks) whole = whole ? whole.concat(chunk) : chunk
  if (!whole) throw new Error('nothing came')
  return whole
}
