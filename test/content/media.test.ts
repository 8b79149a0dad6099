import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { array, assert, asyncProperty, constantFrom, oneof, record, string, uint8Array } from 'fast-check'
import { GatewayError } from '../../src/core/error.ts'
import type { ImagePart, MediaSource, Message, UserPart } from '../../src/core/request.ts'
import { type MediaOptions, createMediaResolver } from '../../src/content/media.ts'
import { chatRequest } from '../core/samples.ts'
import { TIFF_FILES } from './image-tiff-samples.ts'
import { ONE_PIXEL_GIF, bitmapFile, pngHeader, pngPixels, realImages } from './media-samples.ts'

const HOST = 'images.example.test'
const MAX_IMAGE_BYTES = 3_932_160
const images = await realImages()
const PDF = new TextEncoder().encode('%PDF-1.7\n%%EOF')

const dataUrl = (bytes: Uint8Array, claimed = 'image/png'): MediaSource => ({
  kind: 'url',
  url: `data:${claimed};base64,${bytes.toBase64()}`,
})
type Inline = Extract<MediaSource, { kind: 'data' }>
const inline = (bytes: Uint8Array, mediaType = 'image/png'): Inline => ({
  kind: 'data',
  mediaType,
  data: bytes.toBase64(),
})
const image = (source: MediaSource, path = 'the.path'): ImagePart => ({ type: 'image', source, path })
const document = (source: MediaSource, path = 'the.path'): UserPart => ({ type: 'document', source, path, title: 'T' })
const user = (...content: UserPart[]): Message => ({ role: 'user', content })
const text = (content: string): UserPart => ({ type: 'text', text: content })
const answer: Message = { role: 'assistant', content: [{ type: 'text', text: 'An answer.' }] }

const request = (...messages: Message[]) => chatRequest({ messages })

const resolve = (messages: Message[], options: MediaOptions = {}, signal = new AbortController().signal) =>
  createMediaResolver(options).resolve(request(...messages), signal)

/** The sources of a resolved request, all as data. */
async function sources(messages: Message[], options?: MediaOptions) {
  const resolved = await resolve(messages, options)
  return resolved.messages
    .flatMap((message): UserPart[] => {
      if (message.role === 'tool') return message.content.flatMap((result) => result.content)
      return message.role === 'user' ? message.content : []
    })
    .flatMap((part) => (part.type === 'text' ? [] : [part.source as Inline]))
}

const failure = async (messages: Message[], options?: MediaOptions) => {
  const thrown: unknown = await resolve(messages, options).catch((error: unknown) => error)
  expect(thrown).toBeInstanceOf(GatewayError)
  return thrown as GatewayError
}

describe('a request', () => {
  test('without media is the same object', async () => {
    const plain = request(user(text('[Image #1]')), answer, {
      role: 'tool',
      content: [{ type: 'tool-result', id: '1', content: [{ type: 'text', text: 'x' }], isError: false }],
    })
    expect(await createMediaResolver().resolve(plain, new AbortController().signal)).toBe(plain)
  })

  test('with media keeps all else, and is not changed itself', async () => {
    const before = request(user(text('a')), answer, user(text('b'), image(dataUrl(images.png))))
    const copy = structuredClone(before)
    const after = await createMediaResolver().resolve(before, new AbortController().signal)
    expect(before).toEqual(copy)
    expect(after.messages[0]).toBe(before.messages[0]!)
    expect(after.messages[1]).toBe(before.messages[1]!)
    expect({ ...after, messages: [] }).toEqual({ ...before, messages: [] })
    expect(after.messages[2]).toEqual(user(text('b'), image(inline(images.png))))
  })

  test('with images in tool results has them resolved too', async () => {
    const tool: Message = {
      role: 'tool',
      content: [{ type: 'tool-result', id: '1', content: [text('shot'), image(dataUrl(images.jpeg))], isError: true }],
    }
    const resolved = await resolve([user(text('go')), answer, tool])
    expect(resolved.messages[2]).toEqual({
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          id: '1',
          content: [text('shot'), image(inline(images.jpeg, 'image/jpeg'))],
          isError: true,
        },
      ],
    })
  })

  test('with placeholders has its images behind them', async () => {
    const resolved = await resolve([user(text('see [Image #1]!'), image(dataUrl(images.png)))])
    expect(resolved.messages).toEqual([user(text('see [Image #1]'), image(inline(images.png)), text('!'))])
  })
})

