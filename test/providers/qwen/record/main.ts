// Records what the real Qwen Code says over its protocol, and what it writes down, for tests without it:
// `bun test/providers/qwen/record/main.ts` writes test/real/fixtures/qwen.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AcpEvent } from '../../../../src/providers/acp-types.ts'
import { bootQwen } from '../../../../src/providers/qwen/boot.ts'
import { findQwen } from '../../../../src/providers/qwen/executable.ts'
import { INERT_TOOLS } from '../../../../src/providers/qwen/tools.ts'
import { toConversation } from '../../../../src/providers/qwen/history.ts'
import { turnSettings } from '../../../../src/providers/qwen/settings.ts'
import { user } from '../../claude/requests.ts'
import { failure } from '../../../upstream/replies/failures.ts'
import { cutAfter, truncatedAfter } from '../../../upstream/replies/faults.ts'
import { stopped } from '../../../upstream/replies/stops.ts'
import { text } from '../../../upstream/replies/text.ts'
import { thinking } from '../../../upstream/replies/thinking.ts'
import { toolCalls } from '../../../upstream/replies/tool-calls.ts'
import type { Reply } from '../../../upstream/reply.ts'
import { MODEL, qwenWorld } from '../world.ts'

const REPLIES: Record<string, Reply> = {
  text: text(['Hel', 'lo']),
  reasoning: thinking(['hm ', 'yes'], ['Six', '.']),
  length: stopped('max_tokens', ['So ', 'long']),
  empty: text([]),
  truncated: truncatedAfter(['one ', 'two ']),
  cut: cutAfter(['one ', 'two ']),
  'rate-limited': failure(429, { message: 'Too many requests. Please try again in 7s.' }),
  'tool-call': toolCalls([{ name: 'run_shell_command', arguments: { command: 'id' }, id: 'call_1' }]),
}

const folder = join(import.meta.dir, '../../../real/fixtures/qwen')
mkdirSync(folder, { recursive: true })
await using world = await qwenWorld()
const { signal } = new AbortController()
const installation = findQwen({ configured: world.options.executable, path: process.env['PATH'], node: undefined })!
const worker = await bootQwen(world.options, installation, signal)
for (const [name, reply] of Object.entries(REPLIES)) {
  world.upstream.default = reply
  const conversation = toConversation([], [user('hi')])
  const login = { hasKey: true, baseUrl: `${world.upstream.url}/v1` }
  const parameters = { sampling: {}, reasoning: undefined, functions: INERT_TOOLS }
  const settings = (logFolder: string) =>
    turnSettings({ model: MODEL, configured: undefined, login, parameters, logFolder })
  const session = await worker.open({ conversation, model: MODEL, settings }, signal)
  const events: AcpEvent[] = []
  const enough = AbortSignal.timeout(700)
  try {
    for await (const batch of session.acp.prompt([], {
      meta: { 'qwen.daemon.continueLastTurn': true },
      signal: enough,
    })) {
      events.push(...batch)
    }
  } catch {
    // It asks again, or it fails: what came is what counts.
  }
  const [report] = readdirSync(session.logFolder).toSorted()
  writeFileSync(
    join(folder, `${name}.report.json`),
    readFileSync(join(session.logFolder, report!), 'utf8').replaceAll(/file:\/\/[^)]*/g, 'file'),
  )
  const lines = events.filter(
    (event) => event.type !== 'update' || event.update.sessionUpdate !== 'available_commands_update',
  )
  writeFileSync(join(folder, `${name}.events.jsonl`), lines.map((event) => `${JSON.stringify(event)}\n`).join(''))
  await session.close()
}
await worker.dispose()
