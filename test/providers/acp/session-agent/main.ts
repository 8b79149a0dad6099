// An agent for tests that keeps count of its sessions: `bun session-agent/main.ts` speaks ACP on its stdin and stdout, and answers with the
// name of the session. What it is told is in the file that LOG names, one line each. CLOSE: it can close sessions. LOGIN: a file without
// which it has no login. SLOW: how long it takes to open a session, in milliseconds. DIES: while there is this file, it ends when it is
// asked for one.
import { appendFileSync, existsSync } from 'node:fs'
import { createInterface } from 'node:readline'

const { LOG = '/dev/null', CLOSE, DIES, LOGIN, SLOW = '0' } = process.env
const write = (message: object) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
let count = 0

async function open(id: unknown, servers: { url: string }[]): Promise<void> {
  count += 1
  const sessionId = `s${count}`
  await Bun.sleep(Number(SLOW))
  const list = JSON.stringify({ jsonrpc: '2.0', id: sessionId, method: 'tools/list', params: {} })
  for (const { url } of servers) await fetch(url, { method: 'POST', body: list })
  if (LOGIN && !existsSync(LOGIN)) write({ id, error: { code: -32000, message: 'Authentication required' } })
  else write({ id, result: { sessionId } })
}

for await (const line of createInterface(process.stdin)) {
  const { id, method, params } = JSON.parse(line)
  if (method?.startsWith('session/')) {
    const functions = params.mcpServers?.length ? 'with functions' : undefined
    const said = [process.pid, method.slice(8), params.sessionId, functions]
    appendFileSync(LOG, `${said.filter(Boolean).join(' ')}\n`)
  }
  switch (method) {
    case 'initialize': {
      const sessionCapabilities = CLOSE ? { close: {}, delete: {} } : {}
      const agentCapabilities = { mcpCapabilities: { http: true }, sessionCapabilities }
      write({ id, result: { protocolVersion: 1, agentCapabilities } })
      break
    }
    case 'session/new':
      if (DIES && existsSync(DIES)) process.exit(1)
      void open(id, params.mcpServers)
      break
    case 'session/prompt': {
      const { sessionId } = params
      const content = { type: 'text', text: `in ${sessionId}` }
      write({
        method: 'session/update',
        params: { sessionId, update: { sessionUpdate: 'agent_message_chunk', content } },
      })
      write({ id, result: { stopReason: 'end_turn' } })
      break
    }
    case 'session/close':
    case 'session/delete':
      write({ id, result: {} })
      break
    default:
      if (id !== undefined) write({ id, error: { code: -32601, message: 'no' } })
  }
}