describe('what an image is', () => {
  test.each([
    ['png', images.png],
    ['jpeg', images.jpeg],
    ['webp', images.webp],
    ['gif', ONE_PIXEL_GIF],
  ])('is told by its bytes: %s passes as it is, whatever it claims', async (format, bytes) => {
    for (const claimed of ['image/png', 'image/x-unknown', 'text/html', 'application/pdf', '']) {
      const expected = [inline(bytes, `image/${format}`), inline(bytes, `image/${format}`)]
      expect(await sources([user(image(dataUrl(bytes, claimed)), image(inline(bytes, claimed)))])).toEqual(expected)
    }
  })

  test.each([
    ['BMP', bitmapFile(4, 3, [9, 8, 7]), [4, 3]],
    ['TIFF', TIFF_FILES.LZW, [20, 14]],
  ] as const)('%s becomes PNG', async (_, bytes, size) => {
    const [source] = await sources([user(image(dataUrl(bytes)))])
    expect(source!.mediaType).toBe('image/png')
    const png = pngPixels(Uint8Array.fromBase64(source!.data))
    expect([png.width, png.height]).toEqual([...size])
  })

  test.each([
    ['text', new TextEncoder().encode('hello'), /not an image of an accepted type: PNG, JPEG, GIF, WebP, BMP or TIFF/],
    ['SVG', new TextEncoder().encode('<svg/>'), /not an image of an accepted type/],
    ['a PDF', PDF, /not an image of an accepted type/],
    ['nothing', new Uint8Array(), /empty/],
    ['a cut PNG', images.png.subarray(0, 20), /PNG image is damaged or cut off/],
    ['a cut JPEG', images.jpeg.subarray(0, 30), /JPEG image is damaged or cut off/],
    ['a cut WebP', images.webp.subarray(0, 20), /WEBP image is damaged or cut off/],
    ['a cut GIF', ONE_PIXEL_GIF.subarray(0, 8), /GIF image is damaged or cut off/],
    ['a cut TIFF', TIFF_FILES.LZW.subarray(0, 100), /TIFF image is damaged or cut off/],
    ['a cut BMP', bitmapFile(4, 3, [0, 0, 0]).subarray(0, 60), /BMP image is damaged/],
    ['a fax', TIFF_FILES.fax, /kind of TIFF image is not supported. Send PNG, JPEG/],
    ['an image bomb', pngHeader(50_000, 50_000), /50000 x 50000 pixels; at most 100 megapixels/],
    ['a larger one', pngHeader(0x7fffffff, 0x7fffffff), /at most 100 megapixels/],
  ])('refuses %s, and says where it stands', async (_, bytes, message) => {
    const error = await failure([user(text('hi'), image(dataUrl(bytes), 'messages[0].content[1].image_url.url'))])
    expect(error).toMatchObject({ code: 'invalid_request', status: 400, param: 'messages[0].content[1].image_url.url' })
    expect(error.message).toMatch(message)
  })

  test.each([
    ['data: URL', { kind: 'url', url: 'data:image/png;base64,iVBORw0KGgo!' }],
    ['data: URL without a comma', { kind: 'url', url: 'data:image/png;base64' }],
    ['base64', { kind: 'data', mediaType: 'image/png', data: 'iVBORw0KGg-_' }],
  ] as const)('refuses a damaged %s', async (_, source) => {
    expect(await failure([user(image(source))])).toMatchObject({ code: 'invalid_request', param: 'the.path' })
  })

  test('base64 with line breaks is handed on without', async () => {
    const broken = images.png.toBase64().replaceAll(/.{20}/g, '$&\r\n')
    const source: MediaSource = { kind: 'data', mediaType: 'image/png', data: broken }
    expect(await sources([user(image(source))])).toEqual([inline(images.png)])
  })
})

