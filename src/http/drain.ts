/** Counts the requests that are being answered, and turns new ones away when the gateway is about to stop. */
export type Drain = {
  enter(): void
  leave(): void
  active(): number
  close(): void
  closing(): boolean
}

export function createDrain(): Drain {
  let active = 0
  let closing = false
  return {
    enter: () => void (active += 1),
    leave: () => void (active -= 1),
    active: () => active,
    close: () => void (closing = true),
    closing: () => closing,
  }
}
