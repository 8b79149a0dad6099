// Everything that reads what others wrote, on arbitrary and on slightly wrong input: it reads it, or refuses it as it should. Never
// another error, never an order of events that encoders do not expect, never a wait. Again with the same input: CLIGATE_SEED=… bun test …
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkUrl } from '../../src/content/url-guard.ts'
import { assertOrder } from '../../src/core/assert-order.ts'
import { collect } from '../../src/core/collect.ts'
import { GatewayError } from '../../src/core/error.ts'
import type { ChatEvent, ChoiceBatch } from '../../src/core/event.ts'
import type { ChatRequest } from '../../src/core/request.ts'
import { anthropicMessages } from '../../src/dialects/anthropic-messages/dialect.ts'
import { gemini as geminiApi } from '../../src/dialects/gemini/dialect.ts'
import { openaiChat } from '../../src/dialects/openai-chat/dialect.ts'
import { openaiResponses } from '../../src/dialects/openai-responses/dialect.ts'
import { openaiCompletions as completionsApi } from '../../src/dialects/openai-completions/dialect.ts'
import type { StreamEncoder } from '../../src/dialects/dialect.ts'
import { readJson } from '../../src/http/body.ts'
import { DIALECTS } from '../../src/http/known-dialects.ts'
import { clientAddress } from '../../src/policy/client-address.ts'
import { answerState, endEvents, readEvents } from '../../src/providers/acp-events.ts'
import { childStream } from '../../src/providers/acp-stream.ts'
import type { AcpEvent } from '../../src/providers/acp-types.ts'
import { usageOf as usageOfAgent } from '../../src/providers/acp/usage.ts'
import { finishEvents, readLine } from '../../src/providers/claude/events.ts'
import { hostAnswer } from '../../src/providers/claude/frames.ts'
import { turnState as claudeTurn } from '../../src/providers/claude/turn-state.ts'
import { type Message, readMessage } from '../../src/providers/codex/events.ts'
import { turnState as codexTurn } from '../../src/providers/codex/turn-state.ts'
import { Thoughts } from '../../src/providers/gemini/thoughts.ts'
import { recordedUsage, reportedUsage } from '../../src/providers/gemini/usage.ts'
import { isCall } from '../../src/providers/qwen/calls.ts'
import { parseReport, readCalls, readReport } from '../../src/providers/qwen/report.ts'
import { usageOf as usageOfQwen } from '../../src/providers/qwen/usage.ts'
import { readMessage as readMcpMessage } from '../../src/tools/mcp-messages.ts'
import { parseJsonLine } from '../../src/process/json-lines.ts'
import { splitLines } from '../../src/process/lines.ts'
import type { Child } from '../../src/process/spawn.ts'
import { batchSizes, chatRequest, inBatches, orderedEvents } from '../core/samples.ts'
import { VALID } from './fuzz-bodies.ts'
import { announcedSeed, anything, mutated, mutatedList } from './mutations.ts'

const seed = announcedSeed('fuzz')
const runs = (numRuns: number) => ({ seed, numRuns, includeErrorInReport: true })
const FIXTURES = join(import.meta.dir, '../real/fixtures')

let slowest = 0
/** Runs something that may throw errors of the gateway with a status of a client's fault, and no others. */
function refusable<Result>(action: () => Result, most = 499): Result | undefined {
  const started = performance.now()
  try {
    return action()
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown
    expect(thrown.status).toBeGreaterThanOrEqual(400)
    expect(thrown.status).toBeLessThanOrEqual(most)
    expect(thrown.code).not.toBe('internal_error')
    return undefined
  } finally {
    slowest = Math.max(slowest, performance.now() - started)
  }
}

afterAll(() => {
  // Nothing here takes more than some milliseconds; a regular expression that runs away takes for ever.
  expect(slowest).toBeLessThan(5000)
})

