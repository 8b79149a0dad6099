/** What the exit code of a command means. */
export const EXIT = {
  ok: 0,
  /** The command did not succeed; for `doctor`: no CLI is ready. */
  failed: 1,
  /** Wrong usage or a configuration that cannot be used. */
  misuse: 2,
} as const

/** A command that goes on after it has begun: the signals end it (shutdown.ts). */
export const STAYS = Symbol('stays')

/** The command could not do what it was asked for; the message says why, for people. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
