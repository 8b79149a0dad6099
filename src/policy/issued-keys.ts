// Keys that the gateway gave out: what is kept of them, and how a presented one is recognised. Pure.
import { timingSafeEqual } from 'node:crypto'
import { newId } from '../core/ids.ts'
import type { Scope } from './caller.ts'

/** What is kept of a key: never the key itself. Times in milliseconds since 1970. */
export type IssuedKey = {
  id: string
  name: string
  /** SHA-256 of the key, in hexadecimal. The key is random and long, so that no slow hash is needed. */
  hash: string
  /** The first characters, for people who look for one. */
  prefix: string
  scopes: readonly Scope[]
  createdAt: number
  lastUsedAt?: number
  revokedAt?: number
}

/** Characters of a key that are kept in the clear: `cligate_` and four more. */
const PREFIX_LENGTH = 12

/** A new key. `secret` is shown once and kept nowhere. */
export function issueKey(name: string, scopes: readonly Scope[], now: number): { secret: string; record: IssuedKey } {
  const secret = newId('cligate_', 40)
  const record = {
    id: newId('key_', 12),
    name,
    hash: hashKey(secret).toString('hex'),
    prefix: secret.slice(0, PREFIX_LENGTH),
    scopes: [...scopes],
    createdAt: now,
  }
  return { secret, record }
}

export function hashKey(key: string): Buffer {
  return new Bun.CryptoHasher('sha256').update(key).digest()
}

/** The key that one of the presented ones is. Compares all with all: how long it takes tells nothing. */
export function findKey<Key extends { hash: Uint8Array }>(
  keys: readonly Key[],
  presented: readonly Uint8Array[],
): Key | undefined {
  let found: Key | undefined
  for (const hash of presented) for (const key of keys) if (timingSafeEqual(hash, key.hash)) found = key
  return found
}
