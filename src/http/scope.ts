// Other ways to write a path, read once in front of the router: without `/v1`, and behind the name of a provider.
import { GatewayError } from '../core/error.ts'

/** A path as the router knows it, and the provider that it was scoped to. */
export type ScopedPath = { path: string; provider?: string }

export type ScopeOptions = {
  /** Whether the router serves a path, by whatever method. */
  serves: (path: string) => boolean
  /** The paths of all routes: nothing that one of them begins with is a scope. */
  routes: readonly string[]
  /** Names of the providers that there are. */
  providers: () => readonly string[]
}

/** Prefixes of other gateways, which mean nothing here. */
const PLAIN = new Set(['sdk', 'api'])
/** Providers that exist, enabled or not. */
const KNOWN = new Set(['claude', 'codex', 'gemini', 'qwen', 'demo'])

/** Versions of Google's API beside the two that are served, and its paths on Vertex AI. */
const GOOGLE_VERSION = /^\/v1(?:alpha\d*|beta\d+)(?=\/)/
const VERTEX = /^\/v1(?:beta)?\/(?:projects\/[^/]+\/locations\/[^/]+\/)?publishers\/[^/]+\/models\//
/** A name with a slash in it, which @ai-sdk/google 4 takes for a whole path. */
const BARE_MODEL = /^\/v1(?:beta)?\/(?!models\/)(?=[^/]+\/.+:(?:generateContent|streamGenerateContent|countTokens)$)/

/** @returns a function that throws GatewayError `not_found` for what cannot be behind a scope */
export function createScopes({ serves, routes, providers }: ScopeOptions): (path: string) => ScopedPath {
  const roots = new Set(routes.flatMap((path) => [segment(path), segment(path.replace(/^\/v1\//, '/'))]))

  const read = (path: string): ScopedPath => {
    const first = segment(path)
    if (first === '' || roots.has(first)) return { path }
    const isProvider = providers().includes(first)
    if (!isProvider && !PLAIN.has(first)) {
      if (KNOWN.has(first)) throw new GatewayError('not_found', `The provider "${first}" is not enabled.`)
      return { path }
    }
    const rest = path.slice(first.length + 1) || '/'
    refuseSession(rest)
    return isProvider ? { path: rest, provider: first } : { path: rest }
  }
  const refuseSession = (rest: string) => {
    const next = segment(rest)
    const behind = segment(rest.slice(next.length + 1))
    if (next === '' || roots.has(next) || isVersion(next) || behind === '' || !roots.has(behind)) return
    throw new GatewayError(
      'not_found',
      'There are no sessions in paths: leave the part between the provider and /v1 out, and send the whole conversation.',
    )
  }
  const plain = (path: string): string => {
    if (serves(path)) return path
    const models = '/v1beta/models/'
    const google = path.replace(GOOGLE_VERSION, '/v1beta').replace(VERTEX, models).replace(BARE_MODEL, models)
    if (google !== path) return google
    return serves(`/v1${path}`) ? `/v1${path}` : path
  }

  return (path) => {
    const scoped = read(path)
    return { ...scoped, path: plain(scoped.path) }
  }
}

/** The first part of a path. */
function segment(path: string): string {
  const end = path.indexOf('/', 1)
  return path.slice(1, end < 0 ? undefined : end)
}

function isVersion(name: string): boolean {
  return /^v\d/.test(name)
}

/** The same request for another path. */
export function withPath(request: Request, from: string, to: string): Request {
  const { url } = request
  const start = url.indexOf('/', url.indexOf('://') + 3)
  return new Request(url.slice(0, start) + to + url.slice(start + from.length), request)
}
