// How a worker is started: the same for every turn, so that it can be started before there is one.
import { childEnvironment } from '../../process/environment.ts'
import { type AuthType, credentials } from './auth.ts'
import type { WorkerHome } from './home.ts'
import { type Account, DEFAULT_MODEL } from './options.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Ways to log in at which the CLI asks the service of Google accounts for models and quota: not while it notes answers (0.61.0). */
const ACCOUNTS: ReadonlySet<AuthType> = new Set(['oauth-personal', 'compute-default-credentials'])

export function workerArguments(home: WorkerHome, auth: AuthType): string[] {
  const notes = ACCOUNTS.has(auth) ? [] : ['--record-responses', home.answers]
  return ['--acp', '-m', DEFAULT_MODEL, '--policy', home.policy, ...notes]
}

/** Arguments of a process that runs one prompt, and whose own lines a caller reads. */
export function rawArguments(home: WorkerHome, model = DEFAULT_MODEL): string[] {
  return ['--output-format', 'stream-json', '-m', model, '--policy', home.policy]
}

/** Addresses in the place of Google's own; the CLI takes https and loopback alone. */
const ENDPOINTS = ['GOOGLE_GEMINI_BASE_URL', 'GOOGLE_VERTEX_BASE_URL', 'CODE_ASSIST_ENDPOINT']

/** The whole environment of a worker. `isScript`: what is started is the CLI itself, and nothing that looks for it. */
export function workerEnvironment(
  source: Environment,
  account: Account,
  home: WorkerHome,
  auth: AuthType,
  isScript: boolean,
): Record<string, string> {
  // Application Default Credentials may come from a program; all else needs none, and `git` would be asked at each turn.
  const needsPrograms = !isScript || auth === 'vertex-ai' || auth === 'compute-default-credentials'
  return childEnvironment(source, ENDPOINTS, {
    ...credentials(account, source),
    PATH: needsPrograms && source['PATH'] ? `${home.programs}:${source['PATH']}` : home.programs,
    GEMINI_CLI_HOME: home.folder.path,
    GEMINI_SYSTEM_MD: home.system,
    // The parent would ignore signals and outlive its child.
    GEMINI_CLI_NO_RELAUNCH: '1',
    // A login that has expired must not open a browser on the machine of the gateway.
    NO_BROWSER: 'true',
    TMPDIR: home.temporary,
  })
}
