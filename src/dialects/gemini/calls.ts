import { invalid } from '../refuse.ts'
import type { FunctionResponse } from './schema-contents.ts'

/**
 * The function calls of a conversation. Google's API has ids for them, but need not: calls without one are numbered, so that the
 * same conversation always gets the same ids, and results find them by name and order.
 */
export class Calls {
  readonly #calls: { id: string; name: string; answered: boolean }[] = []

  /** Notes a call of the model and gives its id. */
  add(name: string, given: string | null | undefined): string {
    const id = given || `call_${this.#calls.length + 1}`
    this.#calls.push({ id, name, answered: false })
    return id
  }

  /**
   * The id of the call that a result is of.
   * @throws GatewayError `invalid_request` where there is no such call
   */
  answer({ id, name }: FunctionResponse, path: string): string {
    const call =
      (id ? this.#calls.findLast((known) => known.id === id) : undefined) ??
      this.#calls.find((known) => !known.answered && known.name === name)
    if (!call) {
      const param = `${path}.${id ? 'id' : 'name'}`
      return invalid(
        param,
        `${param} names no function call of an earlier content of the model that has no result yet.`,
      )
    }
    call.answered = true
    return call.id
  }
}
