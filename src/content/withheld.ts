import type { ChatEvent, FinishReason } from '../core/event.ts'
import type { Rounds } from './rounds.ts'

export type Finish = Extract<ChatEvent, { type: 'finish' }>

/** A turn whose text waits for what else comes. */
export type Withheld = {
  /** What of an event may be shown now. */
  take(event: ChatEvent): ChatEvent[]
  /** All text that was said. */
  readonly said: string
  /** Whether a function was called; from then on everything is shown as it comes. */
  readonly called: boolean
  /** How the turn ended. It is not shown by itself. */
  readonly finish: Finish | undefined
  /** The text that waits, as it was said. */
  release(): ChatEvent[]
  /** Another text in the place of the one that waits, and all else that waits. */
  replace(text: string): ChatEvent[]
  /** Forgets the text that waits; what it cost still counts. */
  discard(): void
}

/**
 * Text waits until a function is called or the turn is over; reasoning does not. `stream-start` waits too, for what fails
 * before there is anything to show can still be an error with a status of its own.
 */
export function withhold(rounds: Rounds): Withheld {
  let waiting: ChatEvent[] = []
  let said = ''
  let called = false
  let finish: Finish | undefined

  const release = () => {
    const released = waiting.flatMap((event) => rounds.pass(event))
    waiting = []
    return released
  }
  const isText = ({ type }: ChatEvent) => type === 'text-start' || type === 'text-delta' || type === 'text-end'

  return {
    get said() {
      return said
    },
    get called() {
      return called
    },
    get finish() {
      return finish
    },
    release,
    replace(text) {
      const start = waiting.find(({ type }) => type === 'stream-start')
      const rest = waiting.filter(({ type }) => type === 'usage')
      waiting = []
      return [
        ...(start ? rounds.pass(start) : []),
        ...rounds.text(text),
        ...rest.flatMap((event) => rounds.pass(event)),
      ]
    },
    discard() {
      for (const event of waiting) if (event.type === 'usage') rounds.pass(event)
      waiting = []
    },
    take(event) {
      if (event.type === 'text-delta') said += event.text
      if (event.type === 'finish') {
        finish = event
        return []
      }
      if (event.type === 'tool-call-start') called = true
      // Alone, where nothing is shown yet: then it is still a status of its own, and no text that nobody has checked goes before it.
      if (event.type === 'error') waiting = []
      if (called || event.type === 'error') return [...release(), ...rounds.pass(event)]
      if (isText(event) || event.type === 'usage') {
        waiting.push(event)
        return []
      }
      if (event.type !== 'stream-start') {
        // The start, if it still waits, has to come first.
        const first = waiting.filter(({ type }) => type === 'stream-start')
        waiting = waiting.filter(({ type }) => type !== 'stream-start')
        return [...first, event].flatMap((shown) => rounds.pass(shown))
      }
      waiting.unshift(event)
      return []
    },
  }
}

/** Ends that the model did not choose. What it said until then is the answer, as the official APIs have it. */
export function isCutShort(reason: FinishReason): boolean {
  return reason === 'length' || reason === 'content-filter' || reason === 'error'
}
