import type { Sandbox } from '../../process/sandbox.ts'
import type { WorkerNumbers } from '../acp-workers.ts'

type Write = (fields: object, message: string) => void

/** An agent that speaks the Agent Client Protocol on its stdin and stdout. */
export type AcpOptions = {
  /** The provider's name: what stands before the `/` in a model's name. */
  name: string
  /** A program on the PATH of `environment`, or an absolute path. */
  command: string
  /** What makes it speak the protocol: `['--acp']`. `{folder}` stands for the process's own folder. */
  args: readonly string[]
  /** Set for its processes; `{folder}` as in `args`: `{ EXAMPLE_HOME: '{folder}/home' }`. */
  env?: Readonly<Record<string, string>>
  /** Texts to be written into that folder before a process starts, by their path in it: settings that take its tools away. */
  files?: Readonly<Record<string, string>>
  /** Names of variables that its processes may inherit beside the usual ones: where its credentials are. */
  inherit?: readonly string[]
  /** What the processes may inherit from. */
  environment: Readonly<Record<string, string | undefined>>
  /** The models to offer; those that the agent lists where left out or empty. */
  models?: readonly string[]
  sandbox: Sandbox
  pool: WorkerNumbers
  /** When a process is replaced by a fresh one: after so many turns, or with so many bytes of memory. */
  recycle?: { turns?: number; memory?: number }
  log: { debug: Write; info: Write; warn: Write }
}

/** What an agent keeps of a session that is over is nobody's promise, so that its processes are not used for ever. */
export const RECYCLE = { turns: 50, memory: 600 * 1024 * 1024 }
/** The name for whatever model the agent takes by itself. */
export const DEFAULT_MODEL = 'default'
