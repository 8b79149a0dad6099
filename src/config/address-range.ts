import ipaddr from 'ipaddr.js'

/** Whether a text is an IP address, or a range in CIDR notation. */
export function isAddressRange(text: string): boolean {
  return ipaddr.isValid(text) || ipaddr.isValidCIDR(text)
}
