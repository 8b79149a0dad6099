// Fetches the bytes behind a caller's URL: each hop is checked, and the connection goes to the very address that was.
import { GatewayError } from '../core/error.ts'
import { orAbort } from '../core/or-abort.ts'
import { type CheckedUrl, type UrlGuard, checkUrl } from './url-guard.ts'

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: BunFetchRequestInit) => Promise<Response>

export type GuardedFetchOptions = {
  guard: UrlGuard
  /** Bytes the body may have. */
  maxBytes: number
  /** Milliseconds for all of it: names, redirects, body. */
  timeout: number
  /** Path of the URL in the request, for errors about it. */
  param?: string
  /** Stands in for the global `fetch`. */
  fetch?: Fetch
}

/** `mediaType` is the `content-type` header as it came; may be empty. */
export type FetchedFile = { bytes: Uint8Array; mediaType: string }

const MAX_REDIRECTS = 5
const REDIRECTS = new Set([301, 302, 303, 307, 308])
/** Addresses of one host that are tried before giving up. */
const MAX_ADDRESSES = 3

/**
 * Reads a file over http or https. Redirects are followed by hand, at most five, and each is checked like the first URL.
 * No proxy, no cookies, no compression.
 * @throws GatewayError `invalid_request` for what cannot be fetched, `request_too_large` for what is too large, both with
 * `param`; the reason of `signal` when it aborts
 */
export async function guardedFetch(
  url: string,
  options: GuardedFetchOptions,
  signal: AbortSignal,
): Promise<FetchedFile> {
  const { param, timeout } = options
  signal.throwIfAborted()
  const late = new GatewayError('invalid_request', `The URL did not answer in full within ${timeout / 1000} s.`, {
    param,
  })
  const ended = new AbortController()
  const timer = setTimeout(() => ended.abort(late), timeout)
  const leave = () => ended.abort(signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  try {
    return await followRedirects(checkUrl(url, param), options, ended.signal)
  } catch (thrown) {
    // Whatever broke when time was up or the caller left, that is the reason.
    ended.signal.throwIfAborted()
    throw thrown
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', leave)
    // Closes the connection of a body that was not read to its end.
    ended.abort()
  }
}

async function followRedirects(first: URL, options: GuardedFetchOptions, signal: AbortSignal): Promise<FetchedFile> {
  const { param } = options
  let url = first
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    signal.throwIfAborted()
    const target = await orAbort(options.guard.check(url, param), signal)
    const response = await request(target, options, signal)
    if (!REDIRECTS.has(response.status)) return readFile(response, options)
    await response.body?.cancel()
    const location = response.headers.get('location')
    if (!location) throw failed('The URL answered with a redirect that leads nowhere.', param)
    url = checkUrl(location, param, url)
  }
  throw failed(`The URL redirects more than ${MAX_REDIRECTS} times.`, param)
}

/** Asks the checked addresses one after the other, IPv4 first: machines without IPv6 are many, the opposite few. */
async function request(target: CheckedUrl, options: GuardedFetchOptions, signal: AbortSignal): Promise<Response> {
  const addresses = target.addresses.toSorted((a, b) => Number(a.includes(':')) - Number(b.includes(':')))
  let cause: unknown
  for (const address of addresses.slice(0, MAX_ADDRESSES)) {
    try {
      return await requestAt(address, target.url, options.fetch ?? fetch, signal)
    } catch (thrown) {
      signal.throwIfAborted()
      cause = thrown
    }
  }
  throw failed('The URL could not be reached.', options.param, cause)
}

/**
 * One request to one address. The URL names the address, so nothing is looked up again; the `Host` header and the TLS
 * server name are the caller's, and the certificate is checked against that name (Bun 1.4.5 does so by `serverName`).
 */
function requestAt(address: string, url: URL, send: Fetch, signal: AbortSignal): Promise<Response> {
  const pinned = new URL(url)
  pinned.hostname = address.includes(':') ? `[${address}]` : address
  const isName = pinned.hostname !== url.hostname
  return send(pinned.href, {
    headers: { host: url.host, accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'cligate' },
    // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED=0 does not open this up.
    tls: { rejectUnauthorized: true, ...(isName && { serverName: url.hostname.replace(/\.$/, '') }) },
    redirect: 'manual',
    decompress: false,
    keepalive: false,
    proxy: false,
    signal,
  })
}

async function readFile(response: Response, { maxBytes, param }: GuardedFetchOptions): Promise<FetchedFile> {
  if (!response.ok) throw failed(`The URL answered with status ${response.status}.`, param)
  const encoding = response.headers.get('content-encoding')?.trim().toLowerCase() ?? ''
  if (encoding !== '' && encoding !== 'identity') {
    throw failed('The URL answered with compressed content, which is not accepted.', param)
  }
  const tooLarge = () =>
    new GatewayError(
      'request_too_large',
      `The file at this URL has more than ${maxBytes} bytes, the most that is accepted.`,
      {
        param,
      },
    )
  if (Number(response.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of response.body ?? []) {
      length += chunk.length
      if (length > maxBytes) throw tooLarge()
      chunks.push(chunk)
    }
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown
    throw failed('The URL broke off in the middle of its answer.', param, thrown)
  }
  return { bytes: concat(chunks, length), mediaType: response.headers.get('content-type') ?? '' }
}

function concat(chunks: Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}

function failed(message: string, param?: string, cause?: unknown): GatewayError {
  return new GatewayError('invalid_request', message, { param, cause })
}