describe('what a document is', () => {
  test.each([
    ['a PDF that claims to be text', PDF, 'text/plain', 'application/pdf'],
    ['a PDF that claims nothing', PDF, '', 'application/pdf'],
    ['text', new TextEncoder().encode('h\u00e9llo'), 'text/markdown', 'text/markdown'],
    ['text that claims to be a PDF', new TextEncoder().encode('hello'), 'application/pdf', 'text/plain'],
  ])('%s', async (_, bytes, claimed, mediaType) => {
    const resolved = await resolve([user(document(dataUrl(bytes, claimed)))])
    expect(resolved.messages).toEqual([user(document(inline(bytes, mediaType)))])
  })

  test.each([
    ['Latin-1', Uint8Array.of(0x66, 0xfc, 0x72)],
    ['an image', images.png],
    ['a ZIP', Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0)],
    ['nothing', new Uint8Array()],
  ])('refuses %s', async (_, bytes) => {
    expect(await failure([user(document(dataUrl(bytes, 'text/plain')))])).toMatchObject({
      code: 'invalid_request',
      param: 'the.path',
    })
  })

  test('has a limit of its own', async () => {
    const error = await failure([user(document(inline(PDF)))], { maxDocumentBytes: 10 })
    expect(error).toMatchObject({ code: 'request_too_large', status: 413, param: 'the.path' })
    expect(error.message).toMatch(/^This document has 14 bytes; at most 10 bytes/)
  })
})

describe('limits', () => {
  const many = (count: number, path: string) =>
    Array.from({ length: count }, (_, index) => image(inline(ONE_PIXEL_GIF), `${path}[${index}]`))

  test('20 images pass, 21 do not, and the 21st is named', async () => {
    expect((await sources([user(...many(20, 'a'))])).length).toBe(20)
    const error = await failure([user(...many(15, 'a')), user(...many(6, 'b'))])
    expect(error).toMatchObject({ code: 'invalid_request', status: 400, param: 'b[5]' })
    expect(error.message).toBe('At most 20 new images are accepted in a request.')
  })

  test('images in tool results count', async () => {
    const tool = (count: number): Message => ({
      role: 'tool',
      content: [{ type: 'tool-result', id: '1', content: many(count, 't'), isError: false }],
    })
    expect((await sources([answer, tool(20)])).length).toBe(20)
    expect(await failure([answer, tool(10), user(...many(11, 'u'))])).toMatchObject({ param: 'u[10]' })
  })

  test('images before the last answer do not count, and still reach the model', async () => {
    const history = [user(...many(20, 'a')), answer, user(...many(20, 'b')), answer]
    expect((await sources([...history, user(...many(20, 'c'))])).length).toBe(60)
    expect((await sources([...history, user(text('and now?'))])).length).toBe(40)
    expect(await failure([...history, user(...many(21, 'c'))])).toMatchObject({ param: 'c[20]' })
  })

  test('too many images are told before any is read', async () => {
    const fetched: string[] = []
    const fetch = async (url: string) => {
      fetched.push(url)
      return new Response(images.png)
    }
    const remote = Array.from({ length: 21 }, (_, index) => image({ kind: 'url', url: `https://1.1.1.1/${index}` }))
    await failure([user(...remote)], { fetch })
    await failure([user(remote[0]!, image(inline(PDF)))], { fetch })
    expect(fetched).toEqual([])
  })

  test('an image of 3.75 MB passes, one byte more does not', async () => {
    expect((await sources([user(image(dataUrl(pngHeader(9, 9, MAX_IMAGE_BYTES))))])).length).toBe(1)
    const error = await failure([user(image(dataUrl(pngHeader(9, 9, MAX_IMAGE_BYTES + 1))))])
    expect(error).toMatchObject({ code: 'request_too_large', status: 413, param: 'the.path' })
    expect(error.message).toBe('This image has 3932161 bytes; at most 3932160 bytes (3.75 MB) are accepted.')
  })

  test('hold for what a conversion made as well', async () => {
    // The smallest BMP is smaller than the smallest PNG.
    const small = bitmapFile(1, 1, [0, 0, 0])
    const error = await failure([user(image(inline(small)))], { maxImageBytes: small.length })
    expect(error).toMatchObject({ code: 'request_too_large', param: 'the.path' })
    expect(error.message).toMatch(/^This BMP image, converted to PNG, has \d+ bytes/)
  })

  test('the config’s numbers hold, 0 images too', async () => {
    expect(await failure([user(...many(1, 'a'))], { maxImages: 0 })).toMatchObject({ param: 'a[0]' })
    expect((await sources([user(...many(30, 'a'))], { maxImages: 30 })).length).toBe(30)
  })
})

