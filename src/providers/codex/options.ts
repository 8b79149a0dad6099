import type { Sandbox } from '../../process/sandbox.ts'
import type { Cli } from '../installation.ts'

type Write = (fields: object, message: string) => void

/** Who pays. */
export type Account = {
  /** Codex's own folder, with its login; CODEX_HOME or ~/.codex where left out. */
  home?: string
  /**
   * Variables for its processes. An OPENAI_API_KEY among them is used instead of the login; the one of the host never is, as
   * Codex itself ignores it.
   */
  env?: Readonly<Record<string, string>>
}

export type CodexOptions = {
  /** Absolute path of the CLI; without it, `codex` on the PATH of `environment`. */
  executable?: string
  /** What the processes may inherit from, by an allow-list. */
  environment: Readonly<Record<string, string | undefined>>
  account: Account
  /**
   * Which of Codex's model providers asks. `built-in`: its own, a WebSocket with retries of its own. `custom`: plain HTTP, without
   * retries, so that errors come at once. Left out: built-in for a ChatGPT login, custom for API keys.
   */
  provider?: 'built-in' | 'custom'
  /**
   * What stands in front of the conversation. `codex`: Codex's own instructions for the model. `none`: nothing. Left out: codex for
   * a ChatGPT login, none for API keys.
   */
  prompt?: 'codex' | 'none'
  /** Where the Responses API is, in place of OpenAI's: `http://127.0.0.1:4000/v1`. */
  baseUrl?: string
  /** `low`, `medium` or `high`: how long answers are. Left out: what the model's catalogue entry says. */
  verbosity?: 'low' | 'medium' | 'high'
  /** `priority` or `flex`. Left out: the account's standard. */
  serviceTier?: string
  /** Whether the model may search the web. */
  web: boolean
  /** Whether the process is started before it is asked for, and again when it has ended. */
  warm: boolean
  /** Turns that run at once; more wait in line. */
  maxActive: number
  /** Turns that wait; more are refused. */
  maxQueue: number
  /** Milliseconds that a turn waits; 0 = no limit. */
  queueTimeout: number
  /** The oldest version that is known to work. */
  minimumVersion?: string
  /** When a process is replaced by a fresh one: after so many turns, or with so many bytes of memory. */
  recycle?: { turns?: number; memory?: number }
  sandbox: Sandbox
  log: { debug: Write; info: Write; warn: Write }
}

/** The version that all of this was tried with. */
export const MINIMUM_VERSION = '0.169.0'
/** Codex writes 30 KB of its own diary a turn (0.169.0), which goes with the process. */
export const RECYCLE = { turns: 2000, memory: 600 * 1024 * 1024 }

/** How it is called, and how one gets it. */
export const CLI: Cli = {
  provider: 'codex',
  title: 'Codex',
  program: 'codex',
  install: 'npm install -g @openai/codex',
  update: 'npm install -g @openai/codex@latest',
}
export const LOGIN = 'codex login'
