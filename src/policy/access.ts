import { timingSafeEqual } from 'node:crypto'
import { GatewayError } from '../core/error.ts'

export type AccessOptions = {
  /** API keys that are let in; with none, everybody who passes the other checks is. */
  keys: readonly string[]
  /** Names the gateway is reached by, beside the loopback ones: `gate.example`, `gate.example:8443`, `192.168.1.5`. */
  hosts: readonly string[]
  /** Origins of web pages that may call: `https://app.example`. `*` is any, and needs keys. */
  origins: readonly string[]
}

export type Access = {
  /**
   * Refuses what a browser was tricked into: a name of somebody else that resolves to this machine (DNS rebinding), and
   * pages of other sites.
   * @throws GatewayError `host_not_allowed` or `origin_not_allowed`
   */
  checkSource(request: Request): void
  /**
   * @returns who calls, as one and the same text for the same key, from which the key cannot be read; empty without keys
   * @throws GatewayError `invalid_api_key`
   */
  checkKey(request: Request): string
  /** Whether pages of this origin are configured to call. */
  allowsOrigin(origin: string): boolean
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']
/** RFC 9110 Host: a name, an IPv4 or a bracketed IPv6 address, and perhaps a port. */
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/

/** The check in front of every route but `/health`. */
export function createAccess(options: AccessOptions): Access {
  const hosts = new Set([...LOOPBACK, ...options.hosts.map(normalizeHost)])
  const origins = new Set(options.origins.map((origin) => origin.toLowerCase().replace(/\/$/, '')))
  const keys = options.keys.map(digest)
  const anyOrigin = origins.has('*')
  if (anyOrigin && keys.length === 0) {
    throw new Error('The origin * needs an API key: else any web page could use this gateway.')
  }
  const allowsOrigin = (origin: string) => anyOrigin || origins.has(origin.toLowerCase())

  return {
    allowsOrigin,

    checkSource({ headers, url }) {
      // Requests that never were on a socket have no Host header, only their URL.
      const host = (headers.get('host') ?? url.split('/', 3)[2] ?? '').toLowerCase()
      const name = HOST.exec(host)?.[1]
      if (name === undefined || !(hosts.has(name) || hosts.has(host))) {
        throw new GatewayError(
          'host_not_allowed',
          'This host name is not allowed here. Add it to the hosts of the configuration.',
        )
      }
      const origin = headers.get('origin')
      if (origin !== null && allowsOrigin(origin)) return
      const sameOrigin = origin === null || origin.toLowerCase().replace(/^https?:\/\//, '') === host
      if (sameOrigin && headers.get('sec-fetch-site') !== 'cross-site') return
      throw new GatewayError(
        'origin_not_allowed',
        'Pages of other sites may not call this gateway. Add their origin to the CORS origins of the configuration.',
      )
    },

    checkKey(request) {
      if (keys.length === 0) return ''
      const presented = presentedKeys(request)
      let known: Uint8Array | undefined
      for (const hash of presented.map(digest)) {
        // No early exit: how long it takes must not tell which key it was.
        for (const key of keys) if (timingSafeEqual(hash, key)) known = key
      }
      if (known) return callerOf(known)
      throw new GatewayError(
        'invalid_api_key',
        presented.length > 0
          ? 'The API key is not valid.'
          : 'An API key is needed. Send it in a header: Authorization: Bearer KEY, or x-api-key: KEY.',
      )
    },
  }
}

/** All keys a request carries: SDKs send them in different places, and some in two at once. */
function presentedKeys({ headers, url }: Request): string[] {
  const [, scheme = '', credentials = ''] = /^(bearer|basic) +(.+)$/i.exec(headers.get('authorization') ?? '') ?? []
  const authorization = scheme.toLowerCase() === 'basic' ? basicKeys(credentials) : credentials ? [credentials] : []
  const query = url.includes('key=') ? new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('key') : null
  return [...authorization, headers.get('x-api-key'), headers.get('x-goog-api-key'), query].filter(
    (key) => typeof key === 'string',
  )
}

/** A key as user name or as password: browsers send it so where one is typed into their own window. */
function basicKeys(credentials: string): string[] {
  const text = Buffer.from(credentials, 'base64').toString()
  const colon = text.indexOf(':')
  const keys = colon < 0 ? [text] : [text.slice(0, colon), text.slice(colon + 1)]
  return keys.filter((key) => key !== '')
}

/** Keys are compared as hashes, which are of equal length whatever was sent. */
function digest(key: string): Uint8Array {
  return new Bun.CryptoHasher('sha256').update(key).digest()
}

/** Hashed once more: what is kept about a caller must not help to find a key. */
function callerOf(key: Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update('cligate caller').update(key).digest('hex')
}

function normalizeHost(host: string): string {
  const name = host.trim().toLowerCase()
  const bareIpv6 = name.split(':').length > 2 && !name.startsWith('[')
  return bareIpv6 ? `[${name}]` : name
}
