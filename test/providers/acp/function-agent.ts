// An agent for tests that calls functions as it is told: `bun function-agent.ts` speaks ACP on its stdin and stdout. The question is
// the JSON of a `Script`. What it did is in the file that LOG names, one line each.
import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

type Call = { name: string; arguments: object }
export type Script = {
  say?: string
  /** Calls by MCP, all at once, as tools of this server. */
  calls?: Call[]
  /** Told before as updates of the session. */
  updates?: object[]
  /** Asks for a permission first, with this `toolCall`. */
  permission?: object
  /** Goes on and asks the model again when a call or a permission is answered, as agents do. */
  after?: string
}

const log = (line: string) => appendFileSync(process.env['LOG'] ?? '/dev/null', `${line}\n`)
const write = (message: object) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
const update = (fields: object) => write({ method: 'session/update', params: { sessionId: 's', update: fields } })
const say = (text: string) => update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } })

let url: string | undefined
let prompt: unknown
let cancelled = Promise.withResolvers<void>()
let permitted = Promise.withResolvers<unknown>()

async function rpc(method: string, params: object): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: crypto.randomUUID(), method, params })
  const headers = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' }
  const response = await fetch(url!, { method: 'POST', headers, body })
  return response.text()
}

async function play(script: Script): Promise<void> {
  if (script.say) say(script.say)
  for (const fields of script.updates ?? []) update(fields)
  const answers: Promise<unknown>[] = []
  if (script.permission) {
    write({
      id: 'p',
      method: 'session/request_permission',
      params: { sessionId: 's', options: [], toolCall: script.permission },
    })
    answers.push(permitted.promise)
  }
  for (const call of script.calls ?? []) answers.push(rpc('tools/call', call))
  const asked =
    answers.length === 0 ? 'answered' : await Promise.race([...answers, cancelled.promise.then(() => 'cancelled')])
  log(asked === 'cancelled' ? 'cancelled' : 'goes on')
  if (asked !== 'cancelled' && script.after) say(script.after)
  // As the protocol wants it: the answer to a permission that was asked for comes behind the cancellation too.
  if (script.permission) log(`permission ${JSON.stringify(await permitted.promise)}`)
  write({ id: prompt, result: { stopReason: asked === 'cancelled' ? 'cancelled' : 'end_turn' } })
}

for await (const line of createInterface(process.stdin)) {
  const { id, method, params, result } = JSON.parse(line)
  switch (method) {
    case 'initialize': {
      const http = process.env['NO_MCP'] === undefined
      write({
        id,
        result: {
          protocolVersion: 1,
          agentCapabilities: { promptCapabilities: { image: true }, mcpCapabilities: { http } },
        },
      })
      break
    }
    case 'session/new':
      url = params.mcpServers[0]?.url
      log(`servers ${params.mcpServers.length}`)
      write({ id, result: { sessionId: 's' } })
      if (url) log(`list ${String(await rpc('tools/list', {}))}`)
      break
    case 'session/prompt': {
      prompt = id
      cancelled = Promise.withResolvers()
      permitted = Promise.withResolvers()
      const text: string = params.prompt[0].text
      void play(JSON.parse(/\{.*\}/.exec(text)![0]))
      break
    }
    case 'session/cancel':
      cancelled.resolve()
      break
    case undefined:
      if (id === 'p') permitted.resolve(result)
      break
    default:
      write({ id, error: { code: -32601, message: 'no' } })
  }
}
