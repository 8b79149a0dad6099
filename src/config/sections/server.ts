import * as v from 'valibot'
import { isAddressRange } from '../address-range.ts'
import { amount, count, section, setting, text } from '../setting.ts'

const hostName = v.pipe(text(), v.regex(/^[^\s/@]+$/, 'must be a host name or address, without scheme or path'))

export const server = section('Where the server listens and who may use it.', {
  host: setting(
    hostName,
    '127.0.0.1',
    'Address to listen on. Anything but the loopback needs a key; without one, a key is generated on the first start.',
    { environment: [{ name: 'HOST' }] },
  ),
  port: setting(
    count(0, 65535),
    8000,
    'Port to listen on; when it is taken, the next free one of ten is used. 0 takes any free port.',
    { environment: [{ name: 'PORT' }] },
  ),
  api_keys: setting(
    v.array(v.pipe(v.string(), v.minLength(8, 'must have 8 characters or more'))),
    [],
    'Keys that callers may present. Empty on the loopback: no key is asked for.',
    { environment: [{ name: 'API_KEY', item: true }], secret: true },
  ),
  users: setting(
    v.record(
      v.pipe(v.string(), v.regex(/^[^:]+$/, 'must be a name without a colon')),
      v.pipe(v.string(), v.minLength(8, 'must have 8 characters or more')),
    ),
    {},
    'User names with their passwords, for clients that can only do HTTP Basic.',
    { secret: true },
  ),
  trusted_proxies: setting(
    v.array(v.pipe(v.string(), v.check(isAddressRange, 'must be an address or a range such as 10.0.0.0/8'))),
    [],
    'Addresses or ranges of reverse proxies whose x-forwarded-for header is believed, for rate limits.',
  ),
  hosts: setting(
    v.array(hostName),
    [],
    'Names, besides localhost, that the server is reached by: gate.example, or gate.example:8443.',
  ),
  body_limit_mb: setting(amount(0.001, 1024), 32, 'Largest request body, in megabytes.'),
  insecure: setting(
    v.boolean(),
    false,
    'Listen beyond the loopback without any key. Whoever reaches the port can use your accounts.',
  ),
})
