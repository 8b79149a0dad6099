// One request from its arrival to its log line: what is known of it, and whether its client is still there.
import type { GatewayError } from '../core/error.ts'
import type { ChoiceBatch } from '../core/event.ts'
import { newId } from '../core/ids.ts'
import type { ChatRequest } from '../core/request.ts'
import { sumUsage, type Usage } from '../core/usage.ts'
import type { RequestRecord } from '../observe/log.ts'
import { ANONYMOUS, type Caller } from '../policy/caller.ts'
import type { RateState } from '../policy/rate-limit.ts'
import type { StreamClient } from './event-stream.ts'
import type { Gateway } from './gateway.ts'
import type { SocketHandler } from './web-socket.ts'

/** The sockets of requests: each is closed when it is silent for too long, but for the time it is held. */
export type Sockets = {
  hold(request: Request): void
  release(request: Request): void
  /** The address at the other end. */
  address(request: Request): string | undefined
  /** Makes a WebSocket of it; false for a request that does not ask for one. */
  upgrade(request: Request, handler: SocketHandler): boolean
}

const REQUEST_ID = /^[A-Za-z0-9_-]{1,128}$/
const LONGEST_LOGGED_PATH = 256
/** Bounds of `x-cligate-ignored`, whose names are the caller's: heads have a limited size. */
const LONGEST_IGNORED = 2048

const exchanges = new WeakMap<Request, Exchange>()

/** The exchange that `request` belongs to. It has one for as long as it is handled. */
export function exchangeOf(request: Request): Exchange {
  const exchange = exchanges.get(request)
  if (!exchange) throw new Error('This request did not come through the server.')
  return exchange
}

export class Exchange implements StreamClient {
  readonly record: RequestRecord
  caller: Caller = ANONYMOUS
  /** Where the caller stands, where rates are limited. */
  rate: RateState | undefined
  /** Unique to this request, for ids made on its way. */
  readonly id = newId('')
  private readonly started = performance.now()
  private readonly usages: Usage[] = []
  private readonly finishes = new Set<string>()
  /** The provider that the path was scoped to. */
  provider: string | undefined
  private client: AbortController | undefined
  private held = false
  private streaming = false
  private over = false

  constructor(
    private readonly request: Request,
    private readonly gateway: Pick<Gateway, 'log' | 'drain' | 'statistics'>,
    private readonly sockets: Sockets | undefined,
  ) {
    const given = request.headers.get('x-request-id')
    this.record = {
      requestId: given !== null && REQUEST_ID.test(given) ? given : `req_${this.id}`,
      method: request.method,
      path: pathOf(request.url).slice(0, LONGEST_LOGGED_PATH),
      status: 0,
      durationMs: 0,
    }
    exchanges.set(request, this)
    gateway.drain.enter()
  }

  /** Notes another request object that stands for this one, and the provider that its path was scoped to. */
  enter(inner: Request, provider: string | undefined): void {
    exchanges.set(inner, this)
    this.provider = provider
  }

  /** The request of the caller, for the provider of the path. */
  within(chat: ChatRequest): ChatRequest {
    return this.provider === undefined ? chat : { ...chat, provider: this.provider }
  }

  /** Aborts when the client leaves before its answer is complete. */
  get signal(): AbortSignal {
    return this.client?.signal ?? this.request.signal
  }

  /** For streams, which may be left without a word from a socket: from here on `leave` aborts the signal. */
  follow(): void {
    this.client = new AbortController()
    this.request.signal.addEventListener('abort', this.leave, { once: true })
    if (this.request.signal.aborted) this.leave()
  }

  /** Whoever is at the other end of the socket. */
  address(): string {
    return this.sockets?.address(this.request) ?? 'unknown'
  }

  /** Lets the socket be silent as long as the answer takes. Only once the body is read: a slow sender has no such right. */
  holdOpen(): void {
    this.held = true
    this.sockets?.hold(this.request)
  }

  /** Makes a WebSocket of the connection; false where it cannot be one. */
  upgrade(handler: SocketHandler): boolean {
    return this.sockets?.upgrade(this.request, handler) ?? false
  }

  /** Notes that the turn can start. */
  ready(): void {
    this.record.queueMs = this.elapsed()
  }

