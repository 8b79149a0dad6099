// One process of Claude Code, from its start to its end.
import { GatewayError } from '../../core/error.ts'
import { parseJsonLine } from '../../process/json-lines.ts'
import { LineTooLongError } from '../../process/lines.ts'
import type { PooledProcess } from '../../process/pool.ts'
import type { SandboxFolder } from '../../process/sandbox.ts'
import type { Child } from '../../process/spawn.ts'
import { inOneParagraph } from './bare.ts'
import { crashError } from './errors.ts'
import type { Fields } from '../fields.ts'
import { asksForPermission, asksForTools, hostAnswer } from './frames.ts'
import { collectLeftovers, type Leftovers } from './leftovers.ts'
import { fullName } from './models.ts'
import { type Launch, launchKey } from './setup.ts'
import { NO_TOOLS } from './tools.ts'

export type ClaudeProcessParts = {
  child: Child
  folder: SandboxFolder
  /** The folder it works in, below `folder`. */
  work: string
  /** Claude Code's own folder. */
  config: string | undefined
  leftovers: Leftovers
  environment: Readonly<Record<string, string>>
  documented: { launch: Launch } | undefined
  /** What the account asks for in the header `anthropic-beta` of every request. */
  betas: readonly string[]
  /** It was started with its web tools. */
  web: boolean
  /** It was started with `--bare`. */
  bare: boolean
}

let started = 0

export class ClaudeProcess implements PooledProcess {
  readonly id: string
  /** The turn that it runs. */
  turn: string | undefined
  /** The answer to its first frame: account, models, version. */
  report: Fields = {}
  /** The tools that it is told when it asks: JSON. */
  tools: string
  /** What has been told to it ahead. */
  applied: Launch | undefined
  /** Calls that it asks permission for, which wait for `refuseCalls`. */
  private held: Fields[] | undefined = []
  private requests = 0
  private ended = false
  private broken: GatewayError | undefined
  private disposing: Promise<void> | undefined

  constructor(private readonly parts: ClaudeProcessParts) {
    started += 1
    this.id = `claude-${started}`
    this.tools = parts.documented?.launch.tools ?? NO_TOOLS
    this.onExit(() => (this.ended = true))
  }

  get pid(): number {
    return this.parts.child.pid
  }

  /** Milliseconds since 1970. */
  get startedAt(): number {
    return this.parts.child.startedAt
  }

  get alive(): boolean {
    return !this.ended && this.disposing === undefined
  }

  get launchState(): string | undefined {
    const launch = this.applied ?? this.parts.documented?.launch
    return launch && launchKey(launch)
  }

  /** What it was started with. */
  get environment(): Readonly<Record<string, string>> {
    return this.parts.environment
  }

  /** Whether all it needs to know but the conversation was told to it when it was started. */
  get documented(): boolean {
    return this.parts.documented !== undefined
  }

  get betas(): readonly string[] {
    return this.parts.betas
  }

  get web(): boolean {
    return this.parts.web
  }

  /** The launch with the full name of its model, for short ones such as `haiku`. */
  resolved(launch: Launch): Launch {
    return { ...launch, model: fullName(this.report, launch.model) }
  }

  onExit(listener: () => void): void {
    void this.parts.child.exited.then(listener)
  }

  newRequestId(): string {
    this.requests += 1
    return String(this.requests)
  }

  /** False when the process does not listen any more. */
  write(frames: string): boolean {
    return this.parts.child.write(frames)
  }

  /**
   * The messages that the next read of its output gave; the requests of its host among them are answered already. Undefined
   * when its output is over.
   * @throws GatewayError `provider_error` where it writes what is no message
   */
  async read(): Promise<Fields[] | undefined> {
    if (this.broken) throw this.broken
    const lines = await this.nextLines()
    if (lines === undefined) return undefined
    const messages: Fields[] = []
    for (const line of lines) {
      const parsed = parseJsonLine(line)
      if (!parsed.ok) {
        // What stands before it counts.
        this.broken = new GatewayError('provider_error', 'Claude Code wrote what is no message of its protocol.')
        break
      }
      if (this.held && asksForPermission(parsed.value)) this.held.push(parsed.value)
      else this.answer(parsed.value)
      messages.push(parsed.value)
    }
    return messages
  }

  /**
   * Reads on until each of `wanted` has found its message, and gives what they made of it.
   * @throws GatewayError `provider_error` where the process ends before
   */
  async readUntil(wanted: readonly ((message: Fields) => Fields | undefined)[]): Promise<(Fields | undefined)[]> {
    const found: (Fields | undefined)[] = wanted.map(() => undefined)
    while (found.includes(undefined)) {
      const messages = await this.read()
      if (messages === undefined) throw await this.crash()
      for (const message of messages) wanted.forEach((find, position) => (found[position] ??= find(message)))
    }
    return found
  }

  /**
   * Refuses what it asks permission for, now and from now on. Until then it waits, since with its web tools it would go on with a
   * refusal as with any result.
   */
  refuseCalls(): void {
    const held = this.held ?? []
    this.held = undefined
    for (const message of held) this.answer(message)
  }

  /** How it ended. Waits for it. */
  async crash(): Promise<GatewayError> {
    return crashError(await this.parts.child.exited)
  }

  /** The last it said on stderr: for the log. */
  lastWords(): string {
    return this.parts.child.stderrTail()
  }

  /** At once, with all it started. Nothing milder: on SIGTERM it would ask the model once more (2.1.329). */
  kill(): void {
    this.parts.child.kill('SIGKILL')
  }

  dispose(): Promise<void> {
    this.disposing ??= this.remove()
    return this.disposing
  }

  private async remove(): Promise<void> {
    const { child, folder, work, config, leftovers } = this.parts
    await child.stop({ endInputMs: 0, termMs: 0 })
    await Promise.all([folder.remove(), config && collectLeftovers(leftovers, config, child.pid, work)])
  }

  private answer(message: Fields): void {
    const shortens = this.parts.bare && asksForTools(message)
    const answer = hostAnswer(message, shortens ? inOneParagraph(this.tools) : this.tools)
    if (answer !== undefined) this.write(answer)
  }

  private async nextLines(): Promise<string[] | undefined> {
    try {
      const next = await this.parts.child.lines.next()
      return next.done ? undefined : next.value
    } catch (error) {
      if (!(error instanceof LineTooLongError)) return undefined
      const message = 'Claude Code wrote a line that is too long to be a message.'
      throw new GatewayError('provider_error', message, { cause: error })
    }
  }
}
