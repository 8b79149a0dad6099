// `chat.web` with the real Claude Code, as a client of the whole gateway sees it.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { rawWorld, type RawWorld } from './harness/raw-world.ts'
import { realCli } from './harness/real-cli.ts'
import { oneSearch, SOURCES } from './harness/web-searches.ts'

setDefaultTimeout(60_000)

describe('by the whole gateway', () => {
  let world: RawWorld
  beforeAll(async () => {
    world = await rawWorld({
      config: () => ({ chat: { web: true }, providers: { claude: { path: realCli('claude') } } }),
    })
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(() => world.upstream.reset())

  const post = async (more: object, headers: Record<string, string> = {}) => {
    oneSearch(world)
    const body = { model: 'claude-haiku-4-5', messages: [{ role: 'user', content: 'Weather?' }], ...more }
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }
    return world.gateway.app.fetch(
      new Request('http://localhost/v1/chat/completions', { ...init, body: JSON.stringify(body) }),
    )
  }

  test('one choice with one message, and the usage of all of it', async () => {
    expect(await (await post({})).json()).toMatchObject({
      choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: 'Let me see. It is sunny.' } }],
      usage: { prompt_tokens: 51, completion_tokens: 15 },
    })
  })

  test('streamed, with one end and no call', async () => {
    const events = (await (await post({ stream: true })).text())
      .split('\n\n')
      .filter((event) => event.includes('data: {'))
    const chunks = events.map((event) => JSON.parse(event.slice(event.indexOf('data: ') + 6)))
    const deltas = chunks.map((chunk) => chunk.choices[0]?.delta ?? {})
    expect(deltas.map(({ content = '' }) => content).join('')).toBe('Let me see. It is sunny.')
    expect(deltas.filter((delta) => 'tool_calls' in delta)).toEqual([])
    expect(chunks.flatMap((chunk) => chunk.choices[0]?.finish_reason ?? [])).toEqual(['stop'])
  })

  test('its searches are shown to who asks for that', async () => {
    const response = await post({}, { 'x-cligate-message-mode': 'forward' })
    const answer = (await response.json()) as { choices: { message: { content: string } }[] }
    const content = answer.choices[0]?.message.content
    expect(content).toContain('{"tool_activity":{"name":"WebSearch","phase":"start","detail":{"query":"rome"}}}')
    expect(content).toContain(SOURCES[0]!.url)
  })

  test('what the search must not be told is emulated, and said to be', async () => {
    const response = await world.send('POST', '/v1/compatibility', {
      dialect: 'openai-chat',
      request: { model: 'claude-haiku-4-5', messages: [{ role: 'user', content: 'hi' }], stop: ['END'] },
    })
    expect(await response.json()).toMatchObject({ runs: true, emulated: ['stop'] })
  })
})
