// What routes say about their answers in the API document. Requests are documented by the schemas of the routes; answers
// only here, because the swagger plugin writes invalid documents for response schemas.

type Content = { description: string; content: Record<string, { schema: { $ref: string } | { type: 'string' } }> }

const STATUS_TEXTS = {
  400: 'A field is wrong or not supported; `param` names it.',
  401: 'The API key is missing or wrong, or the provider is not logged in.',
  404: 'No such model.',
  413: 'The body is too large.',
  415: 'The body is not sent as JSON.',
  429: 'A limit is reached; `retry-after` says for how long, where that is known.',
  500: 'The gateway failed.',
  502: 'The provider failed.',
  503: 'The provider is not available.',
  504: 'The provider took too long.',
} as const

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` })

/** A JSON answer with the named schema. */
export function json(name: string, description: string): Content {
  return { description, content: { 'application/json': { schema: reference(name) } } }
}

/** An answer that is JSON, or a stream whose events are JSON of the second schema. */
export function jsonAndStream(name: string, event: string, description: string): Content {
  return {
    description: `${description} The events of a stream are \`${event}\`.`,
    content: { 'application/json': { schema: reference(name) }, 'text/event-stream': { schema: { type: 'string' } } },
  }
}

/** Errors of these statuses, with the named schema. */
export function errorAnswers(name: string, ...statuses: (keyof typeof STATUS_TEXTS)[]): Record<string, Content> {
  return Object.fromEntries(statuses.map((status) => [status, json(name, STATUS_TEXTS[status])]))
}