describe('URLs', () => {
  let server: ReturnType<typeof Bun.serve>
  let asked: string[] = []
  beforeAll(() => {
    server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch(incoming) {
        const { pathname } = new URL(incoming.url)
        asked.push(pathname)
        if (pathname === '/missing') return new Response('no', { status: 404 })
        const type = pathname.includes('lie') ? 'image/gif' : 'application/octet-stream'
        const body = pathname.includes('pdf') ? PDF : images.png
        return new Response(body, { headers: { 'content-type': type } })
      },
    })
  })
  afterAll(() => server.stop(true))

  const here = (path: string): MediaSource => ({ kind: 'url', url: `http://${HOST}:${server.port}${path}` })
  const options: MediaOptions = { allowedPrivateHosts: [HOST], lookup: async () => [{ address: '127.0.0.1' }] }

  test('become data of the type that the bytes tell', async () => {
    const resolved = await resolve([user(image(here('/lie')), document(here('/a.pdf')))], options)
    expect(resolved.messages).toEqual([user(image(inline(images.png)), document(inline(PDF, 'application/pdf')))])
  })

  test('that stand in a request several times are fetched once', async () => {
    asked = []
    const history = [user(image(here('/same'))), answer, user(image(here('/same')), image(here('/other'))), answer]
    expect(await sources([...history, user(image(here('/same')))], options)).toEqual(Array(4).fill(inline(images.png)))
    expect(asked.toSorted()).toEqual(['/other', '/same'])
  })

  test('on this machine are refused unless the config names the host', async () => {
    asked = []
    const direct: MediaSource = { kind: 'url', url: `http://127.0.0.1:${server.port}/` }
    expect(await failure([user(image(direct))])).toMatchObject({
      code: 'invalid_request',
      param: 'the.path',
      message: 'This URL is not allowed: its host has no public address.',
    })
    expect(await failure([user(image(here('/')))], { ...options, allowedPrivateHosts: [] })).toMatchObject({
      status: 400,
    })
    expect(asked).toEqual([])
  })

  test.each(['file:///etc/passwd', '/etc/passwd', 'ftp://example.com/a.png', 'iVBORw0KGgo=', ''])(
    '%j is refused',
    async (url) => {
      expect(await failure([user(image({ kind: 'url', url }))], options)).toMatchObject({
        code: 'invalid_request',
        param: 'the.path',
      })
    },
  )

  test('that fail name their own place', async () => {
    const messages = [user(image(here('/a'), 'first'), image(here('/missing'), 'second'), image(here('/b'), 'third'))]
    expect(await failure(messages, options)).toMatchObject({
      param: 'second',
      message: 'The URL answered with status 404.',
    })
  })

  test('share a limit of bytes', async () => {
    const parts = Array.from({ length: 5 }, (_, index) => image(here(`/${index}`)))
    const limit = images.png.length * 4
    expect(await failure([user(...parts)], { ...options, maxFetchedBytes: limit })).toMatchObject({ status: 413 })
    expect((await sources([user(...parts.slice(1))], { ...options, maxFetchedBytes: limit })).length).toBe(4)
  })

  test('are 100 at most, those of the history too', async () => {
    asked = []
    const history = user(...Array.from({ length: 101 }, (_, index) => image(here(`/${index}`), `part ${index}`)))
    expect(await failure([history, answer, user(text('and?'))], options)).toMatchObject({ param: 'part 100' })
    expect(asked).toEqual([])
  })

  test('are fetched four at a time, and the first failure ends the others', async () => {
    let running = 0
    let most = 0
    let aborted = 0
    const fetch = (url: string, init: BunFetchRequestInit) => {
      running += 1
      most = Math.max(most, running)
      if (url.endsWith('/3')) return Promise.resolve(new Response('no', { status: 500 }))
      return new Promise<Response>((_, reject) => {
        init.signal?.addEventListener('abort', () => {
          aborted += 1
          reject(init.signal?.reason)
        })
      })
    }
    const parts = Array.from({ length: 12 }, (_, index) =>
      image({ kind: 'url', url: `https://1.1.1.1/${index}` }, `${index}`),
    )
    expect(await failure([user(...parts)], { fetch })).toMatchObject({ param: '3' })
    expect({ most, aborted }).toEqual({ most: 4, aborted: 3 })
  })

  test('and everything else of a caller who has left are not looked at', async () => {
    const error = resolve([user(image(dataUrl(images.png)))], {}, AbortSignal.abort())
    await expect(error).rejects.toMatchObject({ code: 'client_closed_request', status: 499 })
  })

  test('of a caller who leaves are given up', async () => {
    const left = new AbortController()
    const fetch = async (_: string, init: BunFetchRequestInit) => {
      left.abort()
      throw init.signal?.reason
    }
    const messages = [user(image({ kind: 'url', url: 'https://1.1.1.1/' }))]
    await expect(resolve(messages, { fetch }, left.signal)).rejects.toMatchObject({ code: 'client_closed_request' })
  })
})

