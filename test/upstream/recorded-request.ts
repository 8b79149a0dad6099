/** A request as it came in, and how its exchange ended. Times are `performance.now()` of the simulator's process. */
export type RecordedRequest = {
  method: string
  /** Without the query. */
  path: string
  query: string
  headers: Record<string, string>
  /** The raw text, byte for byte. */
  body: string
  /** The body parsed, or undefined where it is no JSON. */
  json: unknown
  receivedAt: number
  /** When the client dropped the connection or the answer was over. */
  closedAt: number | undefined
  /** `dropped`: the client left before the answer was over. `cut`: the simulator destroyed the connection. */
  outcome: 'open' | 'answered' | 'dropped' | 'cut'
  /** Resolves at `closedAt`. */
  closed: Promise<void>
}

/** One request with the means to end it: what an API's handler gets. */
export type Exchange = {
  record: RecordedRequest
  /** Aborts when the client leaves. */
  signal: AbortSignal
  /** Notes how it ended; only the first call counts. */
  close(outcome: Exclude<RecordedRequest['outcome'], 'open'>): void
}

/** Reads the whole request and begins to watch its connection. */
export async function recordExchange(request: Request): Promise<Exchange> {
  const receivedAt = performance.now()
  const url = new URL(request.url)
  const closed = Promise.withResolvers<void>()
  const record: RecordedRequest = {
    method: request.method,
    path: url.pathname,
    query: url.search,
    headers: Object.fromEntries(request.headers),
    body: '',
    json: undefined,
    receivedAt,
    closedAt: undefined,
    outcome: 'open',
    closed: closed.promise,
  }
  const close: Exchange['close'] = (outcome) => {
    if (record.outcome !== 'open') return
    record.outcome = outcome
    record.closedAt = performance.now()
    closed.resolve()
  }
  request.signal.addEventListener('abort', () => close('dropped'), { once: true })
  record.body = await request.text()
  record.json = parsed(record.body)
  return { record, signal: request.signal, close }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
