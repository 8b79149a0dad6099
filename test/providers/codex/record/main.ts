// Records what the pinned Codex says during a turn, as test/real/fixtures/codex/*.jsonl: `bun test/providers/codex/record/main.ts`.
// Run it again after a new version of the CLI and read the diff. With names of scenes, only those are recorded.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { bootCodex } from '../../../../src/providers/codex/boot.ts'
import { readCatalog } from '../../../../src/providers/codex/catalog.ts'
import type { Message } from '../../../../src/providers/codex/events.ts'
import { findCodex } from '../../../../src/providers/codex/executable.ts'
import type { CodexWorker } from '../../../../src/providers/codex/worker.ts'
import type { DynamicTool } from '../../../../src/providers/codex/tools.ts'
import { codexLimitHeaders } from '../../../upstream/openai-responses/limits.ts'
import { failure, rateLimited } from '../../../upstream/replies/failures.ts'
import { cut, cutAfter, failsAfter, truncatedAfter } from '../../../upstream/replies/faults.ts'
import { refused, stopped } from '../../../upstream/replies/stops.ts'
import { text } from '../../../upstream/replies/text.ts'
import { redactedThinking, thinking } from '../../../upstream/replies/thinking.ts'
import { toolCalls } from '../../../upstream/replies/tool-calls.ts'
import { unicode } from '../../../upstream/replies/unicode.ts'
import { answer, type Failure, type ReplySource } from '../../../upstream/reply.ts'
import { codexWorld, MODEL } from '../world.ts'
import { refusal, wholeItem } from '../replies.ts'

const FOLDER = join(import.meta.dir, '../../../real/fixtures/codex')
/** 2033: a time that never passes while the fixtures are in use. */
const RESETS_AT = 2_000_000_000
const USED_UP = codexLimitHeaders({
  primary: { usedPercent: 100, windowMinutes: 300, resetsAt: RESETS_AT },
  secondary: { usedPercent: 13, windowMinutes: 10_080, resetsAt: RESETS_AT + 86_400 },
})

const inStream = (status: number, kind: string, message = `simulated ${kind}`) =>
  answer(() => [{ type: 'failure', failure: { ...failure(status, { kind, message }) } satisfies Failure }])

