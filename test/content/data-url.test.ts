import { describe, expect, test } from 'bun:test'
import { array, assert, constantFrom, property, string, uint8Array } from 'fast-check'
import { decodeBase64, parseDataUrl } from '../../src/content/data-url.ts'

const utf8 = (content: string) => new TextEncoder().encode(content)
const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)

describe('base64', () => {
  test.each([
    ['canonical', 'aGVsbG8=', 'hello'],
    ['without padding', 'aGVsbG8', 'hello'],
    ['broken into lines', 'aGVs\r\nbG8=\n', 'hello'],
    ['spaces around the padding', ' aGVsbG8 = ', 'hello'],
    ['bits set behind the last byte', 'aGVsbG9=', 'hello'],
    ['nothing', '', ''],
  ])('%s', (_, input, expected) => {
    const decoded = decodeBase64(input)
    expect(text(decoded?.bytes)).toBe(expected)
    expect(decoded?.base64).toBe(btoa(expected))
  })

  test.each([
    ['a stray character', 'aGVs!G8='],
    ['the URL-safe alphabet', 'aGV-_G8='],
    ['one character too many', 'aGVsb'],
    ['too much padding', 'aGVsbG8=='],
    ['too little padding', 'aA='],
    ['padding in the middle', 'aA==aGVs'],
    ['not ASCII', 'aGVs\u4e2d'],
    ['NUL', 'aGVs\0bG8='],
  ])('refuses %s', (_, input) => {
    expect(decodeBase64(input)).toBeUndefined()
  })

  test('any bytes come back, whatever the line breaks', () => {
    assert(
      property(uint8Array({ maxLength: 400 }), constantFrom('', '\n', '\r\n', ' ', '\t'), (bytes, gap) => {
        const base64 = bytes.toBase64()
        const decoded = decodeBase64(base64.replaceAll(/.{1,76}/g, `$&${gap}`))
        expect(decoded).toEqual({ bytes, base64 })
      }),
    )
  })
})

describe('data: URLs', () => {
  test.each([
    ['base64', 'data:image/png;base64,aGVsbG8=', 'image/png', 'hello'],
    ['upper case', 'DATA:Image/PNG;Base64,aGVsbG8=', 'image/png', 'hello'],
    ['parameters', 'data:text/plain;charset=utf-8;base64,aGVsbG8=', 'text/plain', 'hello'],
    ['no type', 'data:;base64,aGVsbG8=', '', 'hello'],
    ['white space in the data', 'data:image/png;base64, aGVs\n bG8=', 'image/png', 'hello'],
    ['percent-encoded base64', 'data:image/png;base64,aGVsbG8%3D', 'image/png', 'hello'],
    ['percent-encoded plus', 'data:image/png;base64,aGk%2BPz8%2F', 'image/png', 'hi>???'],
    ['percent-encoding', 'data:text/plain,hello%20w%C3%B6rld', 'text/plain', 'hello w\u00f6rld'],
    ['a plus is a plus', 'data:text/plain,1+1', 'text/plain', '1+1'],
    ['a comma in the data', 'data:text/csv,a,b', 'text/csv', 'a,b'],
    ['unescaped UTF-8', 'data:text/plain,\u4e2d', 'text/plain', '\u4e2d'],
  ])('%s', (_, url, mediaType, expected) => {
    const parsed = parseDataUrl(url)
    expect(parsed?.mediaType).toBe(mediaType)
    expect(parsed?.bytes).toEqual(utf8(expected))
    expect(parsed?.base64).toBe(utf8(expected).toBase64())
  })

  test.each([
    ['another scheme', 'http://example.com/'],
    ['no comma', 'data:image/png;base64'],
    ['wrong base64', 'data:image/png;base64,%%%'],
    ['base64 with a bad escape', 'data:image/png;base64,aGVs%ZZ'],
    ['base64 with an escaped byte that is not UTF-8', 'data:image/png;base64,aGVs%FF'],
    ['a bare percent sign', 'data:text/plain,100%'],
    ['a cut escape', 'data:text/plain,%2'],
    ['a comma far away', `data:${';x=y'.repeat(1000)},a`],
  ])('refuses %s', (_, url) => {
    expect(parseDataUrl(url)).toBeUndefined()
  })

  test('percent-encoded bytes come back', () => {
    assert(
      property(uint8Array({ maxLength: 200 }), (bytes) => {
        const escaped = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
        expect(parseDataUrl(`data:application/octet-stream,${escaped}`)?.bytes).toEqual(bytes)
      }),
    )
  })

  test('no text makes it throw, and what it gives is consistent', () => {
    const piece = constantFrom(
      'data:',
      ';base64',
      ',',
      '%',
      '%2',
      '%41',
      '=',
      'QUJD',
      ' ',
      '\ud800',
      '\u4e2d',
      ';',
      '\0',
    )
    const arbitrary = array(piece, { maxLength: 12 })
    assert(
      property(arbitrary, string({ unit: 'binary' }), (pieces, tail) => {
        for (const url of [pieces.join(''), `data:${pieces.join('')}`, `data:;base64,${tail}`, `data:,${tail}`, tail]) {
          const parsed = parseDataUrl(url)
          if (parsed) expect(parsed.base64).toBe(parsed.bytes.toBase64())
        }
      }),
    )
  })

  test('a text that is canonical already is not copied', () => {
    const base64 = new Uint8Array(3_932_160).fill(7).toBase64()
    const started = performance.now()
    for (let round = 0; round < 20; round++) expect(decodeBase64(base64)?.base64).toBe(base64)
    // 20 of the largest images take some 10 ms; work for each character in JavaScript would take seconds.
    expect(performance.now() - started).toBeLessThan(1000)
  })
})
