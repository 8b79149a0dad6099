import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { type ChatRequest, PARAMETERS } from '../../src/core/request.ts'
import { DIALECTS } from '../../src/http/known-dialects.ts'
import { schemas } from '../../src/http/routes/capabilities.ts'
import { createRouting } from '../../src/policy/routing.ts'
import { createDemoDriver } from '../../src/providers/demo/driver.ts'
import type { Driver } from '../../src/providers/driver.ts'
import { createRegistry } from '../../src/providers/registry.ts'
import { createServer } from '../../src/server.ts'
import { silent, world } from './world.ts'

/** Honours temperatures up to 1, and emulates tools. */
const picky = (): Driver => ({
  ...createDemoDriver(),
  name: 'picky',
  support: ({ sampling }: ChatRequest) => ({
    temperature: (sampling.temperature ?? 0) <= 1 ? 'native' : 'ignored',
    stop: 'native',
    tools: 'native',
    toolChoice: 'emulated',
    parallelToolCalls: 'native',
  }),
})

function app(strict = false) {
  const registry = createRegistry({ drivers: [createDemoDriver(), picky()] })
  const routing = createRouting({ registry, timeouts: { firstEvent: 0, betweenEvents: 0, total: 0 } })
  const { gateway } = world({
    strict,
    run: silent(async () => {
      throw new Error('a turn ran')
    }),
  })
  gateway.plan = (request) => routing.plan(request)
  gateway.model = (id) => registry.get(id, new AbortController().signal)
  gateway.models = () => registry.list(new AbortController().signal)
  return createServer(gateway)
}

async function capabilities(path: string) {
  const response = await app().fetch(new Request(`http://localhost${path}`))
  const body: unknown = await response.json()
  if (response.status !== 200) return { status: response.status, body, data: [] }
  return { status: 200, body, data: v.parse(schemas.Capabilities, body).data }
}

describe('GET /v1/capabilities', () => {
  test('of one model, as the routing has it', async () => {
    const { data, body } = await capabilities('/v1/capabilities?model=picky/chat:high')
    expect(data).toEqual([
      {
        id: 'picky/chat:high',
        provider: 'picky',
        model: 'chat',
        parameters: {
          temperature: 'native',
          top_p: 'ignored',
          top_k: 'ignored',
          max_tokens: 'ignored',
          stop: 'native',
          seed: 'ignored',
          frequency_penalty: 'ignored',
          presence_penalty: 'ignored',
          n: 'emulated',
          reasoning_effort: 'ignored',
          user: 'ignored',
          metadata: 'ignored',
          tools: 'native',
          tool_choice: 'emulated',
          parallel_tool_calls: 'native',
          'tools[].function.strict': 'ignored',
          response_format: 'refused',
        },
      },
    ])
    expect(body).toMatchObject({
      dialects: DIALECTS.map(({ name }) => ({ name })),
      modalities: { output: ['text'] },
    })
  })

  test('of all models, or of one provider', async () => {
    const all = await capabilities('/v1/capabilities')
    expect(all.data.length).toBeGreaterThan(10)
    for (const { parameters } of all.data) expect(Object.keys(parameters)).toHaveLength(PARAMETERS.length)
    const reasoning = all.data.find(({ id }) => id === 'demo/reasoning')!
    expect(reasoning.parameters).toMatchObject({ reasoning_effort: 'native', seed: 'native', stop: 'emulated' })
    const scoped = await capabilities('/demo/capabilities')
    expect(new Set(scoped.data.map(({ provider }) => provider))).toEqual(new Set(['demo']))
    expect((await capabilities('/demo/v1/capabilities?model=chat')).data[0]).toMatchObject({ provider: 'demo' })
  })

  test('of a model that nobody has is a 404', async () => {
    expect(await capabilities('/v1/capabilities?model=none')).toMatchObject({ status: 404 })
  })
})

async function examine(dialect: string, request: object, more: { model?: string; strict?: boolean } = {}) {
  const response = await app(more.strict).fetch(
    new Request('http://localhost/v1/compatibility', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ dialect, request, model: more.model }),
    }),
  )
  const body: unknown = await response.json()
  return { status: response.status, body, found: v.safeParse(schemas.Compatibility, body).output as object }
}

