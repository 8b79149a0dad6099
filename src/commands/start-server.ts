// The start of the server: gateway, socket, banner, warm-up. What it puts together is handed in, so that tests use fakes.
import type { LoadedConfig } from '../config/load.ts'
import { ensureServerKey, isLoopback, type ServerKey } from '../config/server-key.ts'
import type { Config } from '../config/schema.ts'
import type { Listening } from '../http/listen.ts'
import type { Log } from '../observe/log.ts'
import type { ProviderStatus } from '../providers/driver.ts'
import { createdKeyText, listeningText, providersText } from './banner.ts'
import { askProviders } from './ask-providers.ts'
import { choosePort } from './choose-port.ts'
import type { CreateGateway, Listen, Parts } from './parts.ts'
import type { WithProgress } from './progress.ts'

export type StartParts = {
  version: string
  createGateway: CreateGateway
  listen: Listen
  createLog: (config: Config) => Log
  /** Takes the text for the person at the terminal. */
  print: (text: string) => void
  /** Tells what is waited for. */
  withProgress: WithProgress
  color: boolean
}

export type Started = {
  config: Config
  /** Where a client on this machine reaches it. */
  url: string
  listening: Listening
  gateway: Parts
  log: Log
  /** Begins the warm-up, and prints what works as soon as the providers have told it. */
  introduce(): Promise<void>
}

/** Milliseconds that the providers have to tell their state to the banner. */
const STATUS_DEADLINE = 10_000

/** Resolves when the server listens. @throws ConfigError, or Error when it cannot listen */
export async function startServer(loaded: LoadedConfig, parts: StartParts): Promise<Started> {
  const key = ensureServerKey(loaded.config)
  const { config } = key
  const log = parts.createLog(config)
  let gateway: Parts | undefined
  try {
    gateway = await parts.createGateway(config, { log, environment: loaded.environment })
    const { app } = gateway
    const hostname = config.server.host.replace(/^\[(.*)\]$/, '$1')
    const listening = choosePort(config.server.port, (port) => parts.listen(app, { hostname, port }))
    greet(loaded, key, listening, log, parts)
    const running = gateway
    const url = urlOf(config, listening.port)
    const introduce = () => introduceProviders(running, key, url, log, parts)
    return { config, url, listening, gateway: running, log, introduce }
  } catch (error) {
    await gateway?.close()
    await log.close()
    throw error
  }
}

function greet(loaded: LoadedConfig, key: ServerKey, { port }: Listening, log: Log, parts: StartParts): void {
  const { server } = key.config
  const url = urlOf(key.config, port)
  const moved = server.port !== 0 && server.port !== port
  const exposed = isLoopback(server.host) ? undefined : server.host
  const { version, color } = parts
  parts.print(listeningText({ version, url, takenPort: moved ? server.port : undefined, exposed, color }))
  if (key.created && key.file) parts.print(createdKeyText(key.created, key.file, color))
  log.info({ url, version, config: loaded.file }, 'Listening.')
  if (moved) log.warn({ asked: server.port, port }, 'The port is taken; using the next free one.')
  if (exposed && server.api_keys.length === 0) {
    log.warn({ host: server.host }, 'Runs without any key: whoever reaches the port can use your accounts.')
  }
  for (const warning of loaded.warnings) log.warn({}, warning)
}

async function introduceProviders(
  gateway: Parts,
  key: ServerKey,
  url: string,
  log: Log,
  { print, withProgress, color }: StartParts,
): Promise<void> {
  gateway.start()
  const signal = AbortSignal.timeout(STATUS_DEADLINE)
  const [providers, model] = await Promise.all([
    withProgress((step) => askProviders(gateway, signal, step)).catch((error: unknown): ProviderStatus[] => {
      log.warn({ error }, 'The providers could not be asked for their state.')
      return []
    }),
    demoModel(gateway, signal).catch(() => undefined),
  ])
  for (const { provider, state, version: found, notes } of providers) {
    log.debug({ provider, state, version: found, notes }, 'Provider.')
  }
  print(providersText({ url, providers, model, key: shellKey(key), color }))
}

/** A model that answers without an account. */
async function demoModel({ drivers }: Parts, signal: AbortSignal): Promise<string | undefined> {
  const demo = drivers.find((driver) => driver.name === 'demo')
  const [first] = (await demo?.models(signal)) ?? []
  return first && `demo/${first.id}`
}

/** How the first request names its key, without the key standing in the scrollback. */
function shellKey({ config, file }: ServerKey): string | undefined {
  if (config.server.api_keys.length === 0) return undefined
  return file ? `$(cat '${file}')` : 'YOUR_KEY'
}

function urlOf({ server: { host } }: Config, port: number): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  const reachable = bare === '0.0.0.0' || bare === '::' ? '127.0.0.1' : bare
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
