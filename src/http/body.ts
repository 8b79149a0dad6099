// Reads the JSON body of a request: bounded, and only what is sent as JSON.
import { GatewayError } from '../core/error.ts'
import { checkJsonShape } from './json-shape.ts'

/** `application/json`, or a type built on it such as `application/vnd.api+json`. */
const JSON_TYPE = /^application\/(?:[a-z0-9!#$&^_.+-]+\+)?json$/i

/**
 * What a web form or a page without permission can send is refused by its type (text/plain, forms, no type at all).
 * Bun's own limit is not used: it answers an over-long body with an empty 413, before any code runs.
 * @param limit most bytes of a body
 * @throws GatewayError `unsupported_media_type`, `request_too_large`, or `invalid_request` for what is no JSON object
 */
export async function readJson(request: Request, limit: number): Promise<object> {
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim() ?? ''
  if (!JSON_TYPE.test(type)) {
    throw new GatewayError(
      'unsupported_media_type',
      'The body must be JSON: send it with content-type: application/json.',
    )
  }
  const encoding = request.headers.get('content-encoding') ?? 'identity'
  if (encoding.toLowerCase() !== 'identity') {
    throw new GatewayError('unsupported_media_type', 'The body must not be compressed.')
  }
  const text = await readText(request, limit)
  if (text.trim() === '') throw new GatewayError('invalid_request', 'The body is empty: it must be a JSON object.')
  checkJsonShape(text)
  const body = parse(text)
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body
  throw new GatewayError('invalid_request', 'The body must be a JSON object.')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message quotes the input.
    throw new GatewayError('invalid_request', 'The body is not valid JSON.')
  }
}

async function readText(request: Request, limit: number): Promise<string> {
  const declared = request.headers.get('content-length')
  if (declared !== null && Number(declared) > limit) throw tooLarge(limit)
  try {
    return declared === null ? await readChunks(request, limit) : await request.text()
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown
    throw new GatewayError('client_closed_request', 'The body ended before it was complete.', { cause: thrown })
  }
}

/** A body of unknown length, which ends with the limit at the latest. */
async function readChunks(request: Request, limit: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  // Leaving the loop early cancels the rest of the body.
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength
    if (size > limit) throw tooLarge(limit)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function tooLarge(limit: number): GatewayError {
  return new GatewayError('request_too_large', `The body is larger than the limit of ${limit} bytes.`)
}
