import { GatewayError } from '../core/error.ts'
import { ANONYMOUS, type Caller, mayDo, type Scope, SCOPES, scopesFor } from './caller.ts'
import { findKey, hashKey, type IssuedKey } from './issued-keys.ts'

export type AccessOptions = {
  /** API keys that are let in; with none, everybody who passes the other checks is. */
  keys: readonly string[]
  /** User names and their passwords, for HTTP Basic. */
  users?: Readonly<Record<string, string>>
  /** Keys that `cligate keys` gave out. */
  issued?: IssuedKeys
  /** Names the gateway is reached by, beside the loopback ones: `gate.example`, `gate.example:8443`, `192.168.1.5`. */
  hosts: readonly string[]
  /** Origins of web pages that may call: `https://app.example`. `*` is any, and needs keys. */
  origins: readonly string[]
}

export type IssuedKeys = {
  keys(): readonly IssuedKey[]
  /** Whether any was ever given out: then one is asked for. */
  guards(): boolean
  used(id: string): void
}

export type Access = {
  /**
   * Refuses what a browser was tricked into: a name of somebody else that resolves to this machine (DNS rebinding), and
   * pages of other sites.
   * @throws GatewayError `host_not_allowed` or `origin_not_allowed`
   */
  checkSource(request: Request): void
  /**
   * Who calls.
   * @throws GatewayError `invalid_api_key`; `permission_denied` where the key is not for this path
   */
  checkKey(request: Request, path: string): Caller
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
  const { issued, users = {} } = options
  const configured = [
    ...options.keys.map((key) => configuredCaller(key, 'configured')),
    ...Object.entries(users).map(([user, password]) => configuredCaller(`${user}:${password}`, user)),
  ]
  const given = issuedCallers(issued)
  const anyOrigin = origins.has('*')
  if (anyOrigin && configured.length === 0 && !issued?.guards()) {
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

    checkKey(request, path) {
      if (configured.length === 0 && !issued?.guards()) return ANONYMOUS
      const presented = presentedKeys(request)
      const hashes = presented.map(hashKey)
      const known = findKey([...configured, ...given()], hashes)
      if (!known) {
        throw new GatewayError(
          'invalid_api_key',
          presented.length > 0
            ? 'The API key is not valid.'
            : 'An API key is needed. Send it in a header: Authorization: Bearer KEY, or x-api-key: KEY.',
        )
      }
      const { caller } = known
      issued?.used(caller.id)
      const needed = scopesFor(request.method, path)
      if (needed.some((scope) => mayDo(caller, scope))) return caller
      throw missingScope(needed)
    },
  }
}

/** Whoever presents what the configuration holds may do everything: its owner wrote it there. */
function configuredCaller(secret: string, name: string) {
  const hash = hashKey(secret)
  return { hash, caller: { id: `configured_${hash.toString('hex').slice(0, 12)}`, name, scopes: SCOPES } }
}

function missingScope(needed: readonly Scope[]): GatewayError {
  return new GatewayError('permission_denied', `This key may not do that: it needs the scope ${needed.join(' or ')}.`)
}

/** The issued keys with whom they stand for; worked out again only when they change. */
function issuedCallers(issued: IssuedKeys | undefined): () => readonly { hash: Uint8Array; caller: Caller }[] {
  let of: readonly IssuedKey[] = []
  let callers: { hash: Uint8Array; caller: Caller }[] = []
  return () => {
    const keys = issued?.keys() ?? of
    if (keys !== of) {
      of = keys
      callers = keys.map(({ hash, id, name, scopes }) => ({
        hash: Buffer.from(hash, 'hex'),
        caller: { id, name, scopes },
      }))
    }
    return callers
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

/** A user with a password, or a key in place of either: browsers send it so where one is typed into their own window. */
function basicKeys(credentials: string): string[] {
  const text = Buffer.from(credentials, 'base64').toString()
  const colon = text.indexOf(':')
  const keys = colon < 0 ? [text] : [text, text.slice(0, colon), text.slice(colon + 1)]
  return keys.filter((key) => key !== '')
}

function normalizeHost(host: string): string {
  const name = host.trim().toLowerCase()
  const bareIpv6 = name.split(':').length > 2 && !name.startsWith('[')
  return bareIpv6 ? `[${name}]` : name
}