describe.each(DIALECTS.map((dialect) => [dialect.name, dialect] as const))('requests of %s', (name, dialect) => {
  const samples = VALID[name] ?? Object.values(VALID).flat()

  test('the samples are read, so that they are worth being made wrong', () => {
    for (const sample of VALID[name] ?? []) {
      try {
        expect(dialect.decode(sample, 'demo/echo').model).toStartWith('demo/')
      } catch (thrown) {
        // Right, but with something that is not to be had here.
        expect(thrown).toMatchObject({ code: 'unsupported_parameter' })
      }
    }
  })

  test('slightly wrong', () => {
    const seen = { read: 0, refused: 0 }
    fc.assert(
      fc.property(mutated(samples), (body) => {
        // By way of text, as it comes.
        const request = refusable(() => dialect.decode(JSON.parse(JSON.stringify(body ?? null)), 'demo/echo'))
        seen[request ? 'read' : 'refused'] += 1
        for (const path of request?.unsupported ?? []) expect(path).toMatch(/^[\x20-\x7e]+$/)
        expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
      }),
      runs(1500),
    )
    if (VALID[name]) expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(50)
  })

  test('anything', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (body, model) => void refusable(() => dialect.decode(body, model))),
      runs(400),
    )
  })
})

test('bytes of a body', async () => {
  const texts = Object.values(VALID)
    .flat()
    .map((body) => new TextEncoder().encode(JSON.stringify(body)))
  const edits = fc.array(fc.tuple(fc.nat(5000), fc.integer({ min: 0, max: 255 }), fc.boolean()), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...texts), edits, async (text, changes) => {
      let bytes = Uint8Array.from(text)
      for (const [at, byte, cut] of changes) {
        if (cut) bytes = bytes.slice(0, at % (bytes.length + 1))
        else if (bytes.length > 0) bytes[at % bytes.length] = byte
      }
      const headers = { 'content-type': 'application/json' }
      const request = new Request('http://localhost/', { method: 'POST', headers, body: bytes })
      await readJson(request, 1e6).catch((thrown: unknown) => {
        if (!(thrown instanceof GatewayError)) throw thrown
        expect(thrown.status).toBe(400)
      })
    }),
    runs(500),
  )
})

/** A prefix of a right answer, ended by an error where it is not whole. */
function expectOrdered(events: readonly ChatEvent[]): void {
  if (events.length === 0) return
  const last = events.at(-1)!.type
  const over = last === 'finish' || last === 'error'
  assertOrder(over ? events : [...events, { type: 'error', error: new GatewayError('provider_error', 'cut') }])
  for (const event of events) {
    if ('text' in event) expect(event.text).toBeString()
    if ('arguments' in event) expect(event.arguments).toBeString()
  }
}

