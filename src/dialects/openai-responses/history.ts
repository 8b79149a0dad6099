// What a request may refer to instead of sending it: items of responses that were stored earlier.
import { GatewayError } from '../../core/error.ts'
import { invalid } from '../refuse.ts'
import type { InputItem } from './schema-items.ts'

/** A stored response as a later request goes on from it. */
export type Earlier = {
  /** `completed`, `failed`, ... */
  status: string
  /** The whole conversation up to its end, its own output included. */
  items: readonly InputItem[]
}

/** The stored responses that a caller may refer to. */
export type History = {
  response(id: string): Earlier | undefined
  item(id: string): InputItem | undefined
}

/** For where nothing is stored. */
export const NO_HISTORY: History = { response: () => undefined, item: () => undefined }

/** An item of the conversation and where the caller wrote it. */
export type PlacedItem = { item: InputItem; path: string; isNew: boolean }

const FIELD = 'previous_response_id'

/**
 * The conversation that a request is about: what the earlier response ended with, and what is new.
 * @throws GatewayError 400 for a response or item that is not stored, and for one that cannot be gone on from
 */
export function conversationOf(
  {
    input,
    previous_response_id: previous,
  }: { input?: string | InputItem[] | null; previous_response_id?: string | null },
  history: History,
): PlacedItem[] {
  const earlier = previous ? earlierOf(previous, history) : []
  const items: InputItem[] =
    typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : (input ?? [])
  return [
    ...earlier.map((item) => ({ item, path: FIELD, isNew: false })),
    ...items.map((item, index) => resolve(item, typeof input === 'string' ? 'input' : `input[${index}]`, history)),
  ]
}

function earlierOf(id: string, history: History): readonly InputItem[] {
  const earlier = history.response(id)
  if (!earlier) {
    // 400 and not 404, which clients take for an unknown path or model.
    const message = `Previous response with id ${JSON.stringify(id)} not found.`
    throw new GatewayError('not_found', message, { param: FIELD, status: 400 })
  }
  if (earlier.status === 'completed' || earlier.status === 'incomplete') return earlier.items
  return invalid(FIELD, `The previous response has the status "${earlier.status}": nothing can go on from it.`)
}

function resolve(item: InputItem, path: string, history: History): PlacedItem {
  if (item.type !== 'item_reference' && (item.type || 'role' in item)) return { item, path, isNew: true }
  const { id } = item
  const found = typeof id === 'string' ? history.item(id) : undefined
  if (found) return { item: found, path, isNew: false }
  const param = `${path}.id`
  const message = `Item with id ${JSON.stringify(id)} not found. Items are kept only of responses that are stored.`
  throw new GatewayError('not_found', message, { param, status: 400 })
}