describe('any request', () => {
  const bytes = oneof(
    uint8Array({ maxLength: 200 }),
    constantFrom(images.png, images.jpeg, images.webp, ONE_PIXEL_GIF, PDF, TIFF_FILES.LZW, bitmapFile(2, 2, [1, 2, 3])),
  )
  const url = oneof(
    string(),
    string({ unit: 'binary' }).map((body) => `data:${body}`),
    constantFrom('__proto__', 'data:,', 'http://[', 'https://127.0.0.1'),
  )
  const source = oneof(
    bytes.map((content) => dataUrl(content)),
    bytes.map((content) => inline(content)),
    url.map((content): MediaSource => ({ kind: 'url', url: content })),
    string().map((data): MediaSource => ({ kind: 'data', mediaType: '__proto__', data })),
  )
  const parts = array(record({ type: constantFrom('image', 'document'), source }), { minLength: 1, maxLength: 3 })

  test('ends with canonical data of a known type, or with a GatewayError that names the part', async () => {
    const fetch = async () => {
      throw new Error('no network in this test')
    }
    await assert(
      asyncProperty(parts, async (list) => {
        const content = list.map(({ type, source }, index) => ({ type, source, path: `part ${index}` }) as UserPart)
        try {
          for (const { mediaType, data } of await sources([user(...content)], { fetch, lookup: async () => [] })) {
            expect(mediaType).toMatch(/^(image\/(png|jpeg|gif|webp)|application\/pdf|text\/[a-z0-9.+-]+)$/)
            expect(Uint8Array.fromBase64(data).toBase64()).toBe(data)
          }
        } catch (thrown) {
          if (!(thrown instanceof GatewayError)) throw thrown
          expect(thrown.param).toMatch(/^part \d$/)
          expect(thrown.status).toBeLessThan(500)
        }
      }),
      { numRuns: 300 },
    )
  })
})
