import type { Sandbox } from '../../process/sandbox.ts'
import type { Cli } from '../installation.ts'
import type { WorkerNumbers } from '../acp-workers.ts'

type Write = (fields: object, message: string) => void

/** Who pays. */
export type Account = {
  /** The folder that holds `.gemini`, with the login; GEMINI_CLI_HOME or the home folder where left out. */
  home?: string
  /** Credentials such as GEMINI_API_KEY. Where it names any, none of the host's is used. */
  env?: Readonly<Record<string, string>>
}

export type GeminiOptions = {
  /** Absolute path of the CLI; without it, `gemini` on the PATH of `environment`. */
  executable?: string
  /** What runs it: `bun` starts sooner and takes less memory, but Google supports `node` alone. */
  runtime?: 'node' | 'bun'
  /** Absolute path of Node.js or Bun; without it, the one on PATH. */
  runtimePath?: string
  /** What the processes may inherit from, by an allow-list. */
  environment: Readonly<Record<string, string | undefined>>
  account: Account
  /** Models beside those that the CLI lists, for which effort is to work too. */
  models?: readonly string[]
  /** Whether the model may search the web in chat mode. */
  web: boolean
  sandbox: Sandbox
  pool: WorkerNumbers
  /** When a process is replaced by a fresh one: after so many turns, or with so many bytes of memory. */
  recycle?: { turns?: number; memory?: number }
  /** The oldest version that is known to work. */
  minimumVersion?: string
  log: { debug: Write; info: Write; warn: Write }
}

/** The version that all of this was tried with. */
export const MINIMUM_VERSION = '0.61.0'
/** A process begins with 200 MB, and takes one more for each turn where they follow each other quickly (0.61.0). */
export const RECYCLE = { turns: 1000, memory: 500 * 1024 * 1024 }
/** Never a group such as `auto`, for which the CLI would ask another model first. */
export const DEFAULT_MODEL = 'gemini-2.5-pro'

/** How it is called, and how one gets it. */
export const CLI: Cli = {
  provider: 'gemini',
  title: 'Gemini CLI',
  program: 'gemini',
  install: 'npm install -g @google/gemini-cli',
  update: 'npm install -g @google/gemini-cli@latest',
}
export const LOGIN = 'gemini'
