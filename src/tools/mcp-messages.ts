// The messages of the Model Context Protocol that a server of functions needs (2025-11-25 and before). Pure.
import type { ToolResultPart } from '../core/request.ts'

/** A function to be shown. `parameters` is a JSON Schema of type object. */
export type McpTool = { name: string; description: string; parameters: Record<string, unknown> }

type Id = string | number
type Fields = Record<string, unknown>

export type McpMessage =
  /** `answer` says why. */
  | { type: 'invalid'; answer: object }
  /** Wants no answer. `cancels` is the id of the request that the client gives up. */
  | { type: 'notification'; cancels?: unknown }
  /** `answer` is all there is to it. */
  | { type: 'answered'; answer: object }
  | { type: 'list'; id: Id }
  | { type: 'call'; id: Id; name: string; arguments: Fields; progressToken: Id | undefined }

/** `cancelled` is nowhere defined: nobody reads the answer to a request that was given up. */
export const RPC_ERROR = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  cancelled: -32000,
} as const

/** Versions whose messages, as far as they are used here, are the same; the newest first. */
const VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']

/** One message of a client. `body` is undefined where it was no JSON. */
export function readMessage(body: unknown): McpMessage {
  const invalid = (code: number, message: string): McpMessage => ({
    type: 'invalid',
    answer: { jsonrpc: '2.0', id: null, error: { code, message } },
  })
  if (body === undefined) return invalid(RPC_ERROR.parse, 'The body is not JSON.')
  const message = fieldsOf(body)
  if (!message || message['jsonrpc'] !== '2.0') return invalid(RPC_ERROR.invalidRequest, 'One message of JSON-RPC 2.0.')
  const { id, method } = message
  const params = fieldsOf(message['params']) ?? {}
  // An answer: nothing was asked of the client.
  if (method === undefined && ('result' in message || 'error' in message)) return { type: 'notification' }
  if (typeof method !== 'string') return invalid(RPC_ERROR.invalidRequest, 'No method.')
  if (id === undefined) {
    return method === 'notifications/cancelled'
      ? { type: 'notification', cancels: params['requestId'] }
      : { type: 'notification' }
  }
  if (!isId(id)) return invalid(RPC_ERROR.invalidRequest, 'An id is a string or a number.')
  return readRequest(id, method, params)
}

function readRequest(id: Id, method: string, params: Fields): McpMessage {
  const answered = (answer: object): McpMessage => ({ type: 'answered', answer })
  switch (method) {
    case 'initialize':
      return answered(answerResult(id, greeting(params['protocolVersion'])))
    case 'ping':
      return answered(answerResult(id, {}))
    case 'tools/list':
      return { type: 'list', id }
    case 'tools/call': {
      const { name, arguments: args = {} } = params
      const given = fieldsOf(args)
      if (typeof name !== 'string' || !given) {
        return answered(answerFailure(id, RPC_ERROR.invalidParams, 'A call has a name, and an object of arguments.'))
      }
      const token = fieldsOf(params['_meta'])?.['progressToken']
      return { type: 'call', id, name, arguments: given, progressToken: isId(token) ? token : undefined }
    }
    default:
      return answered(answerFailure(id, RPC_ERROR.methodNotFound, `Method not found: ${method}`))
  }
}

function greeting(asked: unknown): object {
  const known = VERSIONS.find((version) => version === asked)
  return {
    protocolVersion: known ?? VERSIONS[0],
    capabilities: { tools: {} },
    serverInfo: { name: 'cligate', version: '1' },
  }
}

export function answerResult(id: Id, result: object): object {
  return { jsonrpc: '2.0', id, result }
}

export function answerFailure(id: Id, code: number, message: string): object {
  return { jsonrpc: '2.0', id, error: { code, message } }
}

/** What the caller says a function gave, as the result of a call. */
export function toCallResult(content: ToolResultPart['content'], isError: boolean): object {
  return { content: content.map(toContent), isError }
}

function toContent(part: ToolResultPart['content'][number]): object {
  if (part.type === 'text') return { type: 'text', text: part.text }
  const { source } = part
  if (source.kind === 'url') return { type: 'resource_link', uri: source.url, name: nameOf(part) }
  const { mediaType: mimeType, data } = source
  if (part.type === 'image') return { type: 'image', mimeType, data }
  return { type: 'resource', resource: { uri: `file:///${encodeURIComponent(nameOf(part))}`, mimeType, blob: data } }
}

function nameOf(part: ToolResultPart['content'][number]): string {
  return ('title' in part ? part.title : undefined) ?? part.type
}

function isId(value: unknown): value is Id {
  return typeof value === 'string' || typeof value === 'number'
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
}
