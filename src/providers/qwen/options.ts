import type { Sandbox } from '../../process/sandbox.ts'
import type { Cli } from '../installation.ts'

type Write = (fields: object, message: string) => void

/** Who pays. */
export type Account = {
  /** Qwen Code's own folder, with its settings and logins; QWEN_HOME or ~/.qwen where left out. */
  home?: string
  /** Variables for its processes: OPENAI_API_KEY, OPENAI_BASE_URL and the like. They win over what the host has. */
  env?: Readonly<Record<string, string>>
}

export type QwenOptions = {
  /** Absolute path of the CLI; without it, `qwen` on the PATH of `environment`. */
  executable?: string
  /** Absolute path of the Node.js that runs it; without it, `node` on the PATH of `environment`. */
  node?: string
  /** What the processes may inherit from, by an allow-list. */
  environment: Readonly<Record<string, string | undefined>>
  account: Account
  /** Whether the process is started before it is asked for, and again when it has ended. */
  warm: boolean
  /** Whether models may search the web, where their service can. */
  web: boolean
  /** Turns that run at once; more wait in line. */
  maxActive: number
  /** Turns that wait; more are refused. */
  maxQueue: number
  /** Milliseconds that a turn waits; 0 = no limit. */
  queueTimeout: number
  /** The oldest version that is known to work. */
  minimumVersion?: string
  /** When a process is replaced by a fresh one: after so many turns, or with so many bytes of memory. */
  recycle?: Partial<Recycle>
  sandbox: Sandbox
  log: { debug: Write; info: Write; warn: Write }
}

export type Recycle = { turns: number; memory: number }

/** Qwen Code (0.24.4) begins with 200 MB and keeps 0.5 MB of each session that was closed. */
export const RECYCLE: Recycle = { turns: 300, memory: 450 * 1024 * 1024 }
/** The version that all of this was tried with. */
export const MINIMUM_VERSION = '0.24.4'

/** How it is called, and how one gets it. */
export const CLI: Cli = {
  provider: 'qwen',
  title: 'Qwen Code',
  program: 'qwen',
  install: 'npm install -g @qwen-code/qwen-code',
  update: 'npm install -g @qwen-code/qwen-code@latest',
}
/** There is no command for it (0.24.4): it is done in a terminal, with `/auth`. */
export const LOGIN = 'qwen'
