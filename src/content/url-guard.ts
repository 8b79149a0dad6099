// The guard in front of every URL that a caller writes: without it, a request could make this machine read its own
// network for the caller (server-side request forgery).
import { lookup as lookupAddresses } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import { GatewayError } from '../core/error.ts'
import { addressKind, normalizeAddress } from './url-guard-addresses.ts'

/** All addresses of a host name. */
export type Lookup = (host: string) => Promise<{ address: string }[]>

export type UrlGuardOptions = {
  /**
   * Host names, as they stand in URLs (`images.lan`, `10.1.2.3`, `[fd12::1]`), that may lead to private and loopback
   * addresses. Metadata services, link-local and reserved addresses stay out of reach.
   */
  allowedPrivateHosts?: readonly string[]
  /** Stands in for the system's DNS. */
  lookup?: Lookup
  /** Stands in for the addresses of this machine's interfaces. */
  ownAddresses?: () => string[]
}

/** A URL and the addresses that were checked. The connection must go to one of them: a second look-up may differ. */
export type CheckedUrl = { url: URL; addresses: string[] }

export type UrlGuard = {
  /**
   * @throws GatewayError `invalid_request` with `param`. One message for all hosts that are refused, and for those that
   * do not exist, so that a caller cannot map the network behind the gateway.
   */
  check(url: URL, param?: string): Promise<CheckedUrl>
}

const MAX_URL_LENGTH = 8192
/** Names under which metadata services are found from inside a cloud. */
const METADATA_HOSTS = new Set(['metadata.google.internal', 'metadata.goog', 'metadata', 'instance-data'])
/** Ports above 1023 that browsers refuse too, because their protocols can be driven by an HTTP request (Fetch, "bad port"). */
const BAD_PORTS = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])

export function createUrlGuard(options: UrlGuardOptions = {}): UrlGuard {
  const allowed = new Set(options.allowedPrivateHosts?.map((host) => host.toLowerCase()))
  const lookup = options.lookup ?? ((host: string) => lookupAddresses(host, { all: true }))
  const ownAddresses = options.ownAddresses ?? interfaceAddresses
  return {
    async check(url, param) {
      const host = url.hostname.replace(/\.$/, '')
      if (METADATA_HOSTS.has(host)) throw hostRefused(param)
      const addresses = await addressesOf(host, lookup)
      const own = new Set(ownAddresses().map(normalizeAddress)) as ReadonlySet<string>
      const isOpen = (address: string) => {
        const kind = addressKind(address, own)
        return kind === 'public' || (kind === 'private' && allowed.has(host))
      }
      // One bad address is enough: which of them a connection would use is not ours to guess.
      if (addresses.length === 0 || !addresses.every(isOpen)) throw hostRefused(param)
      return { url, addresses }
    },
  }
}

/**
 * Checks all of a URL that can be checked without asking DNS: http or https, no credentials, and port 80, 443, or above
 * 1023 without those of well-known other protocols. `base` resolves relative ones (redirects).
 * @throws GatewayError `invalid_request` with `param`
 */
export function checkUrl(text: string, param?: string, base?: URL): URL {
  const url = text.length <= MAX_URL_LENGTH && URL.canParse(text, base?.href) ? new URL(text, base?.href) : undefined
  if (!url) throw refused('This is not a valid URL.', param)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refused('This URL is not allowed: it must begin with https:, http: or data:.', param)
  }
  if (url.username !== '' || url.password !== '') {
    throw refused('This URL is not allowed: it holds a user name or a password.', param)
  }
  const port = Number(url.port || 80)
  if (port !== 80 && port !== 443 && (port <= 1023 || BAD_PORTS.has(port))) {
    throw refused('This URL is not allowed: use port 80, port 443, or a usual one above 1023.', param)
  }
  return url
}

function refused(message: string, param?: string): GatewayError {
  return new GatewayError('invalid_request', message, { param })
}

function hostRefused(param?: string): GatewayError {
  return refused('This URL is not allowed: its host has no public address.', param)
}

/** An address that stands in the URL itself needs no look-up. The URL parser has brought `0x7f.1` and the like to four numbers. */
async function addressesOf(host: string, lookup: Lookup): Promise<string[]> {
  const literal = host.replace(/^\[(.*)\]$/, '$1')
  if (normalizeAddress(literal) !== undefined) return [literal]
  try {
    return (await lookup(host)).map(({ address }) => address)
  } catch {
    return []
  }
}

function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address))
}
