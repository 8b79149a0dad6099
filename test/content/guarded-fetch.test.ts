import { afterEach, describe, expect, test } from 'bun:test'
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { type Fetch, type GuardedFetchOptions, guardedFetch } from '../../src/content/guarded-fetch.ts'
import { type Lookup, createUrlGuard } from '../../src/content/url-guard.ts'

const HOST = 'images.example.test'
const PUBLIC = '93.184.215.14'
const REFUSED = 'This URL is not allowed: its host has no public address.'

// For images.example.test alone, signed by itself, used nowhere else; from 2020 to 2120.
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAhwuyfgon8qIidxW
yooKxFpcAfAB4e1JF48EFaAwfcChRANCAARLdgRjQDmKBjpIqAcaMvaNfeQZBRE4
dJZMGxlC/JtutIz7zNNEvgDemxUdE2rpsqBk6EouakbuVCBDEZ2N5/7x
-----END PRIVATE KEY-----`
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIBATAKBggqhkjOPQQDAjAeMRwwGgYDVQQDDBNpbWFnZXMu
ZXhhbXBsZS50ZXN0MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAe
MRwwGgYDVQQDDBNpbWFnZXMuZXhhbXBsZS50ZXN0MFkwEwYHKoZIzj0CAQYIKoZI
zj0DAQcDQgAES3YEY0A5igY6SKgHGjL2jX3kGQUROHSWTBsZQvybbrSM+8zTRL4A
3psVHRNq6bKgZOhKLmpG7lQgQxGdjef+8aNSMFAwHgYDVR0RBBcwFYITaW1hZ2Vz
LmV4YW1wbGUudGVzdDAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBTr+xpaZz4p
a9/JrRBjPAY71K4SbjAKBggqhkjOPQQDAgNHADBEAiAH0iBWz+i47vfCST447lq0
PZQ8sGfMO4pgO4bfDlI8MwIgHfedSoeKAVxPc/eVTGn9mQjoByKFFEcakvE2Vp82
38k=
-----END CERTIFICATE-----`

type Peer = { port: number; heads: string[]; names: (string | false | null | undefined)[]; closed: Promise<void> }
type Answer = (socket: Socket, head: string) => void

const servers: Server[] = []
const environment = { ...process.env }
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NODE_TLS_REJECT_UNAUTHORIZED']) {
    if (environment[name] === undefined) delete process.env[name]
    else process.env[name] = environment[name]
  }
})

/** A server that answers byte for byte. `closed` resolves when a client has hung up. */
async function serve(answer: Answer, tls = false): Promise<Peer> {
  const closed = Promise.withResolvers<void>()
  const heads: string[] = []
  const names: Peer['names'] = []
  const connect = (socket: Socket & { servername?: string | false | null }) => {
    let head = ''
    socket.on('error', () => {})
    socket.on('close', () => closed.resolve())
    socket.on('data', (data: Buffer) => {
      const isWhole = head.includes('\r\n\r\n')
      head += data.toString()
      if (isWhole || !head.includes('\r\n\r\n')) return
      heads.push(head)
      names.push(socket.servername)
      answer(socket, head)
    })
  }
  const server = tls ? createTlsServer({ key: KEY, cert: CERTIFICATE }, connect) : createServer(connect)
  server.on('tlsClientError', () => {})
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, heads, names, closed: closed.promise }
}

const reply =
  (status: string, headers: string[], body: string | Uint8Array = ''): Answer =>
  (socket) => {
    socket.write([`HTTP/1.1 ${status}`, ...headers, '', ''].join('\r\n'))
    socket.end(body)
  }
const ok = (body: string, ...headers: string[]) => reply('200 OK', [`content-length: ${body.length}`, ...headers], body)
const redirect = (location: string, status = '302 Found') =>
  reply(status, [`location: ${location}`, 'content-length: 0'])

type Settings = Partial<Omit<GuardedFetchOptions, 'guard'>> & { lookup?: Lookup; allowed?: string[] }

/** Fetches with `HOST` allowed to be on loopback, where its look-up leads. */
function get(
  url: string,
  { lookup, allowed = [HOST], ...settings }: Settings = {},
  signal = new AbortController().signal,
) {
  const guard = createUrlGuard({
    allowedPrivateHosts: allowed,
    lookup: lookup ?? (async () => [{ address: '127.0.0.1' }]),
    ownAddresses: () => [],
  })
  return guardedFetch(url, { guard, maxBytes: 1000, timeout: 10_000, param: 'the.path', ...settings }, signal)
}

