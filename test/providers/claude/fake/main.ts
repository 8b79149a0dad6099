#!/usr/bin/env bun
// A Claude Code that starts as it should and then behaves as FAKE_MODE says. It asks no service.
import { setTimeout as sleep } from 'node:timers/promises'

const mode = process.env['FAKE_MODE'] ?? 'answer'
const versionFile = process.env['FAKE_VERSION_FILE']
const version = versionFile === undefined ? '2.1.329' : await Bun.file(versionFile).text()
const put = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`)
const streamed = (event: object) => put({ type: 'stream_event', event, parent_tool_use_id: null })

if (process.argv.includes('--version')) {
  console.log(`${version} (Claude Code)`)
  process.exit(0)
}
if (process.argv.includes('auth')) {
  console.log(JSON.stringify({ loggedIn: true, authMethod: 'api_key' }, null, 2))
  process.exit(0)
}
if (mode === 'dies-at-start') {
  console.error("error: unknown option '--setting-sources'")
  process.exit(1)
}
if (mode === 'says-nothing') await new Promise(() => setInterval(() => {}, 60_000))

let rest = ''
for await (const chunk of Bun.stdin.stream()) {
  rest += Buffer.from(chunk).toString()
  const lines = rest.split('\n')
  rest = lines.pop() ?? ''
  for (const line of lines) await take(JSON.parse(line))
}

type Frame = {
  type: string
  request_id?: string
  request?: { subtype: string; settings?: { model?: string; env?: object } }
  shouldQuery?: boolean
  uuid?: string
}

async function take(frame: Frame): Promise<void> {
  if (frame.type === 'control_request') {
    const { request_id } = frame
    if (frame.request?.subtype === 'initialize') {
      const account = { apiKeySource: 'ANTHROPIC_API_KEY', tokenSource: 'none' }
      const report = { account, models: [], claude_code_version: version }
      put({ type: 'control_response', response: { subtype: 'success', request_id, response: report } })
      const message = { method: 'tools/list', jsonrpc: '2.0', id: 1 }
      put({
        type: 'control_request',
        request_id: 'x',
        request: { subtype: 'mcp_message', server_name: 'client', message },
      })
      return
    }
    const isLaunch = frame.request?.settings?.model !== undefined
    const isTurn = frame.request?.settings?.env !== undefined
    if ((mode === 'refuses-launch' && isLaunch) || (mode === 'refuses-settings' && isTurn)) {
      put({ type: 'control_response', response: { subtype: 'error', request_id, error: 'no such setting in /home/u' } })
      return
    }
    if (mode === 'confirms-nothing' && isTurn) return
    put({ type: 'control_response', response: { subtype: 'success', request_id } })
    return
  }
  if (frame.type !== 'user') return
  if (frame.shouldQuery !== false) return answer()
  put({ type: 'result', subtype: 'success', is_error: false, user_message_uuid: frame.uuid })
}

async function answer(): Promise<void> {
  if (mode === 'crash-before') return crash()
  if (mode === 'garbage-before') process.stdout.write('\u0000\u001b[31mSegmentation fault\n')
  put({
    type: 'system',
    subtype: 'init',
    tools: mode === 'has-a-tool' ? ['Bash'] : [],
    mcp_servers: [{ name: 'client' }],
  })
  if (mode === 'hang') return
  streamed({ type: 'message_start', message: { model: 'fake', usage: {} } })
  streamed({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } })
  streamed({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hello' } })
  // What was said so far is one read, and what follows another.
  await sleep(mode === 'slow' ? 1500 : 50)
  switch (mode) {
    case 'crash':
      return crash()
    case 'exit':
      return process.exit(0)
    case 'garbage':
      process.stdout.write('{"type":"stream_ev\n')
      break
    case 'half-line':
      process.stdout.write('{"type":"stream_ev')
      return process.exit(0)
    case 'huge-line':
      return repeat('x'.repeat(1024 * 1024))
    case 'flood':
      return repeat(`${JSON.stringify({ type: 'noise', text: 'x'.repeat(1000) })}\n`.repeat(100))
    case 'stderr-flood':
      for (let count = 0; count < 200; count += 1) process.stderr.write('secret of this machine '.repeat(4000))
      break
    default:
      break
  }
  streamed({ type: 'content_block_stop', index: 0 })
  streamed({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: {} })
  if (mode === 'no-result') return
  if (mode === 'garbage-result') process.stdout.write('not json\n')
  put({ type: 'result', subtype: 'success', is_error: false, usage: {}, total_cost_usd: 0.5 })
}

function repeat(text: string): never {
  for (;;) process.stdout.write(text)
}

function crash(): void {
  console.error('panic: /home/u/secret.ts:1')
  process.kill(process.pid, 'SIGSEGV')
}
