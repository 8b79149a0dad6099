import { describe, expect, test } from 'bun:test'
import { assert, ipV4, ipV6, property, webUrl } from 'fast-check'
import { GatewayError } from '../../src/core/error.ts'
import { addressKind } from '../../src/content/url-guard-addresses.ts'
import { type UrlGuardOptions, checkUrl, createUrlGuard } from '../../src/content/url-guard.ts'

const PUBLIC = '93.184.215.14'
const REFUSED = 'This URL is not allowed: its host has no public address.'
const NOBODY: ReadonlySet<string> = new Set()

const answering =
  (...addresses: string[]) =>
  async () =>
    addresses.map((address) => ({ address }))
const unknownHost = async () => {
  throw new Error('ENOTFOUND')
}

/** What becomes of a URL: the addresses to connect to, or the error. */
async function outcome(url: string, options: UrlGuardOptions = {}): Promise<string[] | GatewayError> {
  try {
    const guard = createUrlGuard({ lookup: unknownHost, ownAddresses: () => [], ...options })
    return (await guard.check(checkUrl(url, 'the.path'), 'the.path')).addresses
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw thrown
  }
}

describe('hosts that are addresses', () => {
  test.each([
    // Loopback, in every spelling that URL parsers know.
    'http://127.0.0.1/',
    'http://127.0.0.1:8000/v1/models',
    'http://127.255.255.254/',
    'http://127.1/',
    'http://127.0.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.1/',
    'http://0X7F.0x0.0X0.0x1/',
    'http://017700000001/',
    'http://0177.0.0.01/',
    'http://127.0.0.1./',
    'http://127%2e0.0.1/',
    'http://%31%32%37.0.0.1/',
    'http://①②⑦.⓪.⓪.①/',
    'http://127。0。0。1/',
    'http:\\\\127.0.0.1\\admin',
    'http:127.0.0.1/',
    'http:////127.0.0.1/',
    '  http://127.0.0.1/  ',
    'ht\ntp://127.0.0.1/',
    'https://[::1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    // "This host", which connects to loopback.
    'http://0/',
    'http://0.0.0.0/',
    'http://0.1.2.3/',
    'http://[::]/',
    // Private networks.
    'http://10.0.0.1/',
    'http://172.16.0.1/',
    'http://172.31.255.255/',
    'http://192.168.1.1/',
    'http://3232235777/',
    'http://100.64.0.1/',
    'http://[fc00::1]/',
    'http://[fd12:3456:789a::1]/',
    'http://[fec0::1]/',
    // Link-local and metadata services.
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://169.254.170.2/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://[fd20:ce::254]/',
    'http://100.100.100.200/',
    'http://168.63.129.16/',
    'http://192.0.0.192/',
    // An IPv4 address inside an IPv6 one.
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[0:0:0:0:0:ffff:10.0.0.1]/',
    'http://[::ffff:93.184.215.14]/',
    'http://[::127.0.0.1]/',
    'http://[::ffff:0:127.0.0.1]/',
    'http://[64:ff9b::127.0.0.1]/',
    'http://[64:ff9b:1::127.0.0.1]/',
    'http://[2002:7f00:1::]/',
    'http://[2002:a9fe:a9fe::1]/',
    'http://[2001:0:53aa:64c:0:0:80ff:fffe]/',
    'http://[2606:4700::5efe:127.0.0.1]/',
    'http://[2606:4700::200:5efe:a00:1]/',
    // Multicast, broadcast, reserved, documentation, benchmarks, unassigned.
    'http://224.0.0.1/',
    'http://239.255.255.250:1900/',
    'http://255.255.255.255/',
    'http://240.0.0.1/',
    'http://192.0.2.1/',
    'http://198.51.100.7/',
    'http://203.0.113.9/',
    'http://198.18.0.1/',
    'http://192.88.99.1/',
    'http://[ff02::1]/',
    'http://[ff0e::1]/',
    'http://[2001:db8::1]/',
    'http://[3fff::1]/',
    'http://[100::1]/',
    'http://[4000::1]/',
    'http://[5f00::1]/',
    'http://[2001:2::1]/',
  ])('%j is refused', async (url) => {
    const refused = await outcome(url)
    expect(refused).toMatchObject({ code: 'invalid_request', status: 400, param: 'the.path', message: REFUSED })
  })

  test.each([
    ['http://93.184.215.14/a.png', '93.184.215.14'],
    ['http://1572394766/', '93.184.215.14'],
    ['https://[2606:4700:4700::1111]/', '2606:4700:4700::1111'],
    ['http://172.32.0.1/', '172.32.0.1'],
    ['http://172.15.255.255/', '172.15.255.255'],
    ['http://100.128.0.1/', '100.128.0.1'],
    ['http://169.253.0.1/', '169.253.0.1'],
    ['http://192.169.0.1/', '192.169.0.1'],
  ])('%s is public', async (url, address) => {
    expect(await outcome(url)).toEqual([address])
  })
})

