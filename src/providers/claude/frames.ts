// The lines that Claude Code reads on stdin (stream-json, Claude Code 2.1.329). The `type` of a line is always a constant of
// this file: some types run a shell command (`bash_command`), so that no caller may ever choose one.
import type { Fields } from '../fields.ts'

/** The name of the one MCP server that Claude Code gets: cligate itself, over stdin and stdout. */
export const MCP_SERVER = 'client'

const line = (frame: object): string => `${JSON.stringify(frame)}\n`

const control = (id: string, request: object): string => line({ type: 'control_request', request_id: id, request })

/** The first frame. With `host`, cligate is an MCP server to it. */
export function initializeFrame(id: string, host: boolean, systemPrompt = ''): string {
  return control(id, {
    subtype: 'initialize',
    ...(systemPrompt === '' ? {} : { systemPrompt: [systemPrompt] }),
    ...(host ? { sdkMcpServers: [MCP_SERVER] } : {}),
  })
}

/** Settings of the running process; `env` is written to its environment at once, and an empty text unsets. */
export function settingsFrame(id: string, settings: object): string {
  return control(id, { subtype: 'apply_flag_settings', settings })
}

/**
 * Sets the system prompt. It names the model that is set already, so that no paid call checks that name; an error says that
 * Claude Code runs another one. Undocumented, and only before the first turn.
 */
export function systemPromptFrame(id: string, model: string, systemPrompt: string): string {
  return control(id, { subtype: 'set_model', model, only_if_model_is_current: true, system_prompt: systemPrompt })
}

/** Says that the tools are other ones now. Claude Code asks for them before it reads what is written behind. */
export function toolsChangedFrame(id: string): string {
  const message = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' }
  return control(id, { subtype: 'mcp_message', server_name: MCP_SERVER, message })
}

/** `tokens`: 0 is no thinking, null is what the model does by itself. Thinking comes as readable text. */
export function thinkingFrame(id: string, tokens: number | null): string {
  return control(id, {
    subtype: 'set_max_thinking_tokens',
    max_thinking_tokens: tokens,
    thinking_display: 'summarized',
  })
}

/** A question beside the conversation, which neither it nor its answer becomes part of. */
export function sideQuestionFrame(id: string, question: string): string {
  return control(id, { subtype: 'side_question', question })
}

/** Takes the message with this uuid, and all behind it, out of the conversation. Undocumented. */
export function rewindFrame(id: string, uuid: string): string {
  return control(id, { subtype: 'rewind_conversation', target_message_uuid: uuid })
}

/** A message of the user. With `query: false` it only becomes part of the history. */
export function userFrame(uuid: string, content: string | readonly object[], query = true): string {
  return line({
    type: 'user',
    uuid,
    // Without it a text that begins with "/" is a command, and "@name" a file.
    client_composed: true,
    ...(query ? {} : { shouldQuery: false }),
    message: { role: 'user', content },
    parent_tool_use_id: null,
    session_id: '',
  })
}

/**
 * An earlier answer of the model, which goes into the history. Undocumented. The message needs an id, and the model that is
 * set, or Claude Code drops its thinking.
 */
export function assistantFrame(uuid: string, model: string, content: readonly object[]): string {
  return line({
    type: 'assistant',
    uuid,
    message: { id: `msg_${uuid}`, type: 'message', role: 'assistant', model, content },
    parent_tool_use_id: null,
    session_id: '',
  })
}

/**
 * An earlier message of the user that is text alone. It goes into the history at once, where one in a frame of the user waits
 * in a queue: that is what lets a whole history go out in one write. Undocumented.
 */
export function toldFrame(uuid: string, text: string): string {
  return line({
    type: 'assistant',
    uuid,
    local_command_source: text,
    message: { role: 'assistant', content: [] },
    parent_tool_use_id: null,
    session_id: '',
  })
}

/**
 * The answer to a request that Claude Code makes of its host. Undefined where `message` is no such request. `tools` is the list of
 * tools, JSON. None of them is ever run here: the caller does that.
 */
export function hostAnswer(message: Fields, tools: string): string | undefined {
  if (message['type'] !== 'control_request') return undefined
  const id = message['request_id']
  const request = message['request'] as { subtype?: unknown; message?: McpMessage } | undefined
  const success = (response: object) =>
    line({ type: 'control_response', response: { subtype: 'success', request_id: id, response } })
  switch (request?.subtype) {
    case 'mcp_message':
      return success({ mcp_response: mcpAnswer(request.message ?? {}, tools) })
    case 'can_use_tool':
      return success({ behavior: 'deny', message: 'Tools are not allowed here.', interrupt: true })
    default:
      return line({ type: 'control_response', response: { subtype: 'error', request_id: id, error: 'not supported' } })
  }
}

/** Whether Claude Code asks if it may run a tool. */
export function asksForPermission(message: Fields): boolean {
  const request = message['request'] as { subtype?: unknown } | undefined
  return message['type'] === 'control_request' && request?.subtype === 'can_use_tool'
}

type McpMessage = { id?: unknown; method?: unknown; params?: { protocolVersion?: unknown } }

/** What the MCP server `client` answers. */
function mcpAnswer(message: McpMessage, tools: string): object {
  const answer = (result: object) => ({ jsonrpc: '2.0', id: message.id ?? 0, result })
  switch (message.method) {
    case 'initialize':
      return answer({
        protocolVersion: message.params?.protocolVersion ?? '2025-11-25',
        capabilities: { tools: { listChanged: true } },
        serverInfo: { name: MCP_SERVER, version: '1.0.0' },
      })
    case 'notifications/initialized':
    case 'ping':
      return answer({})
    case 'tools/list':
      return answer({ tools: JSON.parse(tools) as unknown })
    default:
      return { jsonrpc: '2.0', id: message.id ?? 0, error: { code: -32601, message: 'Method not found' } }
  }
}

/** Whether Claude Code asks for the tools: the last of its handshake with the MCP server. */
export function asksForTools(message: Fields): boolean {
  const request = message['request'] as { subtype?: unknown; message?: McpMessage } | undefined
  return request?.subtype === 'mcp_message' && request.message?.method === 'tools/list'
}
