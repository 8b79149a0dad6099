// What one WebSocket remembers of its own responses, stored or not: its next request names the last and sends what is new.
import type { Finished } from '../../dialects/openai-responses/dialect.ts'
import type { Earlier, History } from '../../dialects/openai-responses/history.ts'
import { keptInput, readItems } from '../../dialects/openai-responses/kept.ts'

/** One is enough for a conversation; a few for those that share a socket. Each holds its whole conversation. */
const MOST_REMEMBERED = 8

export class ResponseMemory implements History {
  readonly #stored: History
  readonly #remembered = new Map<string, Earlier>()

  /** @param stored where all others are */
  constructor(stored: History) {
    this.#stored = stored
  }

  add({ response, input }: Finished): void {
    const { id, status, previous_response_id: previous, output } = response
    const before = previous === null ? [] : (this.response(previous)?.items ?? [])
    this.#remembered.set(id, { status, items: [...before, ...readItems(keptInput(input, id)), ...readItems(output)] })
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size > MOST_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest)
  }

  response(id: string): Earlier | undefined {
    return this.#remembered.get(id) ?? this.#stored.response(id)
  }

  item(id: string) {
    for (const { items } of this.#remembered.values()) {
      const found = items.find((item) => item.id === id)
      if (found) return found
    }
    return this.#stored.item(id)
  }
}