describe('hosts that are names', () => {
  test('go to the addresses that were checked', async () => {
    const lookup = answering(PUBLIC, '2606:4700:4700::1111')
    expect(await outcome('https://example.com/a.png', { lookup })).toEqual([PUBLIC, '2606:4700:4700::1111'])
  })

  test.each([
    ['a private address', answering('10.1.2.3')],
    ['loopback', answering('127.0.0.1')],
    ['loopback as IPv6', answering('::1')],
    ['loopback as mapped IPv6', answering('::ffff:127.0.0.1')],
    ['a link-local address with its zone', answering('fe80::1%eth0')],
    ['the metadata service', answering('169.254.169.254')],
    ['a public address and a private one', answering(PUBLIC, '192.168.0.1')],
    ['a private address and a public one', answering('192.168.0.1', PUBLIC)],
    ['no address', answering()],
    ['nonsense', answering('localhost')],
    ['an error', unknownHost],
  ])('a name that leads to %s is refused with the same words', async (_, lookup) => {
    const refused = await outcome('http://example.com/', { lookup })
    expect(refused).toMatchObject({ code: 'invalid_request', param: 'the.path', message: REFUSED })
  })

  test.each(['http://localhost/', 'http://LOCALHOST./', 'http://a.localhost:8000/', 'http://localhost.localdomain/'])(
    '%s is refused by the system’s own answer',
    async (url) => {
      expect(await outcome(url, { lookup: undefined })).toMatchObject({ message: REFUSED })
    },
  )

  test.each(['http://metadata.google.internal/', 'http://METADATA.google.internal./', 'http://metadata/'])(
    '%s is refused whatever DNS says, and is not looked up',
    async (url) => {
      let lookups = 0
      const lookup = async () => {
        lookups += 1
        return [{ address: PUBLIC }]
      }
      expect(
        await outcome(url, { lookup, allowedPrivateHosts: ['metadata.google.internal', 'metadata'] }),
      ).toMatchObject({
        message: REFUSED,
      })
      expect(lookups).toBe(0)
    },
  )

  test('this machine is refused under its public addresses too', async () => {
    const ownAddresses = () => [PUBLIC, '2606:4700:0:0::0:1', 'fe80::1%eth0']
    const lookup = answering('2606:4700::1')
    expect(await outcome(`http://${PUBLIC}/`, { ownAddresses })).toMatchObject({ message: REFUSED })
    expect(await outcome('http://example.com/', { ownAddresses, lookup })).toMatchObject({ message: REFUSED })
    expect(await outcome('http://example.com/', { ownAddresses, lookup: answering('2606:4700::2') })).toEqual([
      '2606:4700::2',
    ])
  })
})

describe('hosts that the config allows', () => {
  test.each(['127.0.0.1', '10.0.0.7', '192.168.1.2', '100.64.0.1', 'fd12::1', '::1', PUBLIC])(
    'may be at %s',
    async (address) => {
      const options = { allowedPrivateHosts: ['Images.LAN'], lookup: answering(address) }
      expect(await outcome('http://images.lan/a.png', options)).toEqual([address])
      expect(await outcome('http://IMAGES.lan./a.png', options)).toEqual([address])
    },
  )

  test.each([
    '169.254.169.254',
    '0.0.0.0',
    '224.0.0.1',
    'fd00:ec2::254',
    '100.100.100.200',
    'fe80::1',
    '::ffff:10.0.0.1',
  ])('may not be at %s', async (address) => {
    const options = { allowedPrivateHosts: ['images.lan'], lookup: answering(address) }
    expect(await outcome('http://images.lan/a.png', options)).toMatchObject({ message: REFUSED })
  })

  test('are those alone: no subdomain, no parent, no other name of the same address', async () => {
    const options = { allowedPrivateHosts: ['images.lan', '10.0.0.7', '[fd12::1]'], lookup: answering('10.0.0.7') }
    for (const host of ['a.images.lan', 'lan', 'images.lan.example.com', 'other.lan', '10.0.0.8', '[fd12::2]']) {
      expect(await outcome(`http://${host}/`, options)).toMatchObject({ message: REFUSED })
    }
    expect(await outcome('http://10.0.0.7/', options)).toEqual(['10.0.0.7'])
    expect(await outcome('http://[fd12:0::1]/', options)).toEqual(['fd12::1'])
  })
})