/** The error it ends with. Any other ending fails the test. */
const failure = (fetched: Promise<unknown>) =>
  fetched.then(
    () => {
      throw new Error('it did not fail')
    },
    (thrown: unknown) => thrown,
  )

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** Answers without a network, by URL; what it was asked stands in `asked`. */
function scripted(answers: Record<string, () => Response>): { fetch: Fetch; asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    fetch: async (url) => {
      asked.push(url)
      const answer = answers[url]
      if (!answer) throw new Error(`nobody at ${url}`)
      return answer()
    },
  }
}

describe('the connection', () => {
  test('goes to the address that was checked, with the name of the URL in the Host header', async () => {
    const peer = await serve(ok('bytes', 'content-type: image/png'))
    const file = await get(`http://${HOST}:${peer.port}/a%20b.png?c=d#e`)
    expect(text(file.bytes)).toBe('bytes')
    expect(file.mediaType).toBe('image/png')
    const [request, ...headers] = peer.heads[0]!.trim().split('\r\n')
    expect(request).toBe('GET /a%20b.png?c=d HTTP/1.1')
    const sent = Object.fromEntries(headers.map((line) => line.toLowerCase().split(': ')))
    expect(sent).toMatchObject({ host: `${HOST}:${peer.port}`, 'accept-encoding': 'identity' })
    expect(Object.keys(sent).toSorted()).toEqual(['accept', 'accept-encoding', 'host', 'user-agent'])
  })

  test('is not fooled by a name that changes its address between the check and the request', async () => {
    const peer = await serve(ok('bytes'))
    const answers = ['127.0.0.1', '10.0.0.1', '10.0.0.2']
    let lookups = 0
    const lookup = async () => [{ address: answers[lookups++]! }]
    expect(text((await get(`http://${HOST}:${peer.port}/`, { lookup })).bytes)).toBe('bytes')
    expect(lookups).toBe(1)
  })

  test('does not ask the system’s DNS again: localhost that was said to be public stays public', async () => {
    const peer = await serve(ok('secret'))
    const network = scripted({ [`http://${PUBLIC}:${peer.port}/`]: () => new Response('public') })
    const lookup = async () => [{ address: PUBLIC }]
    const file = await get(`http://localhost:${peer.port}/`, { lookup, allowed: [], fetch: network.fetch })
    expect(text(file.bytes)).toBe('public')
    expect(network.asked).toEqual([`http://${PUBLIC}:${peer.port}/`])
    expect(peer.heads).toEqual([])
  })

  test('tries the other addresses when one does not answer, IPv4 first, three at most', async () => {
    const addresses = ['2606:4700::1', PUBLIC, '2606:4700::2', '2606:4700::3'].map((address) => ({ address }))
    const network = scripted({ 'http://[2606:4700::2]/': () => new Response('there') })
    const lookup = async () => addresses
    const file = await get('http://example.com/', { lookup, fetch: network.fetch })
    expect(text(file.bytes)).toBe('there')
    const order = [`http://${PUBLIC}/`, 'http://[2606:4700::1]/', 'http://[2606:4700::2]/']
    expect(network.asked).toEqual(order)
    const silent = scripted({})
    expect(await failure(get('http://example.com/', { lookup, fetch: silent.fetch }))).toMatchObject({
      code: 'invalid_request',
      message: 'The URL could not be reached.',
    })
    expect(silent.asked).toEqual(order)
  })

  test('is made anew, follows nothing by itself and unpacks nothing', async () => {
    let sent: BunFetchRequestInit = {}
    const fetch: Fetch = async (_, init) => {
      sent = init
      return new Response('x')
    }
    await get(`http://${HOST}/`, { fetch })
    expect(sent).toMatchObject({ redirect: 'manual', decompress: false, proxy: false, keepalive: false })
  })

  test('uses no proxy', async () => {
    const proxy = await serve(ok('from the proxy'))
    const peer = await serve(ok('bytes'))
    process.env.HTTP_PROXY = `http://127.0.0.1:${proxy.port}`
    expect(text((await get(`http://${HOST}:${peer.port}/`)).bytes)).toBe('bytes')
    expect(proxy.heads).toEqual([])
  })

  test('that is refused or speaks no HTTP is an error that names no address', async () => {
    const peer = await serve((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'))
    const gone = await serve(ok(''))
    for (const server of servers.splice(1)) await new Promise((resolve) => server.close(resolve))
    for (const port of [peer.port, gone.port]) {
      const error = await failure(get(`http://${HOST}:${port}/`))
      expect(error).toMatchObject({ code: 'invalid_request', status: 400, param: 'the.path' })
      expect((error as Error).message).toBe('The URL could not be reached.')
    }
  })
})

describe('https', () => {
  const trusting: Fetch = (url, init) => fetch(url, { ...init, tls: { ...init.tls, ca: CERTIFICATE } })

  test('asks for the name of the URL and checks the certificate against it', async () => {
    const peer = await serve(ok('bytes'), true)
    expect(text((await get(`https://${HOST}.:${peer.port}/`, { fetch: trusting })).bytes)).toBe('bytes')
    expect(peer.names).toEqual([HOST])
    expect(peer.heads[0]).toContain(`${HOST}.:${peer.port}`)
  })

  test.each([
    ['is for another name', 'other.example.test', trusting],
    ['nobody vouches for', HOST, fetch as Fetch],
  ])('a certificate that %s is refused, even where checks are off by environment', async (_, host, send) => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    const peer = await serve(ok('bytes'), true)
    const error = await failure(get(`https://${host}:${peer.port}/`, { allowed: [host], fetch: send }))
    expect(error).toMatchObject({ code: 'invalid_request', message: 'The URL could not be reached.' })
    expect(peer.heads).toEqual([])
  })
})

describe('redirects', () => {
  test.each(['301 Moved', '302 Found', '303 See Other', '307 Temporary', '308 Permanent'])(
    '%s is followed',
    async (status) => {
      const peer = await serve((socket, head) =>
        (head.startsWith('GET /old') ? redirect('../new', status) : ok('new'))(socket, head),
      )
      expect(text((await get(`http://${HOST}:${peer.port}/old/`)).bytes)).toBe('new')
      expect(peer.heads.length).toBe(2)
    },
  )

  test('five are followed, six are not', async () => {
    const peer = await serve((socket, head) => {
      const left = Number(/^GET \/(\d)/.exec(head)![1])
      return (left === 0 ? ok('end') : redirect(`/${left - 1}`))(socket, head)
    })
    expect(text((await get(`http://${HOST}:${peer.port}/5`)).bytes)).toBe('end')
    expect(await failure(get(`http://${HOST}:${peer.port}/6`))).toMatchObject({
      param: 'the.path',
      message: 'The URL redirects more than 5 times.',
    })
  })

  test.each([
    ['loopback', (port: number) => `http://127.0.0.1:${port}/secret`, REFUSED],
    ['loopback in decimal', (port: number) => `http://2130706433:${port}/secret`, REFUSED],
    ['a private address', () => 'http://192.168.0.1/', REFUSED],
    ['the metadata service', () => 'http://169.254.169.254/latest/', REFUSED],
    ['a private name', (port: number) => `http://intern.example.test:${port}/secret`, REFUSED],
    ['a private name without a scheme', (port: number) => `//intern.example.test:${port}/secret`, REFUSED],
    ['a file', () => 'file:///etc/passwd', /must begin with/],
    ['a data: URL', () => 'data:text/plain,hello', /must begin with/],
    ['a URL with a password', (port: number) => `http://user:pass@${HOST}:${port}/secret`, /user name or a password/],
    ['another service’s port', () => `http://${HOST}:25/`, /port/],
    ['nowhere', () => 'http://[', 'This is not a valid URL.'],
  ])('to %s is refused', async (_, location, message) => {
    const peer = await serve((socket, head) => redirect(location(peer.port))(socket, head))
    const error = await failure(get(`http://${HOST}:${peer.port}/`))
    expect(error).toMatchObject({ code: 'invalid_request', param: 'the.path' })
    expect((error as Error).message).toMatch(message)
    expect(peer.heads.length).toBe(1)
  })

  test('to the same name are looked up and checked again', async () => {
    const answers = [PUBLIC, '127.0.0.1']
    const lookup = async () => [{ address: answers.shift()! }]
    const network = scripted({
      [`http://${PUBLIC}/`]: () =>
        new Response(null, { status: 302, headers: { location: 'http://example.com/secret' } }),
    })
    expect(await failure(get('http://example.com/', { lookup, fetch: network.fetch }))).toMatchObject({
      message: REFUSED,
    })
    expect(network.asked).toEqual([`http://${PUBLIC}/`])
  })

  test('without a location lead nowhere', async () => {
    const peer = await serve(reply('302 Found', ['content-length: 0']))
    expect(await failure(get(`http://${HOST}:${peer.port}/`))).toMatchObject({
      message: 'The URL answered with a redirect that leads nowhere.',
    })
  })
})

describe('the body', () => {
  test('may have exactly the most that is accepted', async () => {
    const peer = await serve(ok('x'.repeat(1000)))
    expect((await get(`http://${HOST}:${peer.port}/`)).bytes.length).toBe(1000)
  })

  test('that announces more is not read', async () => {
    const peer = await serve((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n'))
    expect(await failure(get(`http://${HOST}:${peer.port}/`))).toMatchObject({
      code: 'request_too_large',
      status: 413,
      param: 'the.path',
      message: 'The file at this URL has more than 1000 bytes, the most that is accepted.',
    })
    await peer.closed
  })

  test('that never ends and announces nothing is cut, and the connection closed', async () => {
    const peer = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
      const pour = () => {
        while (socket.writable && socket.write(`400\r\n${'x'.repeat(1024)}\r\n`));
      }
      socket.on('drain', pour)
      pour()
    })
    expect(await failure(get(`http://${HOST}:${peer.port}/`, { maxBytes: 100_000 }))).toMatchObject({ status: 413 })
    await peer.closed
  })

  test('that breaks off is an error, not half an image', async () => {
    const peer = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')
      setTimeout(() => socket.destroy(), 20)
    })
    expect(await failure(get(`http://${HOST}:${peer.port}/`))).toMatchObject({
      code: 'invalid_request',
      param: 'the.path',
      message: 'The URL broke off in the middle of its answer.',
    })
  })

  test.each(['gzip', 'br', 'GZIP', 'identity, gzip'])(
    'that is compressed (%s) is refused and never unpacked',
    async (encoding) => {
      const bomb = Bun.gzipSync(new Uint8Array(100_000))
      const head = [`content-length: ${bomb.length}`, `content-encoding: ${encoding}`]
      const peer = await serve(reply('200 OK', head, bomb))
      expect(await failure(get(`http://${HOST}:${peer.port}/`))).toMatchObject({
        message: 'The URL answered with compressed content, which is not accepted.',
      })
    },
  )

  test.each(['404 Not Found', '500 Internal Server Error', '304 Not Modified', '401 Unauthorized'])(
    'of a %s is not taken',
    async (status) => {
      const peer = await serve(reply(status, ['content-length: 0']))
      expect(await failure(get(`http://${HOST}:${peer.port}/`))).toMatchObject({
        code: 'invalid_request',
        message: `The URL answered with status ${status.slice(0, 3)}.`,
      })
    },
  )
})

