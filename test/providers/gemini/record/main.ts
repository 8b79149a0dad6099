// Records what the real Gemini CLI writes during a turn, one file a case, for tests that need no CLI:
// `bun test/providers/gemini/record/main.ts`. Sessions and the numbers of requests get names of their own.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, request, user, assistant } from '../../claude/requests.ts'
import { realCli } from '../../../real/harness/real-cli.ts'
import { failure, rateLimited } from '../../../upstream/replies/failures.ts'
import { cutAfter, truncatedAfter } from '../../../upstream/replies/faults.ts'
import { stopped } from '../../../upstream/replies/stops.ts'
import { text } from '../../../upstream/replies/text.ts'
import { thinking } from '../../../upstream/replies/thinking.ts'
import { toolCalls } from '../../../upstream/replies/tool-calls.ts'
import type { ReplySource } from '../../../upstream/reply.ts'
import { geminiWorld } from '../world.ts'

const FOLDER = join(import.meta.dir, '../../../real/fixtures/gemini')

const CASES: Record<string, ReplySource> = {
  text: text(['Hello ', 'world']),
  thinking: thinking(['**Plan**\n\nFirst this.', 'Then that.'], ['Yes', '.'], { usage: { output: 9, thinking: 4 } }),
  'max-tokens': stopped('max_tokens', ['and then']),
  empty: text([]),
  truncated: truncatedAfter(['one', 'two']),
  cut: cutAfter(['one', 'two']),
  tool: toolCalls([{ name: 'google_web_search', arguments: { query: 'x' }, id: 'c1' }], { text: ['Let me see.'] }),
  'unknown-tool': toolCalls([{ name: 'run_shell_command', arguments: { command: 'ls' }, id: 'c1' }]),
  '401': failure(401),
  '404': failure(404, { message: 'models/none is not found for API version v1beta.' }),
  '429': rateLimited(30),
  '503': failure(503),
}

type Message = { id?: unknown; method?: string; result?: unknown; error?: unknown }

await using helper = await geminiWorld()
const output = join(helper.home, 'output')
const wrapper = join(helper.home, 'gemini-recorded')
const node = Bun.which('node') ?? 'node'
// The record first: the driver may end the process as soon as it reads a line.
const copy = `while IFS= read -r line; do printf '%s\\n' "$line" >>${output}; printf '%s\\n' "$line"; done`
writeFileSync(wrapper, `#!/bin/sh\n${node} ${realCli('gemini')} "$@" | ${copy}\n`)
chmodSync(wrapper, 0o755)
await using world = await geminiWorld({ executable: wrapper })
await world.driver.models(new AbortController().signal)

for (const [name, reply] of Object.entries(CASES)) {
  // The worker may be another one: then its start is recorded too, and passed over.
  const before = readFileSync(output).length
  world.upstream.reset()
  world.upstream.next(reply)
  const messages = [user('one'), assistant('two'), user('three')]
  const asked = request(messages, { model: 'gemini-2.5-flash' })
  await Array.fromAsync(run(world.driver, asked)).catch(() => {})
  await Bun.sleep(300)
  const lines = readFileSync(output, 'utf8').slice(before).split('\n').filter(Boolean)
  writeFileSync(join(FOLDER, `${name}.jsonl`), recorded(lines))
  // Each case begins with a process that nothing has happened to.
  if (name.includes('tool')) await world.driver.models(new AbortController().signal)
}

/** From the first repeated message on; the answer to `session/load` comes somewhere among them. */
function recorded(lines: readonly string[]): string {
  const messages = lines.map((line) => JSON.parse(line) as Message)
  const isLoad = ({ result }: Message) => JSON.stringify(result)?.includes('"availableModels"')
  const load = messages.findLastIndex(isLoad)
  const start = messages.findLastIndex((message, position) => position < load && message.method === undefined) + 1
  const kept = messages.slice(start).filter((message) => !JSON.stringify(message).includes('available_commands_update'))
  for (const message of kept.filter(({ method }) => method === undefined)) {
    const isModel = JSON.stringify(message.result) === '{}'
    message.id = isLoad(message) ? 'session/load' : isModel ? 'session/set_model' : 'session/prompt'
    if (isLoad(message)) message.result = {}
  }
  return kept
    .map((message) => `${JSON.stringify(message).replace(/"sessionId":"[^"]+"/g, '"sessionId":"SESSION"')}\n`)
    .join('')
}
