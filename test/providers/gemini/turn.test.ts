// Turns as the real CLI went through them, from records: no CLI is needed.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assertOrder } from '../../../src/core/assert-order.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import { openSandbox, type Sandbox } from '../../../src/process/sandbox.ts'
import { AcpClient } from '../../../src/providers/acp-client.ts'
import { AcpProcess } from '../../../src/providers/acp-process.ts'
import { toGatewayError } from '../../../src/providers/gemini/errors.ts'
import { createHome } from '../../../src/providers/gemini/home.ts'
import { toBase } from '../../../src/providers/gemini/session-load.ts'
import { type Assignment, runTurn } from '../../../src/providers/gemini/turn.ts'
import { GeminiWorker } from '../../../src/providers/gemini/worker.ts'
import { createMcpServer } from '../../../src/tools/mcp-server.ts'
import { type FakeChild, fakeChild, type Sent } from '../acp/fake-child.ts'

const FIXTURES = join(import.meta.dir, '../../real/fixtures/gemini')

let root: string
let sandbox: Sandbox
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'cligate-test-'))
  sandbox = await openSandbox({ root })
})
afterAll(async () => {
  await sandbox.close()
  rmSync(root, { recursive: true, force: true })
})

const ASSIGNMENT: Assignment = {
  system: 'S',
  records: [
    { type: 'user', content: [{ text: 'one' }] },
    { type: 'gemini', content: [{ text: 'two' }] },
    { type: 'user', content: [{ text: 'three' }] },
  ],
  modelId: 'gemini-2.5-flash',
  hook: '',
  base: toBase('', []),
  model: 'gemini-2.5-flash',
  maxTokens: undefined,
  web: false,
}

/** Says what was recorded: up to the answer to each request, and behind the load what is repeated. */
async function replay(name: string): Promise<FakeChild> {
  const text = await Bun.file(join(FIXTURES, `${name}.jsonl`)).text()
  const lines = text.split('\n').filter(Boolean)
  const isAnswer = (line: string) => /"id":"session\//.test(line)
  return fakeChild(({ id, method, params }: Sent, child) => {
    if (method === undefined || method === 'session/cancel') return
    let end = lines.findIndex((line) => line.includes(`"id":"${method}"`)) + 1
    // The answer never comes where the turn was ended before it.
    if (end === 0) end = lines.length
    if (method === 'session/load') while (end < lines.length && !isAnswer(lines[end]!)) end += 1
    const own = lines
      .splice(0, end)
      .map((line) =>
        line.replaceAll('"SESSION"', JSON.stringify(params?.['sessionId'])).replace(`"id":"${method}"`, `"id":${id}`),
      )
    child.say(...own)
  })
}

async function play(name: string, changes: Partial<Assignment> = {}) {
  const child = await replay(name)
  const client = await AcpClient.connect(child, { name: 'Gemini CLI' })
  const home = await createHome(sandbox, '/nowhere', { settings: {}, policy: '' })
  const worker = new GeminiWorker(new AcpProcess(child, client, { protocolVersion: 1 }, home.folder), {
    home,
    mcp: createMcpServer(),
    login: '',
    policy: '',
  })
  const events: ChatEvent[] = []
  let error: unknown
  try {
    const turn = runTurn(worker, { ...ASSIGNMENT, ...changes }, { settled: false }, new AbortController().signal)
    for await (const batch of turn) events.push(...batch)
    assertOrder(events)
  } catch (thrown) {
    error = toGatewayError(thrown)
  }
  const of = (type: string) => events.flatMap((event) => (event.type === type && 'text' in event ? [event.text] : []))
  return { child, events, error, text: of('text-delta').join(''), thoughts: of('reasoning-delta').join('') }
}

test('text: what is repeated of the conversation is none of it', async () => {
  const { events, text } = await play('text')
  expect(text).toBe('Hello world')
  expect(events[0]).toMatchObject({ type: 'stream-start', model: 'gemini-2.5-flash' })
  expect(events.slice(-2)).toEqual([
    { type: 'usage', usage: { input: 17, output: 5, cachedRead: 0, cacheWrite: 0, reasoning: 0 } },
    { type: 'finish', reason: 'stop' },
  ])
})

test('the prompt is empty: the conversation holds the question', async () => {
  const { child } = await play('text')
  expect(child.told.map(({ method }) => method)).toEqual(['session/load', 'session/set_model', 'session/prompt'])
  expect(child.told.at(-1)?.params).toMatchObject({ prompt: [{ type: 'text', text: '' }] })
})

test('thoughts, without the titles that the CLI makes up', async () => {
  const { text, thoughts } = await play('thinking')
  expect(thoughts).toBe('**Plan**\nFirst this.\n\nThen that.')
  expect(text).toBe('Yes.')
})

test('an answer that fills what it may have is cut off', async () => {
  expect((await play('max-tokens', { maxTokens: 5 })).events.at(-1)).toEqual({ type: 'finish', reason: 'length' })
  expect((await play('max-tokens', { maxTokens: 6 })).events.at(-1)).toEqual({ type: 'finish', reason: 'stop' })
})

describe('failures', () => {
  const CASES: [string, string, string][] = [
    ['empty', 'provider_error', ''],
    ['truncated', 'provider_error', 'onetwo'],
    ['cut', 'provider_error', 'onetwo'],
    ['unknown-tool', 'provider_error', ''],
    ['401', 'provider_login_required', ''],
    ['404', 'model_not_found', ''],
    ['429', 'rate_limit_exceeded', ''],
    ['503', 'overloaded', ''],
  ]
  test.each(CASES)('%s', async (name, code, said) => {
    const { error, text, events } = await play(name)
    expect(error).toMatchObject({ code })
    expect(text).toBe(said)
    expect(events.some(({ type }) => type === 'finish')).toBe(false)
  })

  test('a tool that is asked for: the answer is no, and the turn is over', async () => {
    const { child, error } = await play('tool')
    expect(error).toMatchObject({ code: 'provider_error', message: expect.stringContaining('chat mode forbids') })
    const answered = child.told.find(({ method, result }) => method === undefined && result !== undefined)
    expect(answered?.result).toEqual({ outcome: { outcome: 'cancelled' } })
  })
})