/** The lines of each recording of a CLI. */
function recordings(cli: string): unknown[][] {
  return readdirSync(join(FIXTURES, cli))
    .filter((file) => file.endsWith('.jsonl'))
    .map((file) =>
      readFileSync(join(FIXTURES, cli, file), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .slice(0, 40)
        .map((line) => JSON.parse(line) as unknown),
    )
    .filter((lines) => lines.length > 0)
}

/** What reaches a translator is an object; all else ends earlier. */
const objectsIn = (lines: readonly unknown[]) =>
  lines.filter(
    (line): line is Record<string, unknown> => typeof line === 'object' && line !== null && !Array.isArray(line),
  )

describe('what a CLI says', () => {
  test('Claude Code', () => {
    fc.assert(
      fc.property(mutatedList(recordings('claude')), (lines) => {
        const state = claudeTurn('00000000-0000-4000-8000-000000000001', 1)
        const events: ChatEvent[] = []
        refusable(() => {
          for (const line of objectsIn(lines)) {
            hostAnswer(line, '[]')
            if (state.phase === 'over' || state.phase === 'failed') break
            events.push(...readLine(state, line))
          }
          if (state.phase === 'over' || state.phase === 'stopped') events.push(...finishEvents(state))
        }, 599)
        expectOrdered(events)
      }),
      runs(1500),
    )
  })

  test('Codex', () => {
    fc.assert(
      fc.property(mutatedList(recordings('codex')), fc.boolean(), (lines, web) => {
        const options = {
          model: 'm',
          now: 1,
          estimateInput: () => 1,
          retries: true,
          web,
          limits: () => [],
          toCaller: (name: string) => name,
        }
        const state = codexTurn(options)
        const events: ChatEvent[] = []
        refusable(() => {
          for (const { method, params } of objectsIn(lines)) {
            if (typeof method !== 'string' || typeof params !== 'object' || params === null) continue
            events.push(...readMessage(state, { method, params } as Message))
          }
        }, 599)
        expectOrdered(events)
      }),
      runs(1500),
    )
  })

  /** Lines as an agent would write them, whichever way a recording holds them. */
  const asLines = (lines: readonly unknown[]) =>
    objectsIn(lines).map((line) =>
      JSON.stringify(
        'update' in line ? { jsonrpc: '2.0', method: 'session/update', params: { sessionId: 's', ...line } } : line,
      ),
    )

  /** The updates that come through, by reads of so many lines. */
  async function updates(lines: readonly string[], size: number): Promise<AcpEvent[][]> {
    const heard: AcpEvent[][] = []
    const over = Promise.withResolvers<unknown>()
    const child = {
      lines: (async function* () {
        for (let at = 0; at < lines.length; at += size) yield lines.slice(at, at + size)
      })(),
      write: () => true,
    }
    childStream(child as unknown as Child, {
      onUpdates: (all) =>
        void heard.push(...all.map(({ updates: some }) => some.map((update) => ({ type: 'update' as const, update })))),
      onEnd: over.resolve,
    })
    expect(await over.promise).toBeUndefined()
    return heard
  }

  test.each(['gemini', 'qwen'])('%s, and any agent that speaks ACP', async (cli) => {
    await fc.assert(
      fc.asyncProperty(mutatedList(recordings(cli)), batchSizes, async (lines, [size = 1]) => {
        const heard = await updates(asLines(lines), size)
        const state = answerState('Agent', 'm', 1)
        const thoughts = new Thoughts()
        const events: ChatEvent[] = []
        refusable(() => {
          for (const read of heard) {
            const some = thoughts.restore(read)
            for (const event of some) {
              isCall(event, { names: undefined })
              usageOfQwen(event)
            }
            usageOfAgent(some)
            events.push(...readEvents(state, some))
          }
          events.push(...endEvents(state), { type: 'finish', reason: 'stop' })
        }, 599)
        expectOrdered(events)
      }),
      runs(1000),
    )
  })

  test('what they write down of their tokens and failures', async () => {
    const reports = readdirSync(join(FIXTURES, 'qwen'))
      .filter((file) => file.endsWith('.json'))
      .map((file) => readFileSync(join(FIXTURES, 'qwen', file), 'utf8'))
    const folder = mkdtempSync(join(tmpdir(), 'cligate-fuzz-'))
    const cut = fc.tuple(
      fc.constantFrom(...reports),
      fc.nat(5000),
      fc.nat(5000),
      fc.string({ unit: 'binary', maxLength: 4 }),
    )
    try {
      await fc.assert(
        fc.asyncProperty(cut, anything, async ([report, from, length, more], value) => {
          const text = report.slice(0, from) + more + report.slice(from + (length % 50))
          parseReport(text)
          writeFileSync(join(folder, 'report.json'), text)
          await readReport(folder)
          for (const call of await readCalls(folder))
            expect([typeof call.id, typeof call.name, typeof call.arguments]).toEqual(['string', 'string', 'string'])
          recordedUsage(`{"tokens":${JSON.stringify(value ?? null)},"id":1}\n${text}`)
          reportedUsage({ stopReason: 'end_turn', _meta: { quota: value } } as never)
        }),
        runs(300),
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('calls of functions by MCP', () => {
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'f', arguments: { a: 1 } } }
    const hello = {
      jsonrpc: '2.0',
      id: 'a',
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {} },
    }
    fc.assert(
      fc.property(mutated([call, hello, [call, hello]]), (message) => void readMcpMessage(message)),
      runs(500),
    )
  })

  test('bytes that are no lines, lines that are no JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), async (chunks) => {
        const stream = (async function* () {
          yield* chunks
        })()
        for await (const lines of splitLines(stream)) for (const line of lines) parseJsonLine(line)
      }),
      runs(300),
    )
  })
})

