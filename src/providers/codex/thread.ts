// One thread of the app-server: made for one turn, and gone after it.
import { fieldsAt, textAt } from '../fields.ts'
import { Inbox } from '../inbox.ts'
import type { Item } from './history.ts'
import type { JsonRpc } from './json-rpc.ts'
import { type TurnSettings, turnParams } from './protocol.ts'
import type { Message } from './events.ts'
import { asksForMore } from './init-check.ts'

/**
 * Milliseconds within which Codex has to stop a turn; it takes 1 to 105 (0.169.0). A busy machine makes it seconds, and what then
 * ends the process ends every turn in it.
 */
const STOP_WITHIN = 10_000
/** Milliseconds that a call waits for the end of the answer; then it is refused. */
const HELD_FOR = 3_000

export class Thread {
  /** What it says. One process serves all turns, so that a slow reader of one never holds it back. */
  readonly inbox = new Inbox<Message>()
  private turnId: string | undefined
  private asked = false
  private over = false
  private interrupted = false
  /** The model has called something. */
  private called = false
  private readonly held = new Set<Timer>()
  private readonly ended = Promise.withResolvers<void>()
  private closing: Promise<void> | undefined

  constructor(
    readonly id: string,
    private readonly rpc: JsonRpc,
    /** Called once, when nothing more is to come; `stuck` where its turn could not be stopped. */
    private readonly onClosed: (stuck: boolean) => void,
  ) {}

  /** Hands over the conversation and asks for the answer. Rejects with RpcError. */
  async ask(items: readonly Item[], settings: TurnSettings): Promise<void> {
    await this.rpc.call('thread/inject_items', { threadId: this.id, items })
    // It has been left meanwhile.
    if (this.closing) return
    this.asked = true
    const answer = await this.rpc.call('turn/start', turnParams(this.id, settings))
    this.begun(textAt(fieldsAt(answer, 'turn'), 'id'))
  }

  /** Takes what came for it in one read. */
  receive(messages: readonly Message[]): void {
    this.inbox.push(messages)
  }

  /** What cannot wait for the end of the read, nor for somebody to take it. */
  notice({ method, params, request }: Message): void {
    switch (method) {
      case 'turn/started':
        return this.begun(textAt(fieldsAt(params, 'turn'), 'id'))
      case 'turn/completed':
        return this.end()
      case 'item/tool/call':
        return this.hold(request)
      case 'rawResponseItem/completed':
        // Items of the history come too, under another turn.
        if (params['turnId'] === this.turnId && asksForMore(fieldsAt(params, 'item') ?? {})) this.called = true
        return
      case 'rawResponse/completed':
        // Calls that Codex does not hand over it answers itself, and asks the model again: some 5 ms from here (0.169.0).
        if (this.called) this.interrupt()
    }
  }

  /** While a call waits, Codex does not tell that the answer broke off (0.169.0). */
  private hold(request: unknown): void {
    const timer = setTimeout(() => {
      this.held.delete(timer)
      this.rpc.refuse(request)
    }, HELD_FOR)
    this.held.add(timer)
  }

  /** The process is gone. */
  fail(error: unknown): void {
    this.inbox.fail(error)
    this.end()
  }

  /** Stops what runs, at once, and lets Codex forget it. Idempotent; never rejects. */
  close(): Promise<void> {
    this.closing ??= this.stop()
    return this.closing
  }

  private begun(turnId: string | undefined): void {
    if (this.turnId !== undefined || turnId === undefined) return
    this.turnId = turnId
    // It was left before it had a name to be stopped by.
    if (this.closing) this.interrupt()
  }

  private end(): void {
    this.over = true
    this.release()
    this.ended.resolve()
  }

  private release(): void {
    for (const timer of this.held) clearTimeout(timer)
    this.held.clear()
  }

  private async stop(): Promise<void> {
    this.release()
    if (this.turnId !== undefined) this.interrupt()
    const stuck = this.asked && !(await this.untilOver())
    // While its turn runs, it would stay.
    await this.rpc.call('thread/unsubscribe', { threadId: this.id }).catch(() => {})
    this.onClosed(stuck)
  }

  private interrupt(): void {
    if (this.over || this.interrupted) return
    this.interrupted = true
    // A turn that has just ended cannot be stopped, which is an error to Codex.
    this.rpc.call('turn/interrupt', { threadId: this.id, turnId: this.turnId }).catch(() => {})
  }

  private async untilOver(): Promise<boolean> {
    const timer = setTimeout(() => this.ended.resolve(), STOP_WITHIN)
    await this.ended.promise
    clearTimeout(timer)
    return this.over
  }
}
