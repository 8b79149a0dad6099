// A CLI's own output, unmodified: what `POST /chat` asks for and gets.

/** What an agent may do without being asked; the CLIs' own words for it are mapped by each provider. */
export const PERMISSION_MODES = ['default', 'acceptEdits', 'plan', 'dontAsk', 'bypassPermissions'] as const
export type PermissionMode = (typeof PERMISSION_MODES)[number]

/** Work in a real folder with the CLI's own tools. All paths are resolved and lie below a root of the configuration. */
export type RawAgent = {
  cwd: string
  addDirs: string[]
  /** The tools that it has; none for an empty list, those of the CLI that run no commands where left out. */
  tools?: string[]
  /** Tools, or single uses of them (`Bash(git *)`), that need no permission. */
  allowedTools: string[]
  disallowedTools: string[]
  permissionMode: PermissionMode
  /** The session to go on with. */
  sessionId?: string
  /** Go on in a new session, and leave that one as it is. */
  fork: boolean
}

export type RawRequest = {
  prompt: string
  /** The provider's name. */
  provider: string
  model?: string
  system?: string
  appendSystem?: string
  maxTurns?: number
  jsonSchema?: Record<string, unknown>
  /** Absent: a plain chat without tools, in an empty folder. */
  agent?: RawAgent
}

/** `code` is null when a signal ended the process; `stopped` when somebody wanted it to. */
export type RawExit = { code: number | null; signal: string | null; stopped: boolean }

/** One running CLI. */
export interface RawRun {
  /** What `DELETE /chat/{process_id}` takes. */
  readonly id: string
  readonly provider: string
  /**
   * The lines of stdout as they come, one array a read, for one consumer. Whoever stops reading stops the process.
   * @throws GatewayError `timeout`, `provider_error` for a line that is too long
   */
  readonly lines: AsyncGenerator<string[]>
  readonly exited: Promise<RawExit>
  /** For the error of a CLI that said nothing on stdout. */
  lastWords(): string
}