const WEATHER: DynamicTool = {
  type: 'function',
  name: 'get_weather',
  description: 'The weather of a city.',
  inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const CALL = { name: 'get_weather', arguments: { city: 'Oslo' }, id: 'call_oslo' }

const SCENES: Record<string, { reply: ReplySource; provider?: 'openai'; tools?: DynamicTool[] }> = {
  text: { reply: text(['Hello', ', ', 'world', '.']) },
  unicode: { reply: unicode() },
  empty: { reply: text([]) },
  reasoning: { reply: thinking(['Let me ', 'think.'], ['Done', '.']) },
  'reasoning-parts': {
    reply: answer(() => [
      { type: 'thinking', text: '**First** this.' },
      { type: 'next-block' },
      { type: 'thinking', text: '**Then** that.' },
      { type: 'signature', signature: 'c2VhbGVk' },
      { type: 'text', text: 'Done.' },
    ]),
  },
  'reasoning-sealed': { reply: redactedThinking(['Done.']) },
  'two-messages': {
    reply: answer(() => [{ type: 'text', text: 'I begin.' }, { type: 'next-block' }, { type: 'text', text: 'Done.' }]),
  },
  'without-deltas': { reply: wholeItem('All at once.') },
  refusal: { reply: refusal('I cannot help with that.') },
  'max-tokens': { reply: stopped('max_tokens', ['This goes ', 'on']) },
  'content-filter': { reply: refused(['This is ', 'not']) },
  'tool-call': { reply: toolCalls([{ name: 'exec_command', arguments: { cmd: 'id' } }], { text: ['I look.'] }) },
  call: { reply: toolCalls([CALL]), tools: [WEATHER] },
  'calls-after-text': {
    reply: answer(() => [
      { type: 'thinking', text: 'I need it.' },
      { type: 'signature', signature: 'c2VhbGVk' },
      { type: 'text', text: 'I look.' },
      { type: 'tool-call', id: 'call_oslo', name: 'get_weather', pieces: ['{"city":"Oslo"}'] },
      { type: 'tool-call', id: 'call_rome', name: 'get_weather', pieces: ['{"city":', '"Rome"}'] },
    ]),
    tools: [WEATHER],
  },
  'call-broken': { reply: toolCalls([{ ...CALL, arguments: ['{"city":'] }]), tools: [WEATHER] },
  'tool-unknown': { reply: toolCalls([{ ...CALL, name: 'get_time' }]), tools: [WEATHER] },
  limits: {
    reply: text(['Hello'], {
      headers: codexLimitHeaders({ primary: { usedPercent: 42, windowMinutes: 300, resetsAt: RESETS_AT } }),
    }),
  },
  'error-400': { reply: failure(400, { message: 'Invalid value: input[0]' }) },
  'error-401': { reply: failure(401, { message: 'Incorrect API key provided' }) },
  'error-403': { reply: failure(403, { message: 'Country not supported' }) },
  'error-404': { reply: failure(404, { message: 'The model `x` does not exist or you do not have access to it.' }) },
  'error-413': { reply: failure(413) },
  'error-429': { reply: rateLimited() },
  'error-429-retry-after': { reply: rateLimited(7) },
  'error-429-quota': {
    reply: failure(429, { kind: 'insufficient_quota', message: 'You exceeded your current quota.' }),
  },
  'error-429-usage-limit': {
    reply: failure(429, { kind: 'usage_limit_reached', message: 'The usage limit has been reached', headers: USED_UP }),
  },
  'error-500': { reply: failure(500) },
  'error-502-html': { reply: failure(502, { body: '<html>bad gateway</html>' }) },
  'error-503': { reply: failure(503) },
  'error-503-overloaded': { reply: failure(503, { kind: 'server_is_overloaded' }) },
  'stream-rate-limit': { reply: inStream(429, 'rate_limit_exceeded', 'Rate limit reached. Please try again in 1.2s.') },
  'stream-context-length': { reply: inStream(400, 'context_length_exceeded') },
  'stream-quota': { reply: inStream(429, 'insufficient_quota') },
  'stream-overloaded': { reply: inStream(503, 'server_is_overloaded') },
  'stream-invalid-prompt': { reply: inStream(400, 'invalid_prompt', 'Invalid prompt: against the rules') },
  'stream-server-error': { reply: inStream(500, 'server_error') },
  'fails-mid-stream': { reply: failsAfter(['One', ', two'], 500, 'something failed') },
  'cut-mid-stream': { reply: cutAfter(['One', ', two']) },
  'ends-mid-stream': { reply: truncatedAfter(['One', ', two']) },
  'cut-before-head': { reply: cut() },
  'retries-429': { reply: rateLimited(7), provider: 'openai' },
  'retries-503': { reply: failure(503), provider: 'openai' },
}

await using world = await codexWorld({ provider: 'custom' })
const never = new AbortController().signal
const executable = findCodex({ configured: world.options.executable, path: undefined })!
const catalog = await readCatalog(world.options, executable, 'bundled', never)
const server = await bootCodex(world.options, { executable, catalog, onLimits: () => {} }, never)
await mkdir(FOLDER, { recursive: true })
const only = process.argv.slice(2)
for (const [name, { reply, provider = 'cligate-api', tools = [] }] of Object.entries(SCENES)) {
  if (only.length > 0 && !only.includes(name)) continue
  world.upstream.reset()
  world.upstream.default = reply
  const messages = await record(server, provider, tools)
  await Bun.write(
    join(FOLDER, `${name}.jsonl`),
    stable(messages.map((message) => `${JSON.stringify(message)}\n`).join('')),
  )
  console.log(name)
}
await server.dispose()

/** All that is said until the turn is over, or Codex begins to ask again, be it with the refusal of a tool call. */
async function record(server: CodexWorker, provider: string, tools: DynamicTool[]): Promise<Message[]> {
  const thread = await server.openThread({ model: MODEL, provider, withoutPrompt: true, tools }, never)
  const content = [{ type: 'input_text', text: 'hi' }]
  void thread.ask([{ type: 'message', role: 'user', content }], {})
  const messages: Message[] = []
  const isLast = ({ method, params }: Message) =>
    method === 'turn/completed' ||
    params['willRetry'] === true ||
    (tools.length === 0 ? JSON.stringify(params).includes('"function_call"') : method === 'rawResponse/completed')
  while (!messages.some(isLast)) messages.push(...(await thread.inbox.take()))
  await thread.close()
  return messages.slice(0, messages.findIndex(isLast) + 1)
}

/** The same for each recording: no ids, times and ports of this one. */
function stable(lines: string): string {
  const ids = new Map<string, string>()
  return lines
    .replace(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g, (id) => {
      if (!ids.has(id)) ids.set(id, `id-${ids.size + 1}`)
      return ids.get(id)!
    })
    .replace(/simulated_\d+/g, 'simulated_1')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:1')
    .replace(/"(\w+)":1[789]\d{11}(\.\d+)?/g, '"$1":1700000000000')
    .replace(/"(\w+)":1[789]\d{8}(\.\d+)?/g, '"$1":1700000000')
    .replace(/"durationMs":\d+/g, '"durationMs":1')
}
