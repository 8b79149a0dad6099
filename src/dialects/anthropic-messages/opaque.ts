// What only a provider can read and must get back unchanged, in the one place that a thinking block has for it.
import type { ReasoningPart } from '../../core/request.ts'

/**
 * In front of encrypted reasoning that comes with a readable summary: redacted thinking has no place for a text, and a
 * thinking block has one for a signature. Signatures are base64, in which no colon occurs.
 */
const ENCRYPTED = 'encrypted:'

/** The signature of a thinking block; empty where the provider gave nothing. */
export function toSignature({ signature, encrypted }: Omit<ReasoningPart, 'type' | 'text'>): string {
  return signature ?? (encrypted === undefined ? '' : ENCRYPTED + encrypted)
}

/** The thinking block that an earlier answer had. */
export function toReasoning(text: string, signature: string): ReasoningPart {
  if (signature === '') return { type: 'reasoning', text }
  if (signature.startsWith(ENCRYPTED)) return { type: 'reasoning', text, encrypted: signature.slice(ENCRYPTED.length) }
  return { type: 'reasoning', text, signature }
}
