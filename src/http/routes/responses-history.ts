// Stored responses as the dialect knows them: those of one caller.
import type { Finished } from '../../dialects/openai-responses/dialect.ts'
import type { Earlier, History } from '../../dialects/openai-responses/history.ts'
import { placeOf } from '../../dialects/openai-responses/items.ts'
import { keptInput, readItems, readResponse } from '../../dialects/openai-responses/kept.ts'
import type { InputItem } from '../../dialects/openai-responses/schema-items.ts'
import type { ResponseStore, StoredResponse } from '../../store/stored-response.ts'

type Readable = Pick<ResponseStore, 'get' | 'chain'>

export function historyOf(store: Readable, owner: string): History {
  return {
    response(id) {
      const chain = store.chain(owner, id)
      const last = chain?.at(-1)
      return chain && last ? earlier(chain, last) : undefined
    },
    item(id) {
      const place = placeOf(id)
      const stored = place && store.get(owner, place.response)
      if (!stored) return undefined
      const items = place.list === 'input' ? readItems(stored.input) : outputOf(stored)
      // By its id and not its place alone: `rs_…_0` is no name for a message.
      return items.find((item) => item.id === id)
    },
  }
}

function earlier(chain: readonly StoredResponse[], { status }: StoredResponse): Earlier {
  return { status, items: chain.flatMap((link) => [...readItems(link.input), ...outputOf(link)]) }
}

/** Keeps a response whose caller wants it. */
export function keep(store: ResponseStore, { response, input }: Finished, owner: string): void {
  const { id, status, created_at: created, previous_response_id: previous } = response
  if (!response.store) return
  store.save({
    id,
    owner,
    status,
    createdAt: created * 1000,
    response,
    input: keptInput(input, id),
    ...(previous === null ? {} : { previous }),
  })
}

/** The input of a response, with all that it goes on from. */
export function inputOf(chain: readonly StoredResponse[]): object[] {
  return chain.flatMap((link, index) =>
    index < chain.length - 1 ? [...link.input, ...(readResponse(link.response)?.output ?? [])] : [...link.input],
  )
}

function outputOf({ response }: StoredResponse): InputItem[] {
  return readItems(readResponse(response)?.output ?? [])
}
