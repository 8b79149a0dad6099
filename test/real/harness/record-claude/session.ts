// One warm Claude Code process, driven by hand: just enough of its protocol to record what it prints.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cleanEnvironment, realCli } from '../real-cli.ts'

const ARGUMENTS = [
  '-p',
  '--verbose',
  '--include-partial-messages',
  '--output-format=stream-json',
  '--input-format=stream-json',
  '--tools=',
  '--setting-sources=',
  '--strict-mcp-config',
  '--no-session-persistence',
  '--disable-slash-commands',
  '--system-prompt=',
  '--max-turns=1',
]

/** What a line of the CLI may hold that this file looks at. */
export type Line = {
  type: string
  subtype?: string
  request_id?: string
  request?: { message?: { method?: string; id?: number; params?: { protocolVersion?: string } } }
  response?: { request_id?: string }
  event?: { type: string; delta?: { stop_reason?: string | null } }
  user_message_uuid?: string
  num_turns?: number
}

export type Session = {
  /** Every line so far, as printed. */
  lines: string[]
  send(...messages: unknown[]): void
  /** The first line, from the first one on, that `test` accepts. */
  until(test: (line: Line) => boolean): Promise<Line>
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts the CLI in `home` and takes it to the point where it waits for a request. `tools` are what it then learns. */
export async function startSession(url: string, home: string, extra: Record<string, string>, tools: unknown[]) {
  await mkdir(join(home, 'cwd'), { recursive: true })
  const child = Bun.spawn([realCli('claude'), ...ARGUMENTS], {
    cwd: join(home, 'cwd'),
    env: {
      ...cleanEnvironment(url, home),
      CLAUDE_CODE_DISABLE_ATTACHMENTS: '1',
      CLAUDE_AGENT_SDK_MCP_NO_PREFIX: '1',
      CLAUDE_CODE_MAX_RETRIES: '1',
      CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: '1',
      CLAUDE_CODE_DISABLE_REFUSAL_RETRY: '1',
      CLAUDE_CODE_DISABLE_REFUSAL_FALLBACK: '1',
      ...extra,
    },
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'ignore',
  })
  const lines: string[] = []
  const seen: Line[] = []
  const waiting = new Set<{ test: (line: Line) => boolean; found: (line: Line) => void }>()

  const session: Session = {
    lines,
    send(...messages) {
      void child.stdin.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(''))
      void child.stdin.flush()
    },
    until(test) {
      const already = seen.find(test)
      if (already) return Promise.resolve(already)
      const { promise, resolve } = Promise.withResolvers<Line>()
      waiting.add({ test, found: resolve })
      return promise
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await child.exited
    },
  }

  const take = (text: string) => {
    const line: Line = JSON.parse(text)
    lines.push(text)
    seen.push(line)
    answerMcp(session, line, tools)
    for (const waiter of waiting) {
      if (!waiter.test(line)) continue
      waiting.delete(waiter)
      waiter.found(line)
    }
  }
  void readLines(child.stdout, take)

  session.send({
    type: 'control_request',
    request_id: 'initialize',
    request: { subtype: 'initialize', sdkMcpServers: ['client'] },
  })
  await session.until((line) => line.response?.request_id === 'initialize')
  await session.until((line) => line.request?.message?.method === 'tools/list')
  return session
}

function answerMcp(session: Session, line: Line, tools: unknown[]): void {
  const message = line.request?.message
  if (!message) return
  const results: Record<string, unknown> = {
    initialize: {
      protocolVersion: message.params?.protocolVersion,
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: 'client', version: '1' },
    },
    'tools/list': { tools },
  }
  const mcpResponse = { jsonrpc: '2.0', id: message.id ?? 0, result: results[message.method ?? ''] ?? {} }
  session.send({
    type: 'control_response',
    response: { subtype: 'success', request_id: line.request_id, response: { mcp_response: mcpResponse } },
  })
}

async function readLines(stream: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of stream) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) if (part !== '') take(part)
  }
}
