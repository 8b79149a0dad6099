// Which addresses a URL of a caller may lead to.
import ipaddr from 'ipaddr.js'

/**
 * `public`: on the open internet. `private`: on this machine or its networks; reached only when the config names the host.
 * `forbidden`: never reached, whatever the config says.
 */
export type AddressKind = 'public' | 'private' | 'forbidden'

const PRIVATE_RANGES = new Set(['loopback', 'private', 'carrierGradeNat', 'uniqueLocal'])

/**
 * Metadata services of clouds, which hand out credentials to whoever asks. Those below 169.254.0.0/16 and fe80::/10 are
 * refused as link-local; these lie in ranges that are public or that a config may open.
 */
const METADATA_ADDRESSES = new Set(
  [
    '168.63.129.16', // Azure
    '100.100.100.200', // Alibaba Cloud
    'fd00:ec2::254', // AWS
    'fd20:ce::254', // Google Cloud
    'fd00:c1::a9fe:a9fe', // Oracle Cloud
    'fd00:42::42', // Scaleway
  ].map((address) => ipaddr.parse(address).toNormalizedString()),
)

/** The only block from which public IPv6 addresses are given out (IANA). */
const GLOBAL_IPV6: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3]

/** One address in one spelling, for comparisons; `undefined` when it is not an address. */
export function normalizeAddress(address: string): string | undefined {
  return ipaddr.isValid(address) ? ipaddr.parse(address).toNormalizedString() : undefined
}

/** What kind of address this is. `own` are the machine's own addresses, normalised: to the outside they may be public. */
export function addressKind(address: string, own: ReadonlySet<string>): AddressKind {
  if (!ipaddr.isValid(address)) return 'forbidden'
  const parsed = ipaddr.parse(address)
  const normalized = parsed.toNormalizedString()
  if (METADATA_ADDRESSES.has(normalized)) return 'forbidden'
  const range = parsed.range()
  if (PRIVATE_RANGES.has(range)) return 'private'
  // Everything else that has a name is special: link-local, multicast, reserved, 6to4, NAT64, Teredo, mapped IPv4, ...
  if (range !== 'unicast') return 'forbidden'
  if (parsed instanceof ipaddr.IPv6 && !isGlobalIpv6(parsed)) return 'forbidden'
  return own.has(normalized) ? 'private' : 'public'
}

/** Leaves out IPv4-compatible addresses (`::127.0.0.1`), unassigned blocks, and tunnels to an IPv4 address (ISATAP). */
function isGlobalIpv6(address: ipaddr.IPv6): boolean {
  const [interfaceHigh = 0, interfaceLow = 0] = address.parts.slice(4)
  const isTunnel = (interfaceHigh & ~0x0200) === 0 && interfaceLow === 0x5efe
  return address.match(GLOBAL_IPV6) && !isTunnel
}
