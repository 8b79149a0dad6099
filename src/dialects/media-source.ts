// Where images and documents of a request come from.
import type { MediaSource } from '../core/request.ts'
import { invalid } from './refuse.ts'

/** Longest head of a data URL: only this much is searched, the data behind it may be megabytes. */
const MAX_HEAD = 256

/**
 * A base64 data URL, or an http(s) address to be fetched later. The bytes themselves are checked where they are decoded.
 * @throws GatewayError `invalid_request` naming `path`
 */
export function readUrl(url: string, path: string): MediaSource {
  if (/^data:/i.test(url)) return readDataUrl(url, path)
  if (/^https?:\/\//i.test(url)) return { kind: 'url', url }
  return invalid(path, `${path} must be a data: URL or an http(s) address.`)
}

/** The same, or base64 alone. */
export function readData(data: string, path: string): MediaSource {
  if (/^[a-z][a-z0-9+.-]*:/i.test(data)) return readUrl(data, path)
  return { kind: 'data', mediaType: '', data: packed(data) }
}

function readDataUrl(url: string, path: string): MediaSource {
  const head = url.slice(0, MAX_HEAD)
  const comma = head.indexOf(',')
  const [mediaType = '', ...parameters] = head.slice('data:'.length, comma).split(';')
  const isBase64 = parameters.at(-1)?.trim().toLowerCase() === 'base64'
  const data = packed(url.slice(comma + 1))
  if (comma < 0 || !isBase64 || data === '')
    return invalid(path, `${path} is not a base64 data URL: data:TYPE;base64,DATA.`)
  return { kind: 'data', mediaType: mediaType.trim().toLowerCase(), data }
}

/** Base64 without the line breaks that some write into it. */
export const packed = (base64: string) => (/\s/.test(base64) ? base64.replace(/\s+/g, '') : base64)
