// The real Codex in front of cligate: it speaks nothing but /v1/responses, with its own tools in every request.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Batch, ChatEvent } from '../../src/core/event.ts'
import type { ChatRequest } from '../../src/core/request.ts'
import { listening, type SocketWorld } from '../http/world.ts'
import { temporaryHome } from '../real/harness/real-cli.ts'
import { runCodex } from './codex-client.ts'

setDefaultTimeout(120_000)

let home: Awaited<ReturnType<typeof temporaryHome>>
beforeAll(async () => {
  home = await temporaryHome()
})
afterAll(() => home[Symbol.asyncDispose]())

const start: ChatEvent = { type: 'stream-start', model: 'm', created: 1 }
const usage: ChatEvent = { type: 'usage', usage: { input: 10, output: 2, cachedRead: 4, cacheWrite: 0, reasoning: 1 } }
const says = (text: string): Batch => [
  start,
  { type: 'text-start', block: 0 },
  { type: 'text-delta', block: 0, text },
  { type: 'text-end', block: 0 },
  usage,
  { type: 'finish', reason: 'stop' },
]
const calls = (name: string, input: object): Batch => [
  start,
  { type: 'reasoning-start', block: 0 },
  { type: 'reasoning-delta', block: 0, text: 'I need a tool.' },
  { type: 'reasoning-end', block: 0, signature: 'c2lnbmF0dXJl' },
  { type: 'tool-call-start', block: 1, id: 'call_1', name },
  { type: 'tool-call-delta', block: 1, arguments: JSON.stringify(input) },
  { type: 'tool-call-end', block: 1 },
  usage,
  { type: 'finish', reason: 'tool-calls' },
]

/** A model that gives these answers one after the other, and keeps what it was asked. */
function model(...answers: Batch[]) {
  const asked: ChatRequest[] = []
  const gate: SocketWorld = listening({
    async *run({ request }) {
      asked.push(request)
      yield answers[asked.length - 1] ?? says('nothing more')
    },
  })
  return { asked, gate }
}

const codex = (gate: SocketWorld, name: string) => runCodex(home.path, `${gate.url.href}v1`, name)

describe('codex exec', () => {
  test.each(['gpt-5.5', 'demo/chat', 'gpt-6-sol'])('%s: is answered', async (name) => {
    const { asked, gate } = model(says('Hello from the gate.'))
    const { messages, code, stderr, events } = await codex(gate, name)
    expect({ messages, code }, stderr).toEqual({ messages: ['Hello from the gate.'], code: 0 })
    expect(events.at(-1)).toMatchObject({
      type: 'turn.completed',
      usage: { input_tokens: 10, cached_input_tokens: 4, output_tokens: 2, reasoning_output_tokens: 1 },
    })
    expect(asked).toHaveLength(1)
    expect(asked[0]!.tools.length).toBeGreaterThan(1)
    const said = asked[0]!.messages.flatMap(({ content }) => content.map((part) => ('text' in part ? part.text : '')))
    expect(said.at(-1)).toBe('Do it.')
    await gate.stop(0)
  })

  test('runs a function that the model calls, and sends result and signed thinking back', async () => {
    const { asked, gate } = model(calls('exec_command', { cmd: 'echo hello > made.txt; cat made.txt' }), says('Done.'))
    const { messages, stderr, work } = await codex(gate, 'gpt-5.5')
    expect(messages, stderr).toEqual(['Done.'])
    expect(readFileSync(join(work, 'made.txt'), 'utf8')).toBe('hello\n')
    expect(asked).toHaveLength(2)
    const [thought, called] = asked[1]!.messages.find(({ role }) => role === 'assistant')!.content
    expect(thought as object).toEqual({ type: 'reasoning', text: 'I need a tool.', signature: 'c2lnbmF0dXJl' })
    expect(called).toMatchObject({ type: 'tool-call', id: 'call_1', name: 'exec_command' })
    expect(JSON.stringify(asked[1]!.messages.find(({ role }) => role === 'tool'))).toContain('hello')
    await gate.stop(0)
  })

  test('runs a custom tool with a text for its input', async () => {
    const input = '*** Begin Patch\n*** Add File: patched.txt\n+from a "patch"\n*** End Patch\n'
    const { asked, gate } = model(calls('apply_patch', { input }), says('Patched.'))
    const { messages, stderr, work } = await codex(gate, 'gpt-5.5')
    expect(messages, stderr).toEqual(['Patched.'])
    expect(existsSync(join(work, 'patched.txt')), stderr).toBe(true)
    expect(readFileSync(join(work, 'patched.txt'), 'utf8')).toBe('from a "patch"\n')
    expect(asked[1]!.messages.some(({ role }) => role === 'tool')).toBe(true)
    await gate.stop(0)
  })

  test('runs a tool that stands in the input, as its newer models have all of theirs', async () => {
    const input = 'const r = await tools.exec_command({cmd: "echo from code"}); text(JSON.stringify(r));'
    const { asked, gate } = model(calls('exec', { input }), says('Ran.'))
    const { messages, stderr } = await codex(gate, 'gpt-6-sol')
    expect(messages, stderr).toEqual(['Ran.'])
    expect(JSON.stringify(asked[1]!.messages.find(({ role }) => role === 'tool'))).toContain('from code')
    await gate.stop(0)
  })

  test('runs a tool of a namespace', async () => {
    const { asked, gate } = model(calls('multi_agent_v1__close_agent', { target: 'nobody' }), says('Closed.'))
    const { messages, stderr } = await codex(gate, 'demo/chat')
    expect(messages, stderr).toEqual(['Closed.'])
    // Its own answer, and not that it knows no such tool.
    const result = JSON.stringify(asked[1]!.messages.find(({ role }) => role === 'tool'))
    expect(result).not.toContain('unsupported call')
    await gate.stop(0)
  })

  test('what is not honoured is named', async () => {
    const { gate } = model(says('Hello.'))
    await codex(gate, 'gpt-5.5')
    const line = gate.lines.find(({ path }) => path === '/v1/responses')
    expect(line?.ignored?.filter((path) => path.startsWith('tools'))).toHaveLength(3)
    await gate.stop(0)
  })
})
