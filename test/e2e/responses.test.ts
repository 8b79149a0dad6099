// A running cligate with its demo models, the official SDK in front of it: what is stored outlives the process.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { Database } from 'bun:sqlite'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { OpenAI } from 'openai'
import { eventually, type RunningCligate, startCligate } from '../support/cligate.ts'

setDefaultTimeout(60_000)

let gate: RunningCligate
let client: OpenAI

const connect = () => new OpenAI({ apiKey: 'unused', baseURL: `${gate.url}/v1`, maxRetries: 0 })

beforeAll(async () => {
  gate = await startCligate({ config: { sse: { head_after_ms: 60_000 }, responses: { days: 2, max_mb: 10 } } })
  client = connect()
}, 60_000)
afterAll(() => gate?.stop())

/** Whether a response is in the file already. */
function isWritten(id: string): boolean {
  const path = join(gate.home, 'state/cligate.sqlite')
  if (!existsSync(`${path}-wal`)) return false
  const database = new Database(path, { readonly: true })
  try {
    return database.query('SELECT id FROM responses WHERE id = ?').get(id) !== null
  } catch {
    // The table is being made.
    return false
  } finally {
    database.close()
  }
}

const statusOf = async (id: string) => (await client.responses.retrieve(id)).status

describe('responses', () => {
  test('of text and thinking, whole and streamed', async () => {
    const whole = await client.responses.create({ model: 'demo/echo', input: 'Grüße, 世界 👩‍👩‍👧‍👦' })
    expect(whole.output_text).toBe('Grüße, 世界 👩‍👩‍👧‍👦')
    const summaries: string[] = []
    const streamed = await client.responses
      .stream({ model: 'demo/reasoning', input: 'Think.', reasoning: { effort: 'high', summary: 'auto' } })
      .on('response.reasoning_summary_text.delta', ({ delta }) => summaries.push(delta))
      .finalResponse()
    expect(summaries.length).toBeGreaterThan(1)
    expect(streamed.output.map(({ type }) => type)).toEqual(['reasoning', 'message'])
    expect(streamed.usage?.output_tokens_details.reasoning_tokens).toBeGreaterThan(0)
  })

  test('that are cut off, or fail', async () => {
    const cut = await client.responses.create({ model: 'demo/chat', input: '/tokens 50', max_output_tokens: 5 })
    expect(cut).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
    const failed = client.responses.create({ model: 'demo/chat', input: '/error 429' })
    expect(await failed.catch((thrown: unknown) => thrown)).toMatchObject({ status: 429, code: 'rate_limit_exceeded' })
    const types: string[] = []
    const stream = await client.responses.create({ model: 'demo/chat', input: '/error 503 after 3', stream: true })
    for await (const event of stream) types.push(event.type)
    expect(types.at(-1)).toBe('response.failed')
  })

  test('outlive a restart, in a file for the owner alone; those that ran have failed', async () => {
    const first = await client.responses.create({ model: 'demo/echo', input: 'before', stream: false })
    const running = await client.responses.create({ model: 'demo/chat', input: '/hang after 2', background: true })
    await eventually('begun', async () => (await statusOf(running.id)) === 'in_progress')
    await eventually('written', () => isWritten(running.id))
    for (const name of ['cligate.sqlite', 'cligate.sqlite-wal'])
      expect(statSync(join(gate.home, 'state', name)).mode & 0o777).toBe(0o600)
    // A graceful end: what still waits is written.
    const last = await client.responses.create({ model: 'demo/echo', input: 'last words', background: true })
    await eventually('completed', async () => (await statusOf(last.id)) === 'completed')
    await client.responses.cancel(running.id)
    gate.kill('SIGTERM')
    gate = await gate.restart()
    client = connect()
    expect((await client.responses.retrieve(first.id)).output_text).toBe('before')
    expect((await client.responses.retrieve(last.id)).output_text).toBe('last words')
    expect(await statusOf(running.id)).toBe('cancelled')

    const abandoned = await client.responses.create({ model: 'demo/chat', input: '/hang after 2', background: true })
    await eventually('begun', async () => (await statusOf(abandoned.id)) === 'in_progress')
    await eventually('written', () => isWritten(abandoned.id))
    gate.kill('SIGKILL')
    gate = await gate.restart()
    client = connect()
    expect(await client.responses.retrieve(abandoned.id)).toMatchObject({
      status: 'failed',
      error: { code: 'server_error' },
    })
    const on = await client.responses.create({ model: 'demo/echo', previous_response_id: first.id, input: 'after' })
    expect(on.output_text).toBe('after')
    const items = await Array.fromAsync(client.responses.inputItems.list(on.id, { order: 'asc' }))
    expect(items).toHaveLength(3)
  })

  test('in the background: streamed while they run, by a second reader too, and cancelled', async () => {
    const made = await client.responses.create({
      model: 'demo/chat',
      input: '/delay 20 /tokens 1000',
      background: true,
    })
    const read = async (after?: number) => {
      const seen: number[] = []
      const query = after === undefined ? { stream: true as const } : { stream: true as const, starting_after: after }
      for await (const event of await client.responses.retrieve(made.id, query)) {
        seen.push(event.sequence_number)
        if (seen.length === 12) break
      }
      return seen
    }
    const [all, late] = await Promise.all([read(), read(5)])
    expect(all).toEqual(all.map((_, index) => index))
    expect(late).toEqual(late.map((_, index) => index + 6))
    expect((await client.responses.cancel(made.id)).status).toBe('cancelled')
  })

  test('count their input', async () => {
    const { input_tokens: tokens } = await client.responses.inputTokens.count({
      model: 'demo/chat',
      input: 'Hello there!',
    })
    expect(tokens).toBeGreaterThan(2)
  })
})
