// Records what the pinned Claude Code prints, as test/real/fixtures/claude/*.jsonl: `bun test/real/harness/record-claude/main.ts`.
// Run it again after a new CLI version and read the diff.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { failsAfter, cutAfter } from '../../../upstream/replies/faults.ts'
import { failure, rateLimited } from '../../../upstream/replies/failures.ts'
import { refused, stopped, stoppedAt } from '../../../upstream/replies/stops.ts'
import { usageLimitReached } from '../../../upstream/replies/subscription.ts'
import { text } from '../../../upstream/replies/text.ts'
import { redactedThinking, thinking } from '../../../upstream/replies/thinking.ts'
import { toolCalls } from '../../../upstream/replies/tool-calls.ts'
import { unicode } from '../../../upstream/replies/unicode.ts'
import type { ReplySource } from '../../../upstream/reply.ts'
import { startUpstream } from '../../../upstream/upstream.ts'
import { temporaryHome } from '../real-cli.ts'
import { startSession } from './session.ts'

const FOLDER = join(import.meta.dir, '../../fixtures/claude')
const SUBSCRIPTION = { ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-dummy' }
/** 2033: a reset time that never passes while the fixtures are in use. */
const RESETS_AT = 2_000_000_000
const WEATHER = {
  name: 'get_weather',
  description: 'The weather of a city',
  inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const PARIS = { name: 'get_weather', arguments: { city: 'Paris' } }
const ROME = { name: 'get_weather', arguments: { city: 'Rome' } }

type Scene = { reply: ReplySource; environment?: Record<string, string>; tools?: unknown[] }

const SCENES: Record<string, Scene> = {
  text: { reply: text(['Hello', ', ', 'world', '.']) },
  unicode: { reply: unicode() },
  'text-subscription': { reply: text(['Hello']), environment: SUBSCRIPTION },
  thinking: { reply: thinking(['Let me ', 'think.'], ['Done', '.']) },
  'redacted-thinking': { reply: redactedThinking(['Done.']) },
  'tool-call': { reply: toolCalls([PARIS], { text: ['I look ', 'it up.'] }), tools: [WEATHER] },
  'tool-calls-parallel': { reply: toolCalls([PARIS, ROME]), tools: [WEATHER] },
  'tool-call-broken-arguments': {
    reply: toolCalls([{ name: 'get_weather', arguments: ['{"city": ', '"Par'] }]),
    tools: [WEATHER],
  },
  'stop-sequence': { reply: stoppedAt('END', ['One, two']) },
  'max-tokens': { reply: stopped('max_tokens', ['This goes on']) },
  'context-window-exceeded': { reply: stopped('model_context_window_exceeded', ['This goes on']) },
  'pause-turn': { reply: stopped('pause_turn', ['Wait']) },
  refusal: { reply: refused(['I ca']) },
  empty: { reply: text([]) },
  'error-400': { reply: failure(400, { message: 'messages.0: bad' }) },
  'error-400-too-long': {
    reply: failure(400, { message: 'prompt is too long: 300000 tokens > 200000 maximum' }),
  },
  'error-401': { reply: failure(401, { message: 'invalid x-api-key' }) },
  'error-401-subscription': {
    reply: failure(401, { message: 'OAuth token has expired' }),
    environment: SUBSCRIPTION,
  },
  'error-403': { reply: failure(403, { message: 'not allowed' }) },
  'error-404': { reply: failure(404, { message: 'model: unknown' }) },
  'error-429': { reply: rateLimited() },
  'error-429-retry-after': { reply: rateLimited(1) },
  'error-429-usage-limit': { reply: usageLimitReached(RESETS_AT), environment: SUBSCRIPTION },
  'error-500': { reply: failure(500) },
  'error-529': { reply: failure(529, { message: 'Overloaded' }) },
  'error-mid-stream': { reply: failsAfter(['One', ', two']) },
  'cut-mid-stream': { reply: cutAfter(['One', ', two']) },
  'not-logged-in': { reply: text('never'), environment: { ANTHROPIC_API_KEY: '' } },
}

await using upstream = await disposableUpstream()
await mkdir(FOLDER, { recursive: true })
for (const [name, scene] of Object.entries(SCENES)) {
  await Bun.write(join(FOLDER, `${name}.jsonl`), await record(scene))
  console.log(name)
}

async function record(scene: Scene): Promise<string> {
  upstream.reset()
  upstream.default = scene.reply
  await using home = await temporaryHome()
  const tools: unknown[] = []
  await using session = await startSession(upstream.url, home.path, scene.environment ?? {}, tools)
  tools.push(...(scene.tools ?? []))
  session.send(
    {
      type: 'control_request',
      request_id: 'tools',
      request: {
        subtype: 'mcp_message',
        server_name: 'client',
        message: { jsonrpc: '2.0', method: 'notifications/tools/list_changed' },
      },
    },
    {
      type: 'control_request',
      request_id: 'settings',
      request: { subtype: 'apply_flag_settings', settings: { model: 'claude-sonnet-5-5' } },
    },
    {
      type: 'user',
      uuid: '00000000-0000-4000-8000-000000000001',
      client_composed: true,
      message: { role: 'user', content: 'Hi' },
      parent_tool_use_id: null,
      session_id: '',
    },
  )
  await session.until((line) => line.type === 'result')
  return session.lines.map((line) => `${anonymous(line, home.path)}\n`).join('')
}

/** Without the paths and ports of this machine and this run. */
function anonymous(line: string, home: string): string {
  return line
    .replaceAll(home, '/home/cligate')
    .replaceAll(home.replaceAll('/', '-'), '-home-cligate')
    .replaceAll(`127.0.0.1:${upstream.port}`, '127.0.0.1:4110')
}

async function disposableUpstream() {
  const started = await startUpstream()
  return Object.assign(started, { [Symbol.asyncDispose]: () => started.stop() })
}
