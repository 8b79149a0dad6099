// The official SDK over a real socket, with the demo models behind the real routing.
import { describe, expect, test } from 'bun:test'
import OpenAI, { BadRequestError } from 'openai'
import { createRouting } from '../../../src/policy/routing.ts'
import { createDemoDriver } from '../../../src/providers/demo/driver.ts'
import { createRegistry } from '../../../src/providers/registry.ts'
import { listening, type SocketWorld, world } from '../../http/world.ts'

function demo(): SocketWorld {
  const registry = createRegistry({ drivers: [createDemoDriver()] })
  const routing = createRouting({ registry, timeouts: { firstEvent: 0, betweenEvents: 0, total: 0 } })
  const made = listening()
  // The same object that the server holds.
  made.gateway.plan = (request) => routing.plan(request)
  return made
}
const clientOf = (made: SocketWorld) => new OpenAI({ apiKey: 'none', baseURL: `${made.url.href}v1`, maxRetries: 0 })

describe('client.completions', () => {
  test('answers each prompt', async () => {
    await using made = demo()
    const prompt = ['one', 'two']
    const { choices, usage, object } = await clientOf(made).completions.create({ model: 'demo/echo', prompt, n: 2 })
    expect(choices.map(({ text, index }) => [index, text])).toEqual([
      [0, 'one'],
      [1, 'one'],
      [2, 'two'],
      [3, 'two'],
    ])
    expect(object).toBe('text_completion')
    expect(usage).toMatchObject({ completion_tokens: 4 })
  })

  test('streams each prompt', async () => {
    await using made = demo()
    const texts: string[] = []
    let usage: OpenAI.CompletionUsage | undefined
    const stream = await clientOf(made).completions.create({
      model: 'demo/echo',
      prompt: ['one two three', '漢字 👩‍👩‍👧'],
      stream: true,
      echo: true,
      stream_options: { include_usage: true },
    })
    for await (const chunk of stream) {
      for (const { index, text } of chunk.choices) texts[index] = (texts[index] ?? '') + text
      usage ??= chunk.usage ?? undefined
    }
    expect(texts).toEqual(['one two threeone two three', '漢字 👩‍👩‍👧漢字 👩‍👩‍👧'])
    expect(usage!.total_tokens).toBeGreaterThan(3)
  })

  test('stops where it shall', async () => {
    await using made = demo()
    const ask = { model: 'demo/echo', prompt: 'one two END three' }
    const cut = await clientOf(made).completions.create({ ...ask, stop: [' END'] })
    expect(cut.choices[0]).toMatchObject({ text: 'one two', finish_reason: 'stop' })
    const short = await clientOf(made).completions.create({ ...ask, max_tokens: 1 })
    expect(short.choices[0]!.finish_reason).toBe('length')
  })

  test('refuses what it cannot do', async () => {
    await using made = demo()
    const refused = await clientOf(made)
      .completions.create({ model: 'demo/echo', prompt: 'a', suffix: 'b' })
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(BadRequestError)
    expect(refused).toMatchObject({ param: 'suffix', code: 'unsupported_parameter' })
  })
})

test('there are no embeddings, which is said in OpenAI’s shape', async () => {
  await using made = demo()
  const refused = await clientOf(made)
    .embeddings.create({ model: 'x', input: 'y' })
    .catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(BadRequestError)
  expect(refused).toMatchObject({ code: 'invalid_request', message: expect.stringContaining('no embeddings') })
  const { app } = world()
  expect((await app.fetch(new Request('http://localhost/embeddings', { method: 'POST' }))).status).toBe(400)
})
