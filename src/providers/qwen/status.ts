// What can be said of Qwen Code on this machine without asking a model.
import { GatewayError } from '../../core/error.ts'
import type { ProviderStatus } from '../driver.ts'
import { notInstalledStatus } from '../installation.ts'
import type { Installation } from '../installation.ts'
import { CLI, LOGIN } from './options.ts'
import { isAtLeast } from '../version.ts'

const WEB_NOTE =
  'Models of Alibaba Cloud Model Studio may search the web (chat.web). Fetching pages stays off: it would reach the network of this machine.'

/** What `chat.web` comes to. `noSearch`: why nobody searches after all. */
export function webNote(noSearch: string | undefined): string {
  return noSearch === undefined ? WEB_NOTE : `chat.web has no effect: ${noSearch}`
}

export type Facts = {
  installation: Installation | undefined
  /** Set where the path comes from the configuration. */
  configured: string | undefined
  minimum: string
  /** Undefined where it is not logged in, or where it could not be asked. */
  method: string | undefined
  /** What else there is to say. */
  notes?: readonly string[]
  /** Why it could not be asked, or `provider_login_required`. */
  error: GatewayError | undefined
}

export function toStatus({
  installation,
  configured,
  minimum,
  method,
  error,
  notes: more = [],
}: Facts): ProviderStatus {
  if (!installation) return notInstalledStatus(CLI, configured)
  const { path, version, args } = installation
  const known = { provider: 'qwen', path, ...(version === undefined ? {} : { version }) }
  const notes = [
    ...(args.length > 0 ? [] : ['Its package or Node.js was not found, so that its own launcher is used.']),
    ...more,
  ]
  if (!isAtLeast(version, minimum)) {
    notes.unshift(`Version ${version} is older than ${minimum}, the oldest that cligate can drive.`)
    return { ...known, state: 'degraded', notes, fix: CLI.update }
  }
  if (error?.code === 'provider_login_required') {
    notes.unshift(
      'Qwen Code is not logged in. Start it in a terminal and type /auth, or set OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL.',
    )
    return { ...known, state: 'not-logged-in', notes, fix: LOGIN }
  }
  if (error) {
    notes.unshift(error.message)
    return { ...known, state: 'degraded', notes, fix: CLI.update }
  }
  return { ...known, state: 'ready', ...(method === undefined ? {} : { authMethod: method }), notes }
}
