/** A response as it is kept. What `response` and the items of `input` hold is the dialect's business. */
export type StoredResponse = {
  id: string
  /** Whose it is: nobody else finds it. */
  owner: string
  /** The response that this one goes on from. */
  previous?: string
  status: string
  /** Milliseconds since 1970. */
  createdAt: number
  response: object
  /** What its request added to the conversation. */
  input: readonly object[]
  /** The frames of its stream, for those whose readers may come back. */
  frames?: string
  /** The process that still works on it. */
  runner?: number
}

export interface ResponseStore {
  /** False where nothing is kept at all. */
  readonly enabled: boolean
  /** Keeps a response, or its new state. It can be read at once, and is written soon after. */
  save(response: StoredResponse): void
  get(owner: string, id: string): StoredResponse | undefined
  /** False when there was none. */
  delete(owner: string, id: string): boolean
  /** The response and all that it goes on from, oldest first; undefined where one of them is not there any more. */
  chain(owner: string, id: string): StoredResponse[] | undefined
  /** Writes what is not written yet. */
  flush(): void
  /** The same, and nothing is kept any more. Idempotent. */
  close(): void
}
