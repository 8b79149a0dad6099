// The address that a request really comes from. What a header says counts only where a trusted proxy wrote it.
import ipaddr from 'ipaddr.js'

/**
 * Walks `x-forwarded-for` from its end, past the trusted proxies. An IPv6 address stands for its /64: one subscriber has
 * all of that.
 * @param socket the address at the other end of the connection
 * @param trusted addresses or CIDR ranges of proxies
 */
export function clientAddress(socket: string, forwarded: string | null, trusted: readonly string[]): string {
  let address = socket
  if (trusted.length > 0 && forwarded !== null) {
    const hops = forwarded.split(',').map((hop) => hop.trim())
    while (hops.length > 0 && isTrusted(address, trusted)) {
      const next = hops.pop() ?? ''
      if (!ipaddr.isValid(next)) break
      address = next
    }
  }
  return subscriber(address)
}

function isTrusted(address: string, trusted: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  return trusted.some((range) => {
    const [network, bits] = ipaddr.isValid(range) ? [ipaddr.process(range), undefined] : ipaddr.parseCIDR(range)
    if (network.kind() !== parsed.kind()) return false
    return bits === undefined ? network.toString() === parsed.toString() : parsed.match([network, bits] as never)
  })
}

function subscriber(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return `${(parsed as ipaddr.IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}
