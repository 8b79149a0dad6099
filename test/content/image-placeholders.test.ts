import { describe, expect, test } from 'bun:test'
import { array, assert, constantFrom, property, record } from 'fast-check'
import { placeImages } from '../../src/content/image-placeholders.ts'
import type { ImagePart, Message, UserPart } from '../../src/core/request.ts'

const text = (content: string): UserPart => ({ type: 'text', text: content })
const image = (name: string): ImagePart => ({
  type: 'image',
  source: { kind: 'data', mediaType: 'image/png', data: name },
})
const user = (...content: UserPart[]): Message => ({ role: 'user', content })
const answer: Message = { role: 'assistant', content: [{ type: 'text', text: 'I see [Image #1].' }] }

/** A conversation as one line a message: texts as they are, images as their names in angle brackets, `|` between parts. */
const show = (messages: Message[]) =>
  messages.map((message) =>
    message.content
      .map((part) => {
        if (part.type === 'text') return part.text
        return part.type === 'image' && part.source.kind === 'data' ? `<${part.source.data}>` : part.type
      })
      .join('|'),
  )
const placed = (...messages: Message[]) => show(placeImages(messages))

describe('[Image #1]', () => {
  test('images behind the text go where they are named; the text stays', () => {
    const message = user(text('Compare [Image #1] with [Image #2], please.'), image('a'), image('b'))
    expect(placed(message)).toEqual(['Compare [Image #1]|<a>| with [Image #2]|<b>|, please.'])
  })

  test('images before the text go there too', () => {
    expect(placed(user(image('a'), image('b'), text('[Image #2] then [Image #1]')))).toEqual([
      '[Image #2]|<b>| then [Image #1]|<a>',
    ])
  })

  test('images that are not named stay where they are', () => {
    expect(placed(user(text('see [Image #2]'), image('a'), image('b'), image('c')))).toEqual([
      'see [Image #2]|<b>|<a>|<c>',
    ])
    expect(placed(user(text('no placeholder'), image('a')))).toEqual(['no placeholder|<a>'])
  })

  test('an image is placed once, behind its first mention', () => {
    expect(placed(user(text('[Image #1], again [Image #1]'), text('[Image #1]'), image('a')))).toEqual([
      '[Image #1]|<a>|, again [Image #1]|[Image #1]',
    ])
  })

  test.each(['[Image #3]', '[Image #0]', '[Image #99999999999]', '[image #1]', '[Image #1', '[Image # 1]', 'Image #1'])(
    'leaves %s alone',
    (placeholder) => {
      const messages = [user(text(`see ${placeholder}`), image('a'))]
      expect(placed(...messages)).toEqual([`see ${placeholder}|<a>`])
    },
  )

  test('leaves messages alone whose client placed images between texts', () => {
    const message = user(text('one'), image('a'), text('two [Image #1]'), image('b'))
    expect(placeImages([message])[0]).toBe(message)
  })

  test('makes no blank texts', () => {
    expect(placed(user(text('[Image #1]'), image('a')))).toEqual(['[Image #1]|<a>'])
    expect(placed(user(text('  [Image #1] \n'), image('a')))).toEqual(['  [Image #1] \n|<a>'])
    expect(placed(user(text('[Image #1] [Image #2]'), image('a'), image('b')))).toEqual([
      '[Image #1]|<a>| [Image #2]|<b>',
    ])
  })

  test('documents stay where they are, and are no images', () => {
    const document: UserPart = { type: 'document', source: { kind: 'data', mediaType: 'text/plain', data: '' } }
    expect(placed(user(document, text('see [Image #1]'), image('a')))).toEqual(['document|see [Image #1]|<a>'])
  })
})

describe('numbers', () => {
  test('count the images of all messages since the last answer', () => {
    expect(placed(user(text('[Image #1]'), image('a')), user(text('and [Image #2]!'), image('b')))).toEqual([
      '[Image #1]|<a>',
      'and [Image #2]|<b>|!',
    ])
  })

  test('begin again after an answer', () => {
    expect(placed(user(text('[Image #1]!'), image('a')), answer, user(text('[Image #1]!'), image('b')))).toEqual([
      '[Image #1]|<a>|!',
      'I see [Image #1].',
      '[Image #1]|<b>|!',
    ])
  })

  test('may go on over the whole conversation', () => {
    const first = user(text('[Image #1] [Image #2]'), image('a'), image('b'))
    expect(placed(first, answer, user(text('[Image #3] or [Image #4]?'), image('c'), image('d')))[2]).toBe(
      '[Image #3]|<c>| or [Image #4]|<d>|?',
    )
    // 2 fits both ways of counting, 3 only one: one message counts one way.
    expect(
      placed(user(text('x'), image('a')), answer, user(text('[Image #2] [Image #3]!'), image('b'), image('c')))[2],
    ).toBe('[Image #2]|<b>| [Image #3]|<c>|!')
  })

  test('images in tool results are not the user’s and are not counted', () => {
    const tool: Message = {
      role: 'tool',
      content: [{ type: 'tool-result', id: '1', content: [image('t')], isError: false }],
    }
    expect(placed(tool, user(text('[Image #1]!'), image('a')))[1]).toBe('[Image #1]|<a>|!')
  })
})

const pieces = constantFrom('a ', '[Image #1]', '[Image #2]', '[Image #3]', '[Image #4]', ' ', '\n')
const turns = array(
  record({
    texts: array(array(pieces, { minLength: 1, maxLength: 4 }), { maxLength: 3 }),
    images: array(constantFrom('a', 'b', 'c'), { maxLength: 3 }),
    imagesFirst: constantFrom(true, false),
    answered: constantFrom(true, false),
  }),
  { maxLength: 6 },
)
type Turn = { texts: string[][]; images: string[]; imagesFirst: boolean; answered: boolean }
const conversation = (list: Turn[]): Message[] =>
  list.flatMap(({ texts, images, imagesFirst, answered }) => {
    const [written, shown] = [texts.map((piece) => text(piece.join(''))), images.map(image)]
    return [user(...(imagesFirst ? [...shown, ...written] : [...written, ...shown])), ...(answered ? [answer] : [])]
  })

describe('any conversation', () => {
  test('keeps its text and its images, each image once, in every message', () => {
    assert(
      property(turns, (list) => {
        const before = conversation(list)
        const after = placeImages(before)
        const texts = (message: Message) =>
          message.content.map((part) => (part.type === 'text' ? part.text : '')).join('')
        const images = (message: Message) =>
          message.role === 'user' ? message.content.filter((part) => part.type === 'image') : []
        expect(after.map(texts)).toEqual(before.map(texts))
        for (const [index, message] of after.entries()) {
          expect(images(message).length).toBe(images(before[index]!).length)
          expect(new Set(images(message))).toEqual(new Set(images(before[index]!)))
        }
      }),
    )
  })

  test('reads the same when it has become the history of a longer one', () => {
    assert(
      property(turns, turns, (list, more) => {
        const history = [...conversation(list), answer]
        const grown = placeImages([...history, ...conversation(more)])
        expect(show(grown.slice(0, history.length))).toEqual(show(placeImages(history)))
        // The first request ended with what the user wrote; the answer came after it.
        expect(show(grown.slice(0, history.length - 1))).toEqual(show(placeImages(history.slice(0, -1))))
      }),
    )
  })
})
