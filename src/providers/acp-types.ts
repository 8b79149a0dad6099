// The words of the Agent Client Protocol that drivers use. Types only: the library itself is loaded when the first agent starts.
import type {
  ContentBlock,
  InitializeResponse,
  McpServer,
  NewSessionResponse,
  PromptResponse,
  RequestPermissionRequest,
  RequestPermissionResponse,
  SessionUpdate,
} from '@agentclientprotocol/sdk'

export type { ContentBlock, InitializeResponse, McpServer, PromptResponse, RequestPermissionRequest, SessionUpdate }
export type PermissionAnswer = RequestPermissionResponse

/** A model as agents list it when a session opens. */
export type AcpModel = {
  modelId: string
  name: string
  description?: string | null
  _meta?: Record<string, unknown> | null
}

/** The answer to `session/new`, `session/load` and `session/resume`. `models` is not in the stable protocol, and all list it. */
export type AcpSessionInfo = Omit<NewSessionResponse, 'sessionId'> & {
  models?: { currentModelId: string; availableModels: AcpModel[] } | null
}

/** What happens in a session, in order. */
export type AcpEvent =
  | { type: 'update'; update: SessionUpdate }
  /** The agent asked for a permission; it gets its answer elsewhere (`AcpClientOptions.onPermission`). */
  | { type: 'permission'; request: RequestPermissionRequest }
  /** The prompt has been answered: the last event of a turn. */
  | { type: 'stop'; response: PromptResponse }
