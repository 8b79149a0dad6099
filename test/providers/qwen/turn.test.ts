// What the real Qwen Code said and wrote down (0.24.4, recorded by record/main.ts), as the events of a turn.
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assertOrder } from '../../../src/core/assert-order.ts'
import type { ChatEvent } from '../../../src/core/event.ts'
import type { AcpClient } from '../../../src/providers/acp-client.ts'
import { AcpSession } from '../../../src/providers/acp-client.ts'
import { Inbox } from '../../../src/providers/inbox.ts'
import type { AcpEvent } from '../../../src/providers/acp-types.ts'
import { functionNames } from '../../../src/providers/qwen/tools.ts'
import { type Answering, runTurn } from '../../../src/providers/qwen/turn.ts'
import { usageOf } from '../../../src/providers/qwen/usage.ts'
import type { OpenSession } from '../../../src/providers/qwen/worker.ts'

const FIXTURES = join(import.meta.dir, '../../real/fixtures/qwen')
const folder = mkdtempSync(join(tmpdir(), 'qwen-turn-'))
afterAll(() => rmSync(folder, { recursive: true }))

let sessions = 0

/** A session that says what was recorded, one event a read; without an answer to the prompt where none was recorded. */
function recorded(name: string, options: { report?: boolean; change?: (event: AcpEvent) => AcpEvent } = {}) {
  sessions += 1
  const logFolder = mkdtempSync(join(folder, `${sessions}-`))
  const events = readFileSync(join(FIXTURES, `${name}.events.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AcpEvent)
    .map(options.change ?? ((event) => event))
  const inbox = new Inbox<AcpEvent>()
  let cancelled = false
  const report = () => {
    if (options.report === false) return
    writeFileSync(join(logFolder, 'openai-1.json'), readFileSync(join(FIXTURES, `${name}.report.json`)))
  }
  const client = {
    request: async () => {
      for (const event of events) {
        // It is written before the tokens are told.
        if (usageOf(event) || event === events.at(-1)) report()
        inbox.push([event])
        await Bun.sleep(0)
      }
      report()
      return new Promise(() => {})
    },
    notify: () => void (cancelled = true),
  }
  const acp = new AcpSession(client as unknown as AcpClient, 'session', inbox, () => {})
  const session: OpenSession = { acp, logFolder, close: async () => {} }
  return { session, wasCancelled: () => cancelled }
}

type Playing = Parameters<typeof recorded>[1] & Partial<Answering>

async function played(name: string, options: Playing = {}) {
  const { session } = recorded(name, options)
  const events: ChatEvent[] = []
  const { maxTokens, names, parallel } = options
  const answering = { model: 'qwen3-coder-plus', maxTokens, names, parallel }
  for await (const batch of runTurn(session, answering, new AbortController().signal)) events.push(...batch)
  assertOrder(events)
  return events
}

const types = (events: ChatEvent[]) => events.map((event) => event.type)

describe('a whole answer', () => {
  test('of text', async () => {
    const events = await played('text')
    expect(types(events)).toEqual([
      'stream-start',
      'text-start',
      'text-delta',
      'text-delta',
      'text-end',
      'usage',
      'finish',
    ])
    expect(events.slice(-2)).toEqual([
      { type: 'usage', usage: { input: 17, output: 5, cachedRead: 4, cacheWrite: 0, reasoning: 0 } },
      { type: 'finish', reason: 'stop' },
    ])
  })

  test('with reasoning in front', async () => {
    const events = await played('reasoning')
    const blocks = events.filter((event) => /-(start|end)$/.test(event.type) && 'block' in event)
    expect(types(blocks)).toEqual(['reasoning-start', 'reasoning-end', 'text-start', 'text-end'])
    expect(events.find((event) => event.type === 'usage')).toMatchObject({ usage: { reasoning: 2 } })
  })

  test('that was cut at its length, as the service says it', async () => {
    expect((await played('length')).at(-1)).toEqual({ type: 'finish', reason: 'length' })
  })

  test('that was cut at its length, by the tokens where the service says nothing', async () => {
    expect((await played('length', { report: false, maxTokens: 5 })).at(-1)).toEqual({
      type: 'finish',
      reason: 'length',
    })
    expect((await played('length', { report: false, maxTokens: 6 })).at(-1)).toEqual({ type: 'finish', reason: 'stop' })
  })

  test('without a word', async () => {
    expect(types(await played('empty'))).toEqual(['stream-start', 'usage', 'finish'])
  })
})

describe('a call of a function that was offered', () => {
  const names = functionNames([{ name: 'run_shell_command', description: '', parameters: {}, strict: false }])
  const uncounted = (event: AcpEvent): AcpEvent => {
    if (event.type === 'update' && event.update.sessionUpdate === 'agent_message_chunk') event.update._meta = null
    return event
  }

  test.each<[string, Playing]>([
    ['with its tokens', {}],
    ['without', { change: uncounted }],
  ])('ends the turn, %s', async (_, options) => {
    const events = await played('tool-call', { names, ...options })
    expect(events).toMatchObject([
      { type: 'stream-start' },
      { type: 'tool-call-start', block: 0, id: 'call_1', name: 'run_shell_command' },
      { type: 'tool-call-delta', block: 0, arguments: '{"command":"id"}' },
      { type: 'tool-call-end', block: 0 },
      { type: 'usage', usage: { input: 17, output: 5 } },
      { type: 'finish', reason: 'tool-calls' },
    ])
  })

  test('of which nothing is written down is no answer', async () => {
    const lost = played('tool-call', { names, report: false, change: uncounted })
    expect(await lost.catch((error: unknown) => error)).toMatchObject({ code: 'provider_error' })
  })
})

describe('no whole answer', () => {
  test('is a failure that Qwen Code would try again in silence', async () => {
    expect(await played('rate-limited').catch((error: unknown) => error)).toMatchObject({
      code: 'rate_limit_exceeded',
      retryAfter: 7,
    })
  })

  test('is a connection that breaks', async () => {
    expect(await played('cut').catch((error: unknown) => error)).toMatchObject({
      code: 'provider_error',
      message: 'The connection to the model service broke before the answer was complete.',
    })
  })

  test('is a stream without its end', async () => {
    expect(await played('truncated').catch((error: unknown) => error)).toMatchObject({
      message: 'The model service ended the answer before it was complete.',
    })
  })

  test('is what somebody else has stopped', async () => {
    const cancel = (event: AcpEvent): AcpEvent => {
      if (event.type === 'stop') return { type: 'stop', response: { stopReason: 'cancelled' } }
      if (event.type === 'update') event.update._meta = null
      return event
    }
    expect(await played('text', { change: cancel }).catch((error: unknown) => error)).toMatchObject({
      code: 'provider_error',
    })
  })

  test('is a call of a tool: nothing behind it counts', async () => {
    const { session, wasCancelled } = recorded('tool-call')
    const answering = { model: 'm', maxTokens: undefined }
    const reading = (async () => {
      for await (const batch of runTurn(session, answering, new AbortController().signal)) expect(batch).toEqual([])
    })()
    await expect(reading).rejects.toMatchObject({
      code: 'provider_error',
      message: expect.stringContaining('run_shell_command'),
    })
    expect(wasCancelled()).toBe(true)
  })
})

test('a caller who leaves stops it', async () => {
  const { session, wasCancelled } = recorded('truncated', { report: false })
  const abort = new AbortController()
  const reading = (async () => {
    for await (const batch of runTurn(session, { model: 'm', maxTokens: undefined }, abort.signal)) {
      if (batch.length > 0) abort.abort(new Error('left'))
    }
  })()
  await expect(reading).rejects.toThrow('left')
  expect(wasCancelled()).toBe(true)
})