describe('POST /v1/compatibility', () => {
  const messages = [{ role: 'user', content: 'Hello' }]

  test('a request field by field', async () => {
    const request = { model: 'picky/chat', messages, temperature: 0.5, n: 2, top_p: 0.5, logit_bias: { 5: 1 } }
    expect((await examine('openai-chat', request)).found).toEqual({
      object: 'compatibility',
      dialect: 'openai-chat',
      model: 'picky/chat',
      provider: 'picky',
      listed: true,
      runs: true,
      honoured: ['temperature'],
      emulated: ['n'],
      kept: [],
      ignored: ['logit_bias', 'top_p'],
      refused: [],
    })
    expect((await examine('openai-chat', { ...request, temperature: 1.5 })).found).toMatchObject({
      honoured: [],
      ignored: ['logit_bias', 'temperature', 'top_p'],
    })
  })

  test('labels of a response are kept with it where the provider takes none, and not said to do anything', async () => {
    const labels = { user: 'me', metadata: { a: 'b' } }
    const request = { model: 'picky/chat', input: 'hi', ...labels }
    expect((await examine('openai-responses', request, { strict: true })).found).toMatchObject({
      runs: true,
      emulated: [],
      kept: ['user', 'metadata'],
      ignored: [],
    })
    const chat = await examine('openai-chat', { model: 'picky/chat', messages, ...labels })
    expect(chat.found).toMatchObject({ kept: [], ignored: ['user', 'metadata'] })
  })

  test('of every dialect, by its name or its endpoint', async () => {
    const requests: Record<string, object> = {
      'openai-chat': { model: 'demo/chat', messages, seed: 5 },
      'openai-responses': { model: 'demo/chat', input: 'hi', max_output_tokens: 5, top_logprobs: 1 },
      'anthropic-messages': { model: 'demo/chat', messages, max_tokens: 5, top_k: 3 },
      gemini: { contents: [{ parts: [{ text: 'hi' }] }], generation_config: { seed: 5 } },
      'openai-completions': { model: 'demo/chat', prompt: 'hi', seed: 5 },
    }
    for (const { name, endpoint } of DIALECTS) {
      for (const dialect of [name, endpoint]) {
        const { found } = await examine(dialect, requests[name] ?? {}, { model: 'demo/chat' })
        expect(found, name).toMatchObject({
          dialect: name,
          provider: 'demo',
          runs: true,
          honoured: [expect.any(String)],
        })
      }
    }
  })

  test('why it would be refused', async () => {
    const refused = async (dialect: string, request: object) => (await examine(dialect, request)).found
    expect(await refused('openai-chat', { model: 'none', messages })).toMatchObject({
      listed: false,
      runs: false,
      refused: [{ field: 'model', code: 'model_not_found' }],
    })
    expect(await refused('openai-chat', { model: 'demo/none', messages })).toMatchObject({ listed: false, runs: true })
    expect(await refused('openai-chat', { model: 'demo/chat' })).toMatchObject({
      runs: false,
      model: null,
      refused: [{ field: 'messages', code: 'invalid_request' }],
    })
    const tools = [{ googleSearch: {} }]
    expect(await refused('gemini', { contents: [], tools })).toMatchObject({ refused: [{ field: 'model' }] })
    const body = { contents: [{ parts: [{ text: 'hi' }] }], tools }
    expect((await examine('gemini', body, { model: 'demo/chat' })).found).toMatchObject({
      refused: [{ field: 'tools[0].googleSearch', code: 'unsupported_parameter' }],
    })
    const functions = [{ name: 'look', strict: true }]
    const asked = { model: 'picky/chat', messages, functions }
    expect((await examine('openai-chat', asked, { strict: true })).found).toMatchObject({
      runs: true,
      ignored: ['functions[0].strict'],
    })
    const strict = await examine('openai-chat', { model: 'demo/chat', messages, top_p: 0.5 }, { strict: true })
    expect(strict.found).toMatchObject({ runs: false, refused: [{ field: 'top_p' }], ignored: ['top_p'] })
  })

  test('a question that is none', async () => {
    expect(await examine('none', {})).toMatchObject({ status: 400, body: { error: { param: 'dialect' } } })
    expect(await examine('openai-chat', 5 as never)).toMatchObject({
      status: 400,
      body: { error: { param: 'request' } },
    })
  })
})
