// Functions through the official SDK and through the real Gemini CLI, over a real socket, with a provider made of fakes that calls
// them: what the provider is told the second time is what it said the first time.
import { type Content, FunctionCallingConfigMode, GoogleGenAI, Type } from '@google/genai'
import { expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Batch } from '../../../src/core/event.ts'
import type { ChatRequest } from '../../../src/core/request.ts'
import { listening, type SocketWorld } from '../../http/world.ts'
import { realCli, temporaryHome } from '../../real/harness/real-cli.ts'

setDefaultTimeout(60_000)

type Call = { id: string; name: string; arguments: string[] }

/** Thinks and calls once, and says `done` when it has results. */
function caller(calls: Call[]): SocketWorld & { seen: ChatRequest[] } {
  const seen: ChatRequest[] = []
  const made = listening({
    run: async function* ({ request }): AsyncGenerator<Batch> {
      seen.push(request)
      yield [{ type: 'stream-start', model: 'm', created: 0 }]
      const isAnswered = request.messages.at(-1)?.role === 'tool' || request.tools.length === 0
      yield* isAnswered ? answer() : thinkAndCall(calls)
    },
  })
  return { ...made, seen }
}

async function* answer(): AsyncGenerator<Batch> {
  yield [
    { type: 'text-start', block: 0 },
    { type: 'text-delta', block: 0, text: 'done' },
    { type: 'text-end', block: 0 },
    { type: 'finish', reason: 'stop' },
  ]
}

async function* thinkAndCall(calls: Call[]): AsyncGenerator<Batch> {
  yield [
    { type: 'reasoning-start', block: 0 },
    { type: 'reasoning-delta', block: 0, text: 'I need it.' },
    { type: 'reasoning-end', block: 0, encrypted: 'gAAAA_-of-another-provider' },
  ]
  for (const [index, { id, name, arguments: pieces }] of calls.entries()) {
    const block = index + 1
    yield [{ type: 'tool-call-start', block, id, name }]
    for (const piece of pieces) yield [{ type: 'tool-call-delta', block, arguments: piece }]
    yield [{ type: 'tool-call-end', block }]
  }
  yield [{ type: 'finish', reason: 'tool-calls' }]
}

const THOUGHT = { type: 'reasoning', text: 'I need it.', encrypted: 'gAAAA_-of-another-provider' }

test.each([true, false])('the SDK calls in parallel and gives the results back (streamed: %p)', async (streamed) => {
  await using made = caller([
    { id: 'toolu_1', name: 'weather', arguments: ['{"city"', ':"Paris"}'] },
    { id: 'toolu_2', name: 'weather', arguments: ['{"city":"Rome"}'] },
  ])
  const client = new GoogleGenAI({ apiKey: 'unused', httpOptions: { baseUrl: made.url.href } })
  const config = {
    tools: [
      {
        functionDeclarations: [
          {
            name: 'weather',
            description: 'Tells the weather.',
            parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ['city'] },
          },
        ],
      },
    ],
    toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } },
  }
  const contents: Content[] = [{ role: 'user', parts: [{ text: 'How is it there?' }] }]
  const parts: NonNullable<Content['parts']> = []
  if (streamed) {
    const stream = await client.models.generateContentStream({ model: 'demo/x', contents, config })
    for await (const chunk of stream) parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []))
  } else {
    const whole = await client.models.generateContent({ model: 'demo/x', contents, config })
    expect(whole.functionCalls).toHaveLength(2)
    parts.push(...whole.candidates![0]!.content!.parts!)
  }
  const calls = parts.flatMap(({ functionCall }) => functionCall ?? [])
  expect(calls).toEqual([
    { id: 'toolu_1', name: 'weather', args: { city: 'Paris' } },
    { id: 'toolu_2', name: 'weather', args: { city: 'Rome' } },
  ])
  contents.push({ role: 'model', parts })
  const results = calls.map(({ id, name, args }) => ({
    functionResponse: { id, name, response: { output: `sunny in ${String(args!['city'])}` } },
  }))
  contents.push({ role: 'user', parts: results })
  expect((await client.models.generateContent({ model: 'demo/x', contents, config })).text).toBe('done')

  const [first, second, ...rest] = made.seen
  expect(rest).toEqual([])
  expect(first).toMatchObject({ toolChoice: { type: 'required' }, stream: streamed })
  expect(first!.tools).toEqual([
    {
      name: 'weather',
      description: 'Tells the weather.',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      strict: false,
    },
  ])
  expect(second!.messages.slice(1) as object[]).toEqual([
    {
      role: 'assistant',
      content: [
        THOUGHT,
        { type: 'tool-call', id: 'toolu_1', name: 'weather', arguments: '{"city":"Paris"}' },
        { type: 'tool-call', id: 'toolu_2', name: 'weather', arguments: '{"city":"Rome"}' },
      ],
    },
    {
      role: 'tool',
      content: ['Paris', 'Rome'].map((city, index) => ({
        type: 'tool-result',
        id: `toolu_${index + 1}`,
        content: [{ type: 'text', text: `sunny in ${city}` }],
        isError: false,
      })),
    },
  ])
})

test('the real Gemini CLI runs a tool of its own that the model calls', async () => {
  await using home = await temporaryHome()
  const folder = join(home.path, 'project')
  mkdirSync(join(home.path, '.gemini'))
  mkdirSync(folder)
  writeFileSync(join(folder, 'canary-file.txt'), 'x')
  writeFileSync(
    join(home.path, '.gemini', 'settings.json'),
    JSON.stringify({
      security: { auth: { selectedType: 'gemini-api-key' } },
      privacy: { usageStatisticsEnabled: false },
      general: { disableAutoUpdate: true, disableUpdateNag: true },
    }),
  )
  await using made = caller([
    { id: 'toolu_1', name: 'list_directory', arguments: [JSON.stringify({ dir_path: folder })] },
  ])
  const child = Bun.spawn([realCli('gemini'), '-m', 'demo/x', '-p', 'What is here?'], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home.path,
      GEMINI_CLI_HOME: home.path,
      GEMINI_CLI_NO_RELAUNCH: '1',
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
      GEMINI_API_KEY: 'unused',
      GOOGLE_GEMINI_BASE_URL: made.url.href.replace(/\/$/, ''),
      HTTPS_PROXY: 'http://127.0.0.1:9',
      NO_PROXY: '127.0.0.1',
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [said, complaints] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  expect(said.trim(), complaints).toEndWith('done')
  expect(await child.exited).toBe(0)
  expect(made.lines.map(({ status }) => status)).toEqual(made.lines.map(() => 200))
  const first = made.seen.find(({ tools }) => tools.length > 0)!
  expect(first.tools.map(({ name }) => name)).toContain('list_directory')
  for (const { parameters } of first.tools) expect(parameters['type']).toBe('object')
  const last = made.seen.at(-1)!
  const answered = last.messages.findLast(({ role }) => role === 'assistant')
  expect(answered!.content as object[]).toMatchObject([THOUGHT, { type: 'tool-call', name: 'list_directory' }])
  expect(JSON.stringify(last.messages.at(-1))).toContain('canary-file.txt')
  expect(last.messages.at(-1)).toMatchObject({ role: 'tool', content: [{ isError: false }] })
})
