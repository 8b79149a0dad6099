import type { RecordedRequest } from '../recorded-request.ts'
import type { Answer } from '../reply.ts'
import { type TextOptions, text } from './text.ts'

/** What `echo` answers, as JSON text. */
export type Echo = {
  /** SHA-256 of the raw body, hexadecimal. */
  digest: string
  /** Every `canary-…` word in the body, once each, in order. */
  canaries: string[]
  /** Roles of the messages, in order. */
  roles: string[]
}

/** Answers each request with a digest of itself: tells whose words reached the model, and that it was only theirs. */
export function echo(options: TextOptions = {}): (request: RecordedRequest) => Answer {
  return (request) => {
    const json = JSON.stringify(echoOf(request))
    return text(json.match(/[\s\S]{1,16}/gu) ?? [], options)
  }
}

/** What `echo` says of a request. */
export function echoOf(request: RecordedRequest): Echo {
  return {
    digest: new Bun.CryptoHasher('sha256').update(request.body).digest('hex'),
    canaries: [...new Set(request.body.match(/canary-\w+/g))],
    roles: rolesOf(request.json),
  }
}

function rolesOf(json: unknown): string[] {
  const messages = typeof json === 'object' && json !== null && 'messages' in json ? json.messages : []
  if (!Array.isArray(messages)) return []
  return messages.map((message: unknown) =>
    typeof message === 'object' && message !== null && 'role' in message ? String(message.role) : '?',
  )
}
