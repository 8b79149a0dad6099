// Images and documents of a request: fetched, checked, and turned into data before a driver sees them.
import { GatewayError } from '../core/error.ts'
import type { ChatRequest } from '../core/request.ts'
import { decodeBase64, parseDataUrl } from './data-url.ts'
import { type Fetch, guardedFetch } from './guarded-fetch.ts'
import { placeImages } from './image-placeholders.ts'
import { type CheckedFile, type IncomingFile, checkDocument, checkImage } from './media-check.ts'
import { type MediaPart, hasMedia, mediaParts, newMessages, replaceMedia } from './media-parts.ts'
import { type Lookup, createUrlGuard } from './url-guard.ts'

export type MediaOptions = {
  /** New images a request may have: those after the last answer. Earlier ones were let in before. 20 by default. */
  maxImages?: number
  /** Bytes of one image, decoded; 3.75 MB by default, which is 5 MB of base64, the limit of Anthropic's API. */
  maxImageBytes?: number
  /** Bytes of one document, decoded; 20 MB by default. */
  maxDocumentBytes?: number
  /** Bytes that the URLs of one request may bring in all; 100 MB by default. */
  maxFetchedBytes?: number
  /** Milliseconds for one URL, from its name to its last byte; 15 s by default. */
  fetchTimeout?: number
  /** Hosts that URLs may name although they have private addresses; see `UrlGuardOptions`. None by default. */
  allowedPrivateHosts?: readonly string[]
  /** Stands in for the system's DNS. */
  lookup?: Lookup
  /** Stands in for the global `fetch`. */
  fetch?: Fetch
}

export type MediaResolver = {
  /**
   * The same request with every image and document as data, and images behind the placeholders that name them. A request
   * without any is handed back as it is. All failures are GatewayErrors with the part's `path` as `param`.
   */
  resolve(request: ChatRequest, signal: AbortSignal): Promise<ChatRequest>
}

const MEGABYTE = 1024 * 1024
/** Different URLs in one request, history included; Anthropic's API takes no more images either. */
const MAX_URLS = 100
const FETCHES_AT_ONCE = 4
/** Bytes decoded after which other requests get their turn: some tenths of a millisecond. */
const BREATHE_AFTER = 256 * 1024

export function createMediaResolver(options: MediaOptions = {}): MediaResolver {
  const guard = createUrlGuard(options)
  const maxImages = options.maxImages ?? 20
  const maxFetchedBytes = options.maxFetchedBytes ?? 100 * MEGABYTE
  const timeout = options.fetchTimeout ?? 15_000
  const maxBytes = {
    image: options.maxImageBytes ?? 3.75 * MEGABYTE,
    document: options.maxDocumentBytes ?? 20 * MEGABYTE,
  }

  const check = async (part: MediaPart, file: IncomingFile, signal: AbortSignal) =>
    part.type === 'image'
      ? checkImage(file, maxBytes.image, signal, part.path)
      : checkDocument(file, maxBytes.document, part.path)

  const resolveParts = async (parts: MediaPart[], signal: AbortSignal) => {
    const checked = new Map<MediaPart, CheckedFile>()
    // What came with the request is checked first, so that a request which is refused anyway fetches nothing.
    for (const part of parts.filter(isInline)) {
      const file = readInline(part)
      checked.set(part, await check(part, file, signal))
      if (file.bytes.length > BREATHE_AFTER) await new Promise((resolve) => setImmediate(resolve))
      signal.throwIfAborted()
    }
    const remote = Map.groupBy(
      parts.filter((part) => !isInline(part)),
      (part) => `${part.type} ${urlOf(part)}`,
    )
    if (remote.size > MAX_URLS) throw tooManyUrls([...remote.values()][MAX_URLS]![0]!)
    let fetched = 0
    await eachOf([...remote.values()], FETCHES_AT_ONCE, signal, async (same, signal) => {
      const part = same[0]!
      const { path: param } = part
      const limits = { guard, maxBytes: maxBytes[part.type], timeout, param, fetch: options.fetch }
      const file = await guardedFetch(urlOf(part), limits, signal)
      fetched += file.bytes.length
      if (fetched > maxFetchedBytes) throw tooMuchFetched(maxFetchedBytes, param)
      const result = await check(part, file, signal)
      for (const each of same) checked.set(each, result)
    })
    return checked
  }

  return {
    async resolve(request, signal) {
      if (!hasMedia(request.messages)) return request
      const tooMany = mediaParts(newMessages(request.messages)).filter((part) => part.type === 'image')[maxImages]
      if (tooMany) throw tooManyImages(maxImages, tooMany)
      try {
        const checked = await resolveParts(mediaParts(request.messages), signal)
        const resolved = replaceMedia(request.messages, (part) => ({ ...part, source: checked.get(part)! }))
        return { ...request, messages: placeImages(resolved) }
      } catch (thrown) {
        if (thrown instanceof GatewayError || !signal.aborted) throw thrown
        throw new GatewayError('client_closed_request', 'The caller left before its images were read.', {
          cause: thrown,
        })
      }
    },
  }
}

function isInline({ source }: MediaPart): boolean {
  return source.kind === 'data' || /^data:/i.test(source.url)
}

function urlOf({ source }: MediaPart): string {
  return source.kind === 'url' ? source.url : ''
}

/** @throws GatewayError `invalid_request` with `param`, when the data is damaged */
function readInline({ source, path: param }: MediaPart): IncomingFile {
  if (source.kind === 'url') {
    const file = parseDataUrl(source.url)
    if (!file)
      throw new GatewayError('invalid_request', 'This data: URL is damaged: its data cannot be decoded.', { param })
    return file
  }
  const data = decodeBase64(source.data)
  if (!data) throw new GatewayError('invalid_request', 'This data is not valid base64.', { param })
  return { ...data, mediaType: source.mediaType }
}

/** Works on `atOnce` items at a time. The first failure aborts the others and is thrown once all have ended. */
async function eachOf<Item>(
  items: Item[],
  atOnce: number,
  signal: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failure = new AbortController()
  const either = AbortSignal.any([signal, failure.signal])
  const queue = items.values()
  const worker = async () => {
    for (const item of queue) await work(item, either)
  }
  const stop = (thrown: unknown) => failure.abort(thrown)
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, () => worker().catch(stop)))
  failure.signal.throwIfAborted()
}

function tooManyImages(limit: number, { path: param }: MediaPart): GatewayError {
  return new GatewayError('invalid_request', `At most ${limit} new images are accepted in a request.`, { param })
}

function tooManyUrls({ path: param }: MediaPart): GatewayError {
  return new GatewayError('invalid_request', `At most ${MAX_URLS} different URLs are accepted in a request.`, { param })
}

function tooMuchFetched(limit: number, param?: string): GatewayError {
  const message = `The URLs of this request bring more than ${limit / MEGABYTE} MB, the most that is accepted.`
  return new GatewayError('request_too_large', message, { param })
}
