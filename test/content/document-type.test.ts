import { describe, expect, test } from 'bun:test'
import { documentType } from '../../src/content/document-type.ts'
import { pngHeader } from './media-samples.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)

describe('document types', () => {
  test.each([
    ['a PDF, whatever it claims', '%PDF-1.4\n\xff', 'text/plain', 'application/pdf'],
    ['text as claimed', 'a,b\n1,2', 'text/csv', 'text/csv'],
    ['parameters of a claim are left out', 'hello', 'Text/Markdown; charset=utf-8', 'text/markdown'],
    ['text that claims to be a PDF', 'hello', 'application/pdf', 'text/plain'],
    ['text that claims nothing', 'hello', '', 'text/plain'],
    ['JSON', '{}', 'application/json', 'text/plain'],
    ['a claim that is no media type', 'hello', 'text/\r\nx: y', 'text/plain'],
    ['text that is not English', '\u4f60\u597d \u{1f600}', 'text/plain', 'text/plain'],
  ])('%s', (_, content, claimed, expected) => {
    expect(documentType(utf8(content), claimed)).toBe(expected)
  })

  test.each([
    ['nothing', new Uint8Array()],
    ['Latin-1', Uint8Array.of(0x66, 0xfc, 0x72)],
    ['UTF-16', Uint8Array.of(0xff, 0xfe, 0x68, 0, 0x69, 0)],
    ['UTF-16 without a mark', Uint8Array.of(0x68, 0, 0x69, 0)],
    ['a cut UTF-8 sequence', Uint8Array.of(0x68, 0xe4, 0xbd)],
    ['an image', pngHeader(2, 2)],
    ['a GIF that is all ASCII', utf8('GIF89aaaaaaaaaaa')],
  ])('refuses %s', (_, bytes) => {
    expect(documentType(bytes, 'text/plain')).toBeUndefined()
  })
})