describe('URLs', () => {
  test.each([
    ['file:///etc/passwd', /must begin with https:, http: or data:/],
    ['file://localhost/etc/passwd', /must begin with/],
    ['ftp://example.com/a.png', /must begin with/],
    ['gopher://127.0.0.1:6379/_INFO', /must begin with/],
    ['javascript:alert(1)', /must begin with/],
    ['blob:https://example.com/1', /must begin with/],
    ['view-source:http://example.com', /must begin with/],
    ['unix:///var/run/docker.sock', /must begin with/],
    ['s3://bucket/key', /must begin with/],
    ['/etc/passwd', /not a valid URL/],
    ['../secret.png', /not a valid URL/],
    ['C:\\secret.png', /must begin with/],
    ['example.com/a.png', /not a valid URL/],
    ['', /not a valid URL/],
    ['http://', /not a valid URL/],
    ['http://1.2.3.4.5/', /not a valid URL/],
    ['http://1.1.1.256/', /not a valid URL/],
    ['http://[fe80::1%25eth0]/', /not a valid URL/],
    ['http://exa mple.com/', /not a valid URL/],
    ['http://example.com:99999/', /not a valid URL/],
    [`http://example.com/${'a'.repeat(9000)}`, /not a valid URL/],
    ['http://user@example.com/', /user name or a password/],
    ['http://user:secret@example.com/', /user name or a password/],
    ['http://:secret@example.com/', /user name or a password/],
    ['http://example.com@127.0.0.1/', /user name or a password/],
    ['http://example.com:22/', /port/],
    ['http://example.com:25/', /port/],
    ['http://example.com:0/', /port/],
    ['http://example.com:1023/', /port/],
    ['https://example.com:6000/', /port/],
    ['http://example.com:6667/', /port/],
  ])('%s is refused', (url, message) => {
    expect(() => checkUrl(url, 'the.path')).toThrow(message)
    try {
      checkUrl(url, 'the.path')
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: 'invalid_request', param: 'the.path' })
      // A password, or whatever else stands in a URL, is not for logs.
      expect(String(thrown)).not.toContain('secret')
    }
  })

  test.each([
    'http://example.com',
    'https://example.com:443/',
    'http://example.com:443/',
    'HTTPS://EXAMPLE.COM:8443/a?b#c',
  ])('%s passes', (url) => {
    expect(checkUrl(url).hostname).toBe('example.com')
  })

  test('relative ones need a base', () => {
    expect(checkUrl('../b.png', undefined, new URL('https://example.com/x/y')).href).toBe('https://example.com/b.png')
    expect(checkUrl('//other.example/', undefined, new URL('https://example.com/')).hostname).toBe('other.example')
  })

  test('any URL is an answer or a GatewayError', async () => {
    await Promise.all(
      ['http://a', 'http://a..b/', 'http://xn--/', 'http://\ud800/', 'http://a\0b/', 'http://[', '\0', 'http://-/'].map(
        async (url) => expect(await outcome(url, { lookup: answering(PUBLIC) })).toBeDefined(),
      ),
    )
    assert(property(webUrl(), (url) => expect(checkUrl(url).href).toBeString()))
  })
})

describe('addresses', () => {
  const isPublicIpv4 = (address: string) => {
    const [a = 0, b = 0, c = 0] = address.split('.').map(Number)
    if (a === 0 || a === 10 || a === 127 || a >= 224) return false
    if (a === 100 && b >= 64 && b < 128) return false
    if (a === 169 && b === 254) return false
    if (a === 172 && b >= 16 && b < 32) return false
    if (a === 192 && (b === 168 || (b === 0 && (c === 0 || c === 2)))) return false
    if (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) return false
    return !(a === 203 && b === 0 && c === 113)
  }

  test('no IPv4 address outside the list of public ones passes', () => {
    assert(
      property(ipV4(), (address) => {
        if (!isPublicIpv4(address)) expect(addressKind(address, NOBODY)).not.toBe('public')
      }),
      { numRuns: 2000 },
    )
  })

  test('no IPv6 address outside 2000::/3 passes', () => {
    assert(
      property(ipV6(), (address) => {
        const first = Number.parseInt(address.split(':')[0] || '0', 16)
        if (first < 0x2000 || first > 0x3fff) expect(addressKind(address, NOBODY)).not.toBe('public')
      }),
      { numRuns: 2000 },
    )
  })
})