describe('answers in any order that is one', () => {
  const context = { id: 'abc', model: 'demo/echo', created: 1 }
  const request = (changes: Partial<ChatRequest>) => chatRequest(changes)
  const completion = { model: 'demo/echo', prompt: 'hi', max_tokens: 5, stream: true }
  const call = (form: 'events' | 'array') => geminiApi({ model: 'demo/echo', form, body: { contents: [] } })
  const ENCODERS: [name: string, make: (count: number) => StreamEncoder, only?: 'text'][] = [
    ['openai-chat', (count) => openaiChat.stream(request({ count }), context)],
    ['anthropic-messages', () => anthropicMessages.stream(request({}), context)],
    ['gemini as events', (count) => call('events').stream(request({ count }), context)],
    ['gemini as an array', (count) => call('array').stream(request({ count }), context)],
    [
      'openai-responses',
      () => {
        const dialect = openaiResponses()
        dialect.decode({ model: 'demo/echo', input: 'hi', stream: true })
        return dialect.stream(request({}), context)
      },
    ],
    ['openai-completions', (count) => completionsApi(completion).stream(request({ count }), context)],
  ]

  test.each(ENCODERS)('%s', async (name, make) => {
    const choices = name === 'anthropic-messages' || name === 'openai-responses' ? 1 : 3
    const answers = fc.array(orderedEvents, { minLength: 1, maxLength: choices })
    await fc.assert(
      fc.asyncProperty(answers, batchSizes, fc.nat(60), fc.boolean(), async (all, sizes, cutAt, fails) => {
        const batches: ChoiceBatch[] = all.flatMap((events, choice) => {
          assertOrder(events)
          const cut: ChatEvent[] =
            fails && cutAt < events.length - 1
              ? [...events.slice(0, cutAt + 1), { type: 'error', error: new GatewayError('provider_error', 'x') }]
              : events
          return inBatches(cut, sizes).map((part) => ({ choice, events: part }))
        })
        const encoder = make(all.length)
        let frames = ''
        for (const batch of batches) frames += encoder.push(batch)
        frames += encoder.end()
        expect(frames.length).toBeGreaterThan(0)
        if (name === 'gemini as an array') JSON.parse(frames)
        else for (const [, data] of frames.matchAll(/^data: (.*)$/gm)) if (data !== '[DONE]') JSON.parse(data!)
        // Behind the end an encoder says nothing more, whatever comes.
        await collect(replay(batches)).catch((thrown: unknown) => {
          if (!(thrown instanceof GatewayError)) throw thrown
        })
      }),
      runs(300),
    )
  })

  async function* replay(batches: readonly ChoiceBatch[]): AsyncGenerator<ChoiceBatch> {
    yield* batches
  }
})

describe('heads', () => {
  test('URLs of images', () => {
    const text = fc.oneof(
      fc.webUrl({ withQueryParameters: true }),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('http://[', 'http://%', '//', 'http:'),
    )
    fc.assert(
      fc.property(text, text, (url, base) => {
        const first = refusable(() => checkUrl(base))
        refusable(() => checkUrl(url, 'p', first))
      }),
      runs(500),
    )
  })

  test('addresses of proxies', () => {
    const hop = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string(),
      fc.constantFrom('127.0.0.1', '::ffff:127.0.0.1', 'unknown', '_x', ''),
    )
    fc.assert(
      fc.property(fc.array(hop, { maxLength: 4 }), hop, (hops, socket) => {
        const address = clientAddress(socket, hops.join(','), ['127.0.0.1', '10.0.0.0/8', 'fc00::/7'])
        expect(address).toBeString()
        // Whoever is no proxy is who the socket says, whatever else is claimed.
        if (socket === '8.8.8.8') expect(address).toBe(socket)
      }),
      runs(500),
    )
  })
})

let folderOfState = ''
beforeAll(() => {
  folderOfState = mkdtempSync(join(tmpdir(), 'cligate-fuzz-'))
})
afterAll(() => rmSync(folderOfState, { recursive: true, force: true }))

test('files of state that were damaged', async () => {
  const { readKeyFile } = await import('../../src/store/key-file.ts')
  const file = join(folderOfState, 'keys.json')
  const key = {
    id: 'key_abcdefghijkl',
    name: 'x',
    hash: 'a'.repeat(64),
    prefix: 'cligate_',
    scopes: ['infer'],
    createdAt: 1,
  }
  const good = { version: 1, keys: [key, { ...key, revokedAt: 2 }] }
  fc.assert(
    fc.property(mutated([good]), fc.nat(400), fc.boolean(), (value, at, cut) => {
      const text = JSON.stringify(value ?? null)
      writeFileSync(file, cut ? text.slice(0, at) : text)
      try {
        for (const { hash, scopes } of readKeyFile(file)) {
          expect(hash).toMatch(/^[0-9a-f]{64}$/)
          for (const scope of scopes) expect(['infer', 'read', 'admin']).toContain(scope)
        }
      } catch (thrown) {
        // Never an empty list: that would be a gateway without keys.
        expect((thrown as Error).message).toContain('is damaged')
      }
    }),
    runs(300),
  )
})
