// `[Image #1]` in a user's text stands for an image that the client sent beside the text.
import type { ImagePart, Message, UserPart } from '../core/request.ts'

const PLACEHOLDER = /\[Image #(\d{1,6})\]/g

/**
 * Puts each image right behind the placeholder that names it; the text stays as it is. Placeholders that name no image of
 * their own message, and messages whose client placed images between texts itself, are left alone.
 *
 * Numbers count the images of a run: the user messages between two answers of the assistant. So the new images of a request
 * are 1, 2, 3 in order, and a message reads the same in every later request, when it has become history (prompt caches
 * depend on that). Clients that go on counting over the whole conversation are understood too: a run counts that way when
 * its placeholders fit its images only so.
 */
export function placeImages(messages: Message[]): Message[] {
  const placed: Message[] = []
  let imagesBefore = 0
  let start = 0
  while (start < messages.length) {
    const end = endOfRun(messages, start)
    const run = messages.slice(start, end)
    const count = run.reduce((sum, message) => sum + imagesOf(message).length, 0)
    placed.push(...(count > 0 ? placeInRun(run, firstNumber(run, count, imagesBefore)) : run))
    imagesBefore += count
    start = end
  }
  return placed
}

/** The index behind the next assistant message. */
function endOfRun(messages: Message[], start: number): number {
  const assistant = messages.findIndex((message, index) => index >= start && message.role === 'assistant')
  return assistant < 0 ? messages.length : assistant + 1
}

function placeInRun(run: Message[], first: number): Message[] {
  let next = first
  return run.map((message) => {
    const images = imagesOf(message)
    const numbered = new Map(images.map((image, index) => [next + index, image]))
    next += images.length
    if (message.role !== 'user' || images.length === 0 || isInterleaved(message.content)) return message
    const content = placeInMessage(message.content, numbered)
    return content === message.content ? message : { role: 'user', content }
  })
}

/** 1, or the number that follows the images of earlier runs when all placeholders fit that and not all fit 1. */
function firstNumber(run: Message[], count: number, imagesBefore: number): number {
  const numbers = run.flatMap((message) => (message.role === 'user' ? message.content.flatMap(numbersOf) : []))
  const fits = (first: number) => numbers.every((number) => number >= first && number < first + count)
  return !fits(1) && fits(imagesBefore + 1) ? imagesBefore + 1 : 1
}

function placeInMessage(content: UserPart[], numbered: Map<number, ImagePart>): UserPart[] {
  const named = new Set(content.flatMap(numbersOf).filter((number) => numbered.has(number)))
  if (named.size === 0) return content
  const numbers = numbered.keys().toArray()
  return content.flatMap((part): UserPart[] => {
    if (part.type === 'text') return split(part.text, numbered)
    return part.type === 'image' && named.has(numbers.shift()!) ? [] : [part]
  })
}

/** Cuts a text behind each first mention of an image and puts the image there. Takes what it places out of `numbered`. */
function split(text: string, numbered: Map<number, ImagePart>): UserPart[] {
  const parts: UserPart[] = []
  let start = 0
  for (const match of text.matchAll(PLACEHOLDER)) {
    const number = Number(match[1])
    const image = numbered.get(number)
    if (!image) continue
    numbered.delete(number)
    const behind = match.index + match[0].length
    // A rest of white space stays with the text before it: model APIs refuse text parts that are blank.
    const end = text.slice(behind).trim() === '' ? text.length : behind
    parts.push({ type: 'text', text: text.slice(start, end) }, image)
    start = end
  }
  if (start < text.length) parts.push({ type: 'text', text: text.slice(start) })
  return parts
}

/** Whether an image stands between two texts. */
function isInterleaved(content: UserPart[]): boolean {
  const kinds = content.filter((part) => part.type !== 'document').map((part) => part.type)
  const image = kinds.indexOf('image', kinds.indexOf('text'))
  return kinds.includes('text') && image >= 0 && kinds.includes('text', image)
}

function numbersOf(part: UserPart): number[] {
  return part.type === 'text' ? [...part.text.matchAll(PLACEHOLDER)].map((match) => Number(match[1])) : []
}

function imagesOf(message: Message): ImagePart[] {
  return message.role === 'user' ? message.content.filter((part) => part.type === 'image') : []
}
