// JSON-RPC as Codex's app-server speaks it: one object a line, without the member "jsonrpc" (0.169.0).
import { type Fields, asFields, fieldsAt, numberAt, textAt } from '../fields.ts'

/** What the other side answered in place of a result. */
export class RpcError extends Error {
  override readonly name = 'RpcError'

  constructor(
    readonly method: string,
    readonly code: number,
    message: string,
  ) {
    super(message)
  }
}

export type RpcHandlers = {
  notification(method: string, params: Fields): void
  /** A request of the other side, which is not answered yet: see `refuse`. */
  request(method: string, params: Fields, id: unknown): void
}

type Waiter = { method: string; resolve: (result: Fields) => void; reject: (error: unknown) => void }

const METHOD_NOT_FOUND = -32601

export class JsonRpc {
  private readonly waiting = new Map<number, Waiter>()
  private nextId = 1
  private failure: { error: unknown } | undefined

  /** `write` takes one line with its line break; false when nobody reads any more. */
  constructor(
    private readonly write: (line: string) => boolean,
    private readonly handlers: RpcHandlers,
  ) {}

  /** The result of a call. Rejects with RpcError, or with what the connection failed with. */
  call(method: string, params: object): Promise<Fields> {
    if (this.failure) return Promise.reject(this.failure.error)
    const { promise, resolve, reject } = Promise.withResolvers<Fields>()
    const id = this.nextId++
    this.waiting.set(id, { method, resolve, reject })
    // Where nobody reads any more, the end of the output tells why.
    this.send({ id, method, params })
    return promise
  }

  notify(method: string): void {
    this.send({ method })
  }

  receive(message: Fields): void {
    const method = textAt(message, 'method')
    const id = message['id']
    if (method === undefined) return this.settle(numberAt(message, 'id'), message)
    const params = fieldsAt(message, 'params') ?? {}
    if (id === undefined) return this.handlers.notification(method, params)
    this.handlers.request(method, params, id)
  }

  /** The answer to a request of the other side. */
  refuse(id: unknown): void {
    this.send({ id, error: { code: METHOD_NOT_FOUND, message: 'not supported' } })
  }

  /** Every call that waits, and each later one, is rejected with `error`. */
  fail(error: unknown): void {
    this.failure ??= { error }
    for (const waiter of this.waiting.values()) waiter.reject(error)
    this.waiting.clear()
  }

  private settle(id: number | undefined, message: Fields): void {
    const waiter = id === undefined ? undefined : this.waiting.get(id)
    if (id === undefined || !waiter) return
    this.waiting.delete(id)
    const error = asFields(message['error'])
    if (!error) return waiter.resolve(fieldsAt(message, 'result') ?? {})
    waiter.reject(
      new RpcError(waiter.method, numberAt(error, 'code') ?? 0, textAt(error, 'message') ?? 'no reason given'),
    )
  }

  private send(message: object): void {
    this.write(`${JSON.stringify(message)}\n`)
  }
}
