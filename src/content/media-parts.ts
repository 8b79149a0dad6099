// Where the images and documents of a conversation are, and how to put others in their place.
import type { DocumentPart, ImagePart, Message, TextPart } from '../core/request.ts'

export type MediaPart = ImagePart | DocumentPart

/** Whether there is any image or document: a plain loop, since it runs for every request and most have none. */
export function hasMedia(messages: Message[]): boolean {
  for (const message of messages) {
    if (message.role === 'user') {
      for (const part of message.content) if (part.type !== 'text') return true
    } else if (message.role === 'tool') {
      for (const result of message.content) for (const part of result.content) if (part.type !== 'text') return true
    }
  }
  return false
}

/** All images and documents in their order, those in tool results too. */
export function mediaParts(messages: Message[]): MediaPart[] {
  return messages.flatMap((message) => {
    switch (message.role) {
      case 'user':
        return message.content.filter(isMedia)
      case 'tool':
        return message.content.flatMap((result) => result.content.filter(isMedia))
      default:
        return []
    }
  })
}

/** The messages after the last answer: what is in earlier ones was let in by an earlier request. */
export function newMessages(messages: Message[]): Message[] {
  return messages.slice(messages.findLastIndex((message) => message.role === 'assistant') + 1)
}

/** The same conversation with each image and document replaced; everything else is the same object as before. */
export function replaceMedia(messages: Message[], replace: (part: MediaPart) => MediaPart): Message[] {
  const replaceAll = (content: (TextPart | MediaPart)[]) =>
    content.map((part) => (isMedia(part) ? replace(part) : part))
  return messages.map((message) => {
    if (!hasMedia([message])) return message
    switch (message.role) {
      case 'user':
        return { role: 'user', content: replaceAll(message.content) }
      case 'tool':
        return {
          role: 'tool',
          content: message.content.map((result) => ({ ...result, content: replaceAll(result.content) })),
        }
      default:
        return message
    }
  })
}

function isMedia(part: TextPart | MediaPart): part is MediaPart {
  return part.type !== 'text'
}
