// Who a request comes from, and what that caller may do.

/**
 * `infer`: ask models. `read`: see processes, logins and usage. `admin`: all of it, and what reaches the machine itself: agents in
 * real folders, keys.
 */
export const SCOPES = ['infer', 'read', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

export type Caller = {
  /** Tells callers apart in logs, limits and stores: `key_…`, `configured_…`, or `anonymous` where no key is asked for. */
  id: string
  name: string
  scopes: readonly Scope[]
}

/** Whoever calls a gateway that asks for no key: its owner, on this machine. */
export const ANONYMOUS: Caller = Object.freeze({ id: 'anonymous', name: 'anonymous', scopes: SCOPES })

export function mayDo({ scopes }: Caller, scope: Scope): boolean {
  return scopes.includes(scope) || scopes.includes('admin')
}

const READ = /^\/(?:processes|v1\/(?:auth|usage|logs)|stats|metrics|docs|logs|dashboard)(?:\/|$)/
const ADMIN = /^\/(?:permissions|mcp|v1\/keys)(?:\/|$)/

/** A GET of it opens a WebSocket, which is there to ask models. */
const SOCKET = /^(?:\/v1)?\/responses$/

/** What a path needs. The list of models is for both who ask them and who watch, so it needs either. */
export function scopesFor(method: string, path: string): readonly Scope[] {
  if (ADMIN.test(path)) return ['admin']
  if (READ.test(path)) return ['read']
  if (SOCKET.test(path)) return ['infer']
  if (method === 'GET' || method === 'HEAD') return ['infer', 'read']
  return ['infer']
}
