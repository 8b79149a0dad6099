// Images by URLs that lead back into the machine or its network, and images that are not what they say.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { residentMemory, type RunningCligate } from '../support/cligate.ts'
import { type Api, exchange, expectAlive, expectRefusal, IMAGE_APIS, requestTo, startHostile } from './hostile-world.ts'

/** What must never be asked: a service of this machine. `/to?URL` sends on to the URL. */
const asked: string[] = []
const secret = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request) {
    const { pathname, search } = new URL(request.url)
    asked.push(pathname)
    if (pathname === '/to') return Response.redirect(decodeURIComponent(search.slice(1)))
    if (pathname === '/endless') return new Response(endless())
    return new Response('the secret of this machine', { headers: { 'content-type': 'image/png' } })
  },
})

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) })
}

let gate: RunningCligate
let friendly: RunningCligate
beforeAll(async () => {
  ;[gate, friendly] = await Promise.all([startHostile(), startHostile({ images: { allow_hosts: ['localhost'] } })])
}, 60_000)
afterEach(() => expectAlive(gate))
afterAll(async () => {
  await Promise.all([gate?.stop(), friendly?.stop(), secret.stop(true)])
})

const everyApi = IMAGE_APIS.map((api) => [api.name, api] as const)
const imageOf = (api: Api, url: string, to = gate) => exchange(to, requestTo(api, api.parts([api.image!(url)])))

/** Spellings of 127.0.0.1 and of other places that nobody outside may reach. */
const PLACES: [what: string, host: string][] = [
  ['plain', '127.0.0.1'],
  ['a name', 'localhost'],
  ['a name with a dot behind it', 'localhost.'],
  ['a subdomain', 'x.localhost'],
  ['decimal', '2130706433'],
  ['octal', '0177.0.0.1'],
  ['octal in one', '017700000001'],
  ['hexadecimal', '0x7f.0.0.1'],
  ['hexadecimal in one', '0x7f000001'],
  ['short', '127.1'],
  ['with a dot behind it', '127.0.0.1.'],
  ['percent-encoded', '%31%32%37.0.0.1'],
  ['in circles', '①②⑦.⓪.⓪.①'],
  ['zero', '0'],
  ['IPv6', '[::1]'],
  ['mapped', '[::ffff:127.0.0.1]'],
  ['mapped, in hexadecimal', '[::ffff:7f00:1]'],
  ['compatible', '[::127.0.0.1]'],
  ['NAT64', '[64:ff9b::7f00:1]'],
  ['6to4', '[2002:7f00:1::]'],
  ['link-local', '169.254.169.254'],
  ['the metadata service by name', 'metadata.google.internal'],
  ['a private network', '10.0.0.1'],
  ['another', '192.168.1.1'],
  ['shared address space', '100.64.0.1'],
  ['unique local', '[fd00::1]'],
  ['multicast', '224.0.0.1'],
  ['the whole network', '255.255.255.255'],
]

/** In the Gemini API whatever is no address is the name of an uploaded file, of which none are kept. */
const noAddress = ({ name }: Api) => (name === 'gemini' ? 'unsupported_parameter' : 'invalid_request')

describe.each(everyApi)('%s fetches nothing', (_, api) => {
  test.each(PLACES)('at %s: %s', async (_what, host) => {
    for (const url of [`http://${host}:${secret.port}/`, `https://${host}/`]) {
      const reply = await imageOf(api, url)
      expectRefusal(api, reply, 400, 'invalid_request')
      expect(reply.body).not.toContain('ECONN')
    }
    expect(asked).toEqual([])
  })

  test.each([
    ['a user and a password', 'http://user:secret@example.com/'],
    ['a host that hides behind a user', 'http://example.com@127.0.0.1/'],
    ['a backslash', 'http:\\\\127.0.0.1\\'],
    ['a line break in the scheme', 'ht\ntp://127.0.0.1/'],
    ['a port of mail', 'http://example.com:25/'],
    ['a port of SSH', 'http://example.com:22/'],
    ['9,000 characters', `http://example.com/${'a'.repeat(9000)}`],
  ])('with %s', async (_what, url) => {
    expectRefusal(api, await imageOf(api, url), 400, url.startsWith('http://') ? 'invalid_request' : noAddress(api))
    expect(asked).toEqual([])
  })

  test.each([
    'file:///etc/passwd',
    'FILE:///etc/passwd',
    'file://localhost/etc/passwd',
    '/etc/passwd',
    '../../etc/passwd',
    'C:\\x',
    'gopher://127.0.0.1/',
    'ftp://127.0.0.1/',
    'blob:x',
    'jar:http://x',
    'javascript:1',
    'unix:/run/x',
    'data:text/html,<b>',
    'data:image/png;base64,',
    'data:,',
  ])('of the machine: %s', async (url) => {
    const reply = await imageOf(api, url)
    expectRefusal(api, reply, 400, url.startsWith('data:image') ? 'invalid_request' : noAddress(api))
    expect(reply.body).not.toContain('root:')
  })
})