  /** Notes what a batch tells about the answer. */
  observe({ choice, events }: ChoiceBatch): void {
    this.record.firstTokenMs ??= this.elapsed()
    for (const event of events) {
      if (event.type === 'usage') this.usages[choice] = event.usage
      else if (event.type === 'finish') this.finishes.add(event.reason)
      else if (event.type === 'error') this.fail(event.error)
    }
  }

  /** Notes what ended the request; what is not the caller's own doing is logged with its cause. */
  fail(error: GatewayError): void {
    if (this.over || this.record.error !== undefined) return
    this.record.error = error.code
    if (error.status < 500) return
    const level = error.code === 'internal_error' ? 'error' : 'warn'
    this.gateway.log[level]({ requestId: this.record.requestId, error }, 'request failed')
  }

  /** A stream begins: from here on its end is the end of the request. */
  begin(): void {
    this.streaming = true
    this.record.status = 200
  }

  /** The client is gone: cancels what runs for it. */
  readonly leave = (): void => {
    if (this.over) return
    this.record.aborted = true
    if (this.record.status === 0) this.record.status = 499
    this.client?.abort()
    this.end()
  }

  /** Adds to a response what every response carries, and ends the request unless a stream follows. */
  respond(response: Response): Response {
    const { record } = this
    // A client that left before has its line already.
    if (!this.over) record.status = response.status
    response.headers.set('x-request-id', record.requestId)
    if (record.provider !== undefined) response.headers.set('x-cligate-provider', record.provider)
    if (record.ignored?.length) response.headers.set('x-cligate-ignored', headerList(record.ignored))
    if (this.rate) setRateHeaders(response.headers, this.rate)
    response.headers.set('server-timing', this.timing())
    if (!this.streaming) this.end()
    return response
  }

  /** Writes the log line, once. */
  end(): void {
    if (this.over) return
    this.over = true
    if (this.client) this.request.signal.removeEventListener('abort', this.leave)
    // Else the connection would stay open for ever when its client sends no other request.
    if (this.held) this.sockets?.release(this.request)
    const { record } = this
    record.durationMs = this.elapsed()
    if (this.finishes.size > 0) record.finish = [...this.finishes].join(',')
    const usage = sumUsage(this.usages.flat())
    if (usage) {
      record.inputTokens = usage.input
      record.outputTokens = usage.output
      record.cachedTokens = usage.cachedRead
      record.reasoningTokens = usage.reasoning
      if (usage.costUsd !== undefined) record.costUsd = usage.costUsd
    }
    this.gateway.drain.leave()
    this.gateway.statistics.add(record)
    this.gateway.log.request(record)
  }

  private timing(): string {
    const { queueMs, firstTokenMs } = this.record
    const parts = [`total;dur=${this.elapsed()}`]
    if (queueMs !== undefined) parts.unshift(`gateway;dur=${queueMs}`)
    if (firstTokenMs !== undefined) parts.push(`first;dur=${firstTokenMs}`)
    return parts.join(', ')
  }

  /** Milliseconds since the request came, to a hundredth. */
  private elapsed(): number {
    return Math.round((performance.now() - this.started) * 100) / 100
  }
}

/** As OpenAI names them, so that clients which slow down by themselves find them. */
function setRateHeaders(headers: Headers, { limit, remaining, resetSeconds }: RateState): void {
  headers.set('x-ratelimit-limit-requests', String(limit))
  headers.set('x-ratelimit-remaining-requests', String(remaining))
  headers.set('x-ratelimit-reset-requests', `${resetSeconds}s`)
}

/** The path of an absolute URL, without its query; empty for one that is not: see `hasHost`. */
export function pathOf(url: string): string {
  if (!hasHost(url)) return ''
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const query = url.indexOf('?', start)
  return url.slice(start, query < 0 ? undefined : query)
}

/**
 * Whether the URL of a request says a host. With an empty or malformed `Host` Bun (1.4.5) gives the path alone, and whoever
 * looks for the path behind the host would find another one than Elysia does.
 */
export function hasHost(url: string): boolean {
  return /^https?:\/\/[^/]/.test(url)
}

/** Names of the caller's fields as one header: whatever could break a header or the list is percent-encoded. */
function headerList(names: readonly string[]): string {
  const list = names.map((name) => name.toWellFormed().replace(/[^A-Za-z0-9_.[\]-]/gu, encodeURIComponent)).join(',')
  return list.length > LONGEST_IGNORED ? `${list.slice(0, LONGEST_IGNORED)}...` : list
}
