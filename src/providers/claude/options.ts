import type { Sandbox } from '../../process/sandbox.ts'
import type { Cli } from '../installation.ts'
import type { HistorySetting } from './assign.ts'
import type { Account } from './command.ts'
import type { Leftovers } from './leftovers.ts'
import type { PoolLimits } from './stock.ts'

type Write = (fields: object, message: string) => void

export type ClaudeOptions = {
  /** Absolute path of the CLI; without it, `claude` on the PATH of `environment`. */
  executable?: string
  /** What the processes may inherit from, by an allow-list. */
  environment: Readonly<Record<string, string | undefined>>
  account: Account
  sandbox: Sandbox
  leftovers: Leftovers
  pool: PoolLimits
  /** How a conversation reaches the model; `auto` is by the kind of login. */
  history: HistorySetting
  /** Whether the model may search the web in chat mode. */
  web: boolean
  /** The oldest version that is known to work. */
  minimumVersion?: string
  /** Keeps the result of the self-test from one start to the next. */
  cacheFile?: string
  log: { debug: Write; info: Write; warn: Write }
}

/** The oldest of those tried that works, by documented ways alone; 2.1.300 is fast. What lies between, the self-test tells. */
export const MINIMUM_VERSION = '2.1.200'

/** How it is called, and how one gets it. */
export const CLI: Cli = {
  provider: 'claude',
  title: 'Claude Code',
  program: 'claude',
  install: 'npm install -g @anthropic-ai/claude-code',
  update: 'npm install -g @anthropic-ai/claude-code@latest',
}
