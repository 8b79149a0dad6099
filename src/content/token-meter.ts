// Where a text reaches a number of tokens, by the gateway's own estimate: the same place however the text comes.
import { tokensOfLength } from '../core/estimate-tokens.ts'

/** What has been said of an answer, in all its blocks. */
export interface TokenCount {
  /** Not rounded. */
  readonly tokens: number
  /** Nothing more may begin: the part of a token counts as one. */
  readonly isFull: boolean
  /** Counts what is said in any case. */
  add(text: string): void
}

export function createTokenCount(most: number): TokenCount {
  const length = { ascii: 0, other: 0 }
  return {
    get tokens() {
      return tokensOfLength(length)
    },
    get isFull() {
      return Math.ceil(tokensOfLength(length)) >= most
    },
    add(text) {
      const bytes = Buffer.byteLength(text)
      if (bytes === text.length) length.ascii += bytes
      else for (const character of text) add(length, character)
    },
  }
}

function add(length: { ascii: number; other: number }, character: string): void {
  if (character < '\u0080') length.ascii += 1
  else length.other += Buffer.byteLength(character)
}

/** What may be said of a piece of text; `full` where not all of it may. */
type Measured = { text: string; full: boolean }

export interface TokenMeter {
  /** Takes the next piece. Of a character whose second half is still to come, the first half waits. */
  push(piece: string): Measured
  /** The text is over: gives what waits. */
  end(): Measured
}

/** A word of more tokens counts as several: 4 are 14 letters, or as many Chinese characters. */
const LONGEST_WORD = 4
/** UTF-16 units; what hangs together over more than these was not written to be read. */
const LONGEST_CHARACTER = 256

let segmenter: Intl.Segmenter | undefined
/** Made when it is needed: it takes two milliseconds, and most answers have no limit that is counted here. */
const segment = (text: string) => (segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })).segment(text)

/**
 * Measures one block of text. A word, with the white space in front of it, may be said where it begins before the count is
 * full, so that no word is cut but a very long one, and no character ever: what a reader takes for one stays together.
 */
export function createTokenMeter(count: TokenCount): TokenMeter {
  let half = ''
  /** What the text ends with, as far as it is one character to a reader. */
  let last = ''
  let space = false
  /** Where the present word begins, in tokens. */
  let wordFrom = 0

  /** Whether a word begins with this code point. */
  const begins = (character: string, apart: boolean): boolean => {
    if (last === '') return true
    if (!apart) return false
    return (isSpace(character) && !space) || count.tokens - wordFrom >= LONGEST_WORD
  }

  const measure = (text: string): Measured => {
    let at = 0
    for (const character of text) {
      const apart = isApart(last, character)
      if (begins(character, apart)) {
        if (count.isFull) return { text: text.slice(0, at), full: true }
        wordFrom = count.tokens
      }
      count.add(character)
      last = apart ? character : last + character
      space = isSpace(character)
      at += character.length
    }
    return { text, full: false }
  }

  return {
    push(piece) {
      const text = half + piece
      half = isHighSurrogate(text.charCodeAt(text.length - 1)) ? text.slice(-1) : ''
      return measure(half === '' ? text : text.slice(0, -1))
    },
    end: () => measure(half),
  }
}

function isSpace(character: string): boolean {
  return character === ' ' || character === '\n' || character === '\t' || character === '\r'
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}

/** Whether a reader takes the two for different characters. */
function isApart(last: string, next: string): boolean {
  if (last === '') return true
  if (last < '\u0080' && next < '\u0080') return last !== '\r' || next !== '\n'
  if (last.length > LONGEST_CHARACTER) return true
  return segment(last + next).containing(last.length)?.index === last.length
}