// A name that changes its address between the check and the request: test/content/guarded-fetch.test.ts, with a DNS of its own.
describe.each(everyApi)('%s, where the owner has allowed one host of the machine', (_, api) => {
  test.each([
    ['another name of it', () => `http://127.0.0.1:${secret.port}/secret`],
    ['decimal', () => `http://2130706433:${secret.port}/secret`],
    ['the metadata service', () => 'http://169.254.169.254/latest/meta-data'],
    ['a file', () => 'file:///etc/passwd'],
    ['a password', () => `http://a:b@localhost:${secret.port}/secret`],
  ])('is not led on from there to %s', async (_what, target) => {
    asked.length = 0
    const reply = await imageOf(api, `http://localhost:${secret.port}/to?${encodeURIComponent(target())}`, friendly)
    expectRefusal(api, reply, 400, 'invalid_request')
    expect(asked).toEqual(['/to'])
  })

  test('does not repeat what it found, nor read without end', async () => {
    const reply = await imageOf(api, `http://localhost:${secret.port}/secret`, friendly)
    expectRefusal(api, reply, 400, 'invalid_request')
    expect(reply.body).not.toContain('the secret')
    const before = await residentMemory(friendly.pid)
    const endlessReply = await imageOf(api, `http://localhost:${secret.port}/endless`, friendly)
    expectRefusal(api, endlessReply, 413, 'request_too_large')
    expect((await residentMemory(friendly.pid)) - before).toBeLessThan(100e6)
    asked.length = 0
  }, 30_000)
})

/** The first bytes of a PNG that claims this size. */
function png(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(64)
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(bytes)
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  return bytes
}

function bmp(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.write('BM')
  bytes.writeUInt32LE(40, 14)
  bytes.writeInt32LE(width, 18)
  bytes.writeInt32LE(height, 22)
  bytes.writeUInt16LE(24, 28)
  return bytes
}

const tiff = (directory: number) =>
  Buffer.from([0x49, 0x49, 0x2a, 0, ...new Uint8Array(new Uint32Array([directory]).buffer)])

const FILES: [what: string, bytes: Uint8Array][] = [
  ['a PNG of 60,000 x 60,000', png(60_000, 60_000)],
  ['a PNG of 4 billion x 4 billion', png(2 ** 32 - 1, 2 ** 32 - 1)],
  ['a PNG of 0 x 0', png(0, 0)],
  ['half a PNG header', png(1, 1).subarray(0, 20)],
  ['a GIF of 65,535 x 65,535', Buffer.from('GIF89a\xff\xff\xff\xff\0\0\0', 'latin1')],
  ['a BMP of 30,000 x 30,000', bmp(30_000, 30_000)],
  ['a BMP of a negative size', bmp(-1, 2 ** 31 - 1)],
  ['a BMP without its pixels', bmp(100, 100)],
  ['a TIFF whose directory lies beyond its end', tiff(0xfffffff0)],
  ['a TIFF whose directory is its own head', tiff(0)],
  ['a JPEG without a frame', Buffer.from([0xff, 0xd8, 0xff, 0xd9, ...new Uint8Array(20)])],
  ['a program', Buffer.from('MZ\x90\0 this is a program', 'latin1')],
  ['an ELF', Buffer.from('\x7fELF\x02\x01\x01', 'latin1')],
  ['a picture that is a script', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')],
  ['a web page', Buffer.from('<html><script>alert(1)</script></html>')],
  ['an archive', Buffer.from('PK\x03\x04')],
  ['words', Buffer.from('root:x:0:0:root:/root:/bin/sh')],
]

describe.each(everyApi)('%s', (_, api) => {
  test.each(FILES)('refuses %s, and does not unpack it', async (_what, bytes) => {
    const before = await residentMemory(gate.pid)
    const url = `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`
    expectRefusal(api, await imageOf(api, url), 400, 'invalid_request')
    expect((await residentMemory(gate.pid)) - before).toBeLessThan(100e6)
  })

  test('has an end of images', async () => {
    const url = `data:image/png;base64,${png(1, 1).toString('base64')}`
    const reply = await exchange(gate, requestTo(api, api.parts(Array.from({ length: 60 }, () => api.image!(url)))))
    expectRefusal(api, reply, 400, 'invalid_request')
  })
})

test('nobody was asked but by the owner’s leave, and the logs tell of no fault', () => {
  expect(asked).toEqual([])
  expect(gate.log() + friendly.log()).not.toContain('"level":"error"')
})
