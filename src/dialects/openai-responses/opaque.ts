// What only a provider can read and must get back unchanged, in the one place that a reasoning item has for it.
import type { ReasoningPart } from '../../core/request.ts'
import type { ReasoningItem } from './schema-items.ts'

/**
 * In front of what is packed here. A signature counts for one text, which clients do not send back to the letter (Codex
 * leaves `reasoning_text` out), so that the text is packed beside it. Encrypted reasoning alone stays as the provider gave it.
 */
const PACKED = 'cligate.1.'

const BETWEEN_TEXTS = '\n\n'

/** The `encrypted_content` of a reasoning item; undefined where the provider gave nothing. */
export function toEncryptedContent({ text, signature, encrypted }: Omit<ReasoningPart, 'type'>): string | undefined {
  if (signature === undefined && (encrypted === undefined || !encrypted.startsWith(PACKED))) return encrypted
  const packed = {
    text,
    ...(signature === undefined ? {} : { signature }),
    ...(encrypted === undefined ? {} : { encrypted }),
  }
  return PACKED + Buffer.from(JSON.stringify(packed)).toString('base64url')
}

/** The reasoning item that an earlier answer had; undefined for one in which there is nothing. */
export function toReasoning(item: ReasoningItem): ReasoningPart | undefined {
  const texts = [...(item.summary ?? []), ...(item.content ?? [])].map(({ text }) => text)
  const text = texts.filter((part) => part !== '').join(BETWEEN_TEXTS)
  const encrypted = item.encrypted_content ?? ''
  if (encrypted === '') return text === '' ? undefined : { type: 'reasoning', text }
  return unpack(encrypted) ?? { type: 'reasoning', text, encrypted }
}

function unpack(encrypted: string): ReasoningPart | undefined {
  if (!encrypted.startsWith(PACKED)) return undefined
  try {
    const packed: unknown = JSON.parse(Buffer.from(encrypted.slice(PACKED.length), 'base64url').toString())
    const field = (name: string): string | undefined => {
      const value: unknown = Reflect.get(Object(packed), name)
      return typeof value === 'string' ? value : undefined
    }
    const [text, signature, inner] = ['text', 'signature', 'encrypted'].map(field)
    if (text === undefined) return undefined
    return {
      type: 'reasoning',
      text,
      ...(signature === undefined ? {} : { signature }),
      ...(inner === undefined ? {} : { encrypted: inner }),
    }
  } catch {
    // Somebody else's after all.
    return undefined
  }
}
