// The four official SDKs behind one face: what is asked in the words of each, and what each gave.

/** `id` is the call's own, `arguments` as the SDK gives them, parsed. */
export type Call = { id: string; name: string; arguments: unknown }

export type Answer = {
  text: string
  calls: Call[]
  /** Why it ended, in the words of the API. */
  finish: string
  /** The answer as the SDK wants it back in the next request. */
  own: unknown
}

/** `image` in base64. */
export type Result = { call: Call; text: string; image?: string; isError?: boolean }

export type Step = { user: string } | { answer: Answer } | { results: Result[] }

export type Choice = 'auto' | 'none' | 'required' | { name: string }

export type Asked = { model: string; steps: Step[]; choice: Choice; stream: boolean }

export type Sdk = {
  name: string
  ask(asked: Asked): Promise<Answer>
  /** The word for the end of an answer with calls, and of one without. */
  finishes: { calls: string; text: string }
  /** Whether its format can say that a result is an error. */
  tellsErrors: boolean
  /** Its format forces a certain call by the list of functions that are allowed: no others are offered. */
  namesAllowed?: true
}

export const TOOLS = [
  {
    name: 'get_weather',
    description: 'The weather of a city.',
    parameters: {
      type: 'object' as const,
      properties: { city: { type: 'string', description: 'Its name' } },
      required: ['city'],
    },
  },
  {
    name: 'get_time',
    description: 'What a clock shows.',
    parameters: { type: 'object' as const, properties: { zone: { type: 'string' } }, required: ['zone'] },
  },
]

export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
