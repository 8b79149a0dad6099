// What cligate asks of Codex's app-server (0.169.0; `codex app-server generate-ts --experimental` prints all of it).
import packageJson from '../../../package.json' with { type: 'json' }
import type { DynamicTool } from './tools.ts'

/** Notifications that nobody here reads. */
const UNWANTED = [
  'thread/started',
  'thread/status/changed',
  'thread/settings/updated',
  'thread/tokenUsage/updated',
  'thread/closed',
  'configWarning',
  'remoteControl/status/changed',
]

/** Codex names its host to the provider: `originator` and `user-agent` of each request. */
export function initializeParams() {
  return {
    clientInfo: { name: 'cligate', title: 'cligate', version: packageJson.version },
    capabilities: { experimentalApi: true, requestAttestation: false, optOutNotificationMethods: UNWANTED },
  }
}

export type ThreadSettings = {
  model: string
  provider: string
  /** An empty folder. */
  cwd: string
  /** False: the instructions that Codex has for the model, for models that are not in the catalogue. */
  withoutPrompt: boolean
  verbosity?: string
  serviceTier?: string
  /** The caller's functions: all that the model may call. */
  tools: readonly DynamicTool[]
}

/** A thread that knows nothing, can do nothing but call the caller's functions, and leaves nothing. */
export function threadParams({ model, provider, cwd, withoutPrompt, verbosity, serviceTier, tools }: ThreadSettings) {
  return {
    model,
    modelProvider: provider,
    cwd,
    approvalPolicy: 'never',
    sandbox: 'read-only',
    ephemeral: true,
    environments: [],
    dynamicTools: tools,
    experimentalRawEvents: true,
    ...(withoutPrompt ? { baseInstructions: '' } : {}),
    ...(serviceTier === undefined ? {} : { serviceTier }),
    ...(verbosity === undefined ? {} : { config: { model_verbosity: verbosity } }),
  }
}

export type TurnSettings = { effort?: string; schema?: Readonly<Record<string, unknown>> }

/** The items are in the thread already: with an input of its own, the turn would add a message. */
export function turnParams(threadId: string, { effort, schema }: TurnSettings) {
  return {
    threadId,
    input: [],
    summary: 'auto',
    ...(effort === undefined ? {} : { effort }),
    ...(schema === undefined ? {} : { outputSchema: schema }),
  }
}
