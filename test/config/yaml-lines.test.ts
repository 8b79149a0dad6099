import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { nearest } from '../../src/config/nearest.ts'
import { brokenLine, keyLines } from '../../src/config/yaml-lines.ts'

const linesOf = (text: string) => Object.fromEntries(keyLines(text).lines)

describe('keyLines', () => {
  test('nested, quoted, commented, and with Windows line breaks', () => {
    const text = [
      '# server: no',
      'server:',
      '  "port": 1 # port: 2',
      '',
      "  'host' : x",
      'log: {level: info}',
      'a-b: 1',
    ]
    const expected = { server: 2, 'server.port': 3, 'server.host': 5, log: 6, 'a-b': 7 }
    expect(linesOf(text.join('\n'))).toEqual(expected)
    expect(linesOf(text.join('\r\n'))).toEqual(expected)
  })

  test('what only looks like a key: block texts, lists, quoted texts, braces', () => {
    const text = `text: |
  server: no
  port: no
folded: >-
  log: no

  deeper: no
list:
  - name: no
    port: no
  - http://x: no
brace: {
  inner: no
}
quoted: "begins
  and: ends"
url: http://a:1
last: 1
`
    expect(linesOf(text)).toEqual({ text: 1, folded: 4, list: 8, brace: 12, quoted: 15, url: 17, last: 18 })
    expect(keyLines(text).repeated).toEqual([])
  })

  test('repeated keys, but not the same name in two sections', () => {
    expect(keyLines('a:\n  x: 1\nb:\n  x: 1\n  x: 2\na:\n').repeated).toEqual([
      { path: 'b.x', line: 5 },
      { path: 'a', line: 6 },
    ])
  })

  test('finds every key that was written', () => {
    const names = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/)
    const tree = fc.letrec((tie) => ({
      node: fc.dictionary(
        names,
        fc.oneof({ depthSize: 'small' }, fc.integer(), fc.boolean(), fc.string(), fc.array(fc.string()), tie('node')),
      ),
    })).node
    fc.assert(
      fc.property(tree, (content) => {
        const text = Bun.YAML.stringify(content, null, 2)
        const { lines, repeated } = keyLines(text)
        expect(repeated).toEqual([])
        const walk = (value: unknown, path: string[]) => {
          if (typeof value !== 'object' || value === null || Array.isArray(value)) return
          for (const [name, item] of Object.entries(value)) {
            const line = lines.get([...path, name].join('.'))
            expect(text.split('\n')[line! - 1]).toMatch(new RegExp(`^ *"?${name}"?:`))
            walk(item, [...path, name])
          }
        }
        walk(content, [])
      }),
    )
  })
})

test.each([
  ['a: 1\nb: [1,\nc: 2\n', 2],
  ['a: 1\n b: 2\n', 2],
  ['a: "open\n', 1],
  ['a:\n  b: 1\n\tc: 1\n', 3],
])('brokenLine of %j', (text, line) => expect(brokenLine(text)).toBe(line))

test.each([
  ['prot', ['port', 'host'], 'port'],
  ['api_key', ['api_keys', 'hosts'], 'api_keys'],
  ['PORT', ['port'], 'port'],
  ['timeout', ['timeouts', 'log'], 'timeouts'],
  ['gemini', ['claude', 'demo'], undefined],
  ['x', ['yz'], undefined],
  ['', ['port'], undefined],
] as const)('nearest to %p', (word, candidates, expected) => expect(nearest(word, candidates)).toBe(expected))
