/** Counts the requests that are being answered, and turns new ones away when the gateway is about to stop. */
export type Drain = {
  enter(): void
  leave(): void
  /** Responses in the background and turns of WebSockets count too; a WebSocket that is idle does not. */
  active(): number
  close(): void
  closing(): boolean
  /** Another gateway takes the requests from here on: whoever has a connection to this one is to look for that. */
  retire(): void
  /** Aborts when that is so. */
  readonly retired: AbortSignal
}

export function createDrain(): Drain {
  let active = 0
  let closing = false
  const retirement = new AbortController()
  return {
    enter: () => void (active += 1),
    leave: () => void (active -= 1),
    active: () => active,
    close: () => void (closing = true),
    closing: () => closing,
    retire: () => retirement.abort(),
    retired: retirement.signal,
  }
}