test('a body that is not wanted is not read: the connection is closed', async () => {
  const peer = await serve((socket) => socket.write('HTTP/1.1 404 Not Found\r\ncontent-length: 100\r\n\r\nhalf'))
  expect(await failure(get(`http://${HOST}:${peer.port}/`))).toMatchObject({
    message: 'The URL answered with status 404.',
  })
  await peer.closed
})

describe('time', () => {
  const late = { code: 'invalid_request', param: 'the.path', message: 'The URL did not answer in full within 0.2 s.' }

  test.each<[string, Answer]>([
    ['nothing', () => {}],
    ['a head and no body', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n')],
    [
      'a body drop by drop',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n')
        const drip = setInterval(() => socket.write('x'), 30)
        socket.on('close', () => clearInterval(drip))
      },
    ],
  ])('a server that sends %s is given up, and the connection closed', async (_, answer) => {
    const peer = await serve(answer)
    expect(await failure(get(`http://${HOST}:${peer.port}/`, { timeout: 200 }))).toMatchObject(late)
    await peer.closed
  })

  test('all redirects share it', async () => {
    const peer = await serve((socket, head) => setTimeout(redirect('/'), 80, socket, head))
    expect(await failure(get(`http://${HOST}:${peer.port}/`, { timeout: 200 }))).toMatchObject(late)
  })

  test('a name that nobody resolves is given up', async () => {
    const lookup = () => new Promise<never>(() => {})
    expect(await failure(get(`http://${HOST}/`, { lookup, timeout: 200 }))).toMatchObject(late)
  })

  test('a caller who leaves ends it at once, with the caller’s reason', async () => {
    const left = new AbortController()
    const reason = new Error('the caller left')
    const peer = await serve(() => left.abort(reason))
    expect(await failure(get(`http://${HOST}:${peer.port}/`, {}, left.signal))).toBe(reason)
    await peer.closed
    expect(await failure(get(`http://${HOST}:${peer.port}/`, {}, left.signal))).toBe(reason)
    expect(peer.heads.length).toBe(1)
  })
})
