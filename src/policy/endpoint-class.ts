// Which kind of endpoint a path is, for limits: asking a model costs money, asking for health does not.
export const ENDPOINT_CLASSES = ['chat', 'debug', 'auth', 'session', 'health', 'general'] as const
export type EndpointClass = (typeof ENDPOINT_CLASSES)[number]

const PATHS: readonly [RegExp, EndpointClass][] = [
  [/^\/health(?:\/|$)/, 'health'],
  [/^(?:\/v1)?\/(?:compatibility|capabilities)(?:\/|$)/, 'debug'],
  [/^(?:\/v1)?\/auth(?:\/|$)/, 'auth'],
  [/^(?:\/v1)?\/(?:conversations|sessions)(?:\/|$)/, 'session'],
]
const MODELS = /^(?:\/v1(?:beta)?)?\/models(?:\/[^:]*)?$/

export function endpointClass(method: string, path: string): EndpointClass {
  const found = PATHS.find(([pattern]) => pattern.test(path))?.[1]
  if (found) return found
  if (/^(?:\/v1)?\/responses(?:\/|$)/.test(path) && method !== 'POST') return 'session'
  return method === 'POST' && !MODELS.test(path) ? 'chat' : 'general'
}
