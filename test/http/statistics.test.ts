// GET /stats.
import { expect, test } from 'bun:test'
import { world } from './world.ts'

const chat = (model: string) =>
  new Request('http://127.0.0.1:8000/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
  })

test('counts what was answered and what was not, and this request as active', async () => {
  const { app } = world()
  expect((await app.fetch(chat('demo-1'))).status).toBe(200)
  const broken = new Request('http://127.0.0.1:8000/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{',
  })
  expect((await app.fetch(broken)).status).toBe(400)
  const response = await app.fetch(new Request('http://127.0.0.1:8000/stats'))
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({
    object: 'stats',
    since: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    active: 1,
    total: {
      requests: 2,
      failed: 1,
      aborted: 0,
      duration_ms: { p50: expect.any(Number), p95: expect.any(Number), max: expect.any(Number) },
      first_token_ms: { p50: expect.any(Number) },
    },
    statuses: { 200: 1, 400: 1 },
    dialects: { 'openai-chat': 1 },
    providers: { demo: { requests: 1, failed: 0 } },
    models: { 'demo/demo-1': { requests: 1, input_tokens: expect.any(Number) } },
    processes: { idle: expect.any(Number), busy: expect.any(Number) },
  })
})
