import { residentMemory } from '../process/memory.ts'
import type { AcpProcess } from './acp-process.ts'
import type { Worker } from './acp-workers-types.ts'

/** When a process is replaced by a fresh one: after so many sessions, or with so many bytes of memory. */
export type WorkerLimits = { turns: number; memory: number }

/** Memory is looked at after so many sessions: not every system tells it for nothing. */
const LOOK_EVERY = 10

/** One process of an agent, which serves one turn at a time, each in a session of its own. */
export abstract class ProcessWorker implements Worker {
  /** The turn that it runs. */
  turn: string | undefined
  /** How many sessions it has opened. */
  opened = 0
  /** How many it had opened when its memory was last looked at. */
  private looked = 0
  /** What is being removed from its folder. */
  protected cleaning = Promise.resolve()
  private killed = false

  constructor(readonly process: AcpProcess) {}

  get id(): string {
    return this.process.id
  }

  /** False from the moment it is killed: its end is noticed later, and nobody may get it meanwhile. */
  get alive(): boolean {
    return !this.killed && this.process.alive
  }

  get pid(): number {
    return this.process.child.pid
  }

  /** Milliseconds since 1970. */
  get startedAt(): number {
    return this.process.child.startedAt
  }

  /** Whether it has served long enough. */
  isWornOut({ turns, memory }: WorkerLimits): boolean {
    if (this.opened >= turns) return true
    if (this.opened - this.looked < LOOK_EVERY) return false
    this.looked = this.opened
    return (residentMemory(this.pid) ?? 0) >= memory
  }

  onExit(listener: () => void): void {
    this.process.onExit(listener)
  }

  /** Idempotent; never rejects. */
  async dispose(): Promise<void> {
    const stopped = this.process.child.stop({ endInputMs: 0, termMs: 500 })
    // Else the folder could come back behind its removal.
    await Promise.all([stopped, this.cleaning.catch(() => {})])
    await this.process.dispose()
  }

  /** At once, with all it started. */
  kill(): void {
    this.killed = true
    this.process.child.kill('SIGKILL')
  }

  /** The last it said on stderr: for the log. */
  lastWords(): string {
    return this.process.child.stderrTail()
  }
}
