// Puts the parts together: the one place that knows all of them.
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { Config } from './config/schema.ts'
import { createMediaResolver } from './content/media.ts'
import { reinforceXmlTools } from './content/xml-tools-reinforce.ts'
import { createDrivers, createRawLaunchers } from './drivers.ts'
import { type Drain, createDrain } from './http/drain.ts'
import type { Gateway as HttpGateway } from './http/gateway.ts'
import { RunningResponses } from './http/running-responses.ts'
import type { Log } from './observe/log.ts'
import { createStatistics, type Statistics } from './observe/statistics.ts'
import { createRateLimit, type RateCounters } from './policy/rate-limit.ts'
import { createRouting } from './policy/routing.ts'
import { openLeftovers } from './process/leftovers.ts'
import { residentMemory } from './process/memory.ts'
import { openSandbox } from './process/sandbox.ts'
import type { Driver, ProcessInfo, ProviderStatus } from './providers/driver.ts'
import { RawRuns } from './providers/raw-runs.ts'
import { createRegistry } from './providers/registry.ts'
import { type App, createServer } from './server.ts'
import { KEY_FILE } from './store/key-file.ts'
import { type KeyRing, openKeyRing } from './store/key-ring.ts'
import { createResponseStore, noUnwrittenResponses, type UnwrittenResponses } from './store/responses.ts'
import packageJson from '../package.json' with { type: 'json' }

export type Gateway = {
  app: App
  drivers: readonly Driver[]
  drain: Drain
  /** Begins what goes on in the background: the warm stocks, the self-tests. Once, when the server listens. */
  start(): void
  /**
   * Each provider's state, asked anew. Never rejects: a provider that cannot tell is `degraded`.
   * @param told hears of each as soon as it has answered
   */
  status(signal: AbortSignal, told?: (status: ProviderStatus) => void): Promise<ProviderStatus[]>
  processes(): ProcessInfo[]
  /** Stops every child and removes what they worked in. Idempotent. */
  close(): Promise<void>
}

export type GatewayOptions = {
  log: Log
  /** What children may inherit from, by each provider's allow-list; `process.env` if left out. */
  environment?: Record<string, string | undefined>
}

const MEGABYTE = 1024 * 1024
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** What outlives a gateway in this process: one with a changed configuration goes on with it. */
type Lasting = {
  running: RunningResponses
  unwritten: UnwrittenResponses
  counters: RateCounters
  statistics: Statistics
}

/** By state folder. */
const lasting = new Map<string, Lasting>()

function lastingOf(stateFolder: string): Lasting {
  return lasting.getOrInsertComputed(stateFolder, () => ({
    running: new RunningResponses(),
    unwritten: noUnwrittenResponses(),
    counters: new Map(),
    statistics: createStatistics(Date.now()),
  }))
}

/** @throws Error when the state folder cannot be used, or an alias is wrong */
export async function createGateway(config: Config, options: GatewayOptions): Promise<Gateway> {
  const { log, environment = process.env } = options
  const sandbox = await openSandbox({ root: join(config.state_dir, 'run') })
  const leftovers = openLeftovers({
    file: join(config.state_dir, 'leftovers.jsonl'),
    delayMs: config.cleanup.delay_minutes * MINUTE,
    enabled: config.cleanup.enabled,
  })
  const keys = openKeyRing({
    file: join(config.state_dir, KEY_FILE),
    onDamage: (error) =>
      log.error({ error }, 'The file of issued keys cannot be used; the keys read before stay valid.'),
  })
  const { running, unwritten, counters, statistics } = lastingOf(config.state_dir)
  const rateLimit = await createRateLimit(rateLimitOf(config), counters)
  const parts = { log, environment, sandbox, leftovers, stateFolder: config.state_dir }
  const drivers = createDrivers(config, parts)
  const raw = new RawRuns({
    launchers: createRawLaunchers(config, parts),
    sandbox,
    timeouts: timeoutsOf(config),
    maxActive: config.agent.max_active,
  })
  const registry = createRegistry({ drivers, aliases: config.aliases, log })
  const routing = createRouting({ registry, timeouts: timeoutsOf(config) })
  const media = createMediaResolver({
    maxImages: config.images.max_count,
    maxImageBytes: config.images.max_mb * MEGABYTE,
    allowedPrivateHosts: config.images.allow_hosts,
  })
  const responses = createResponseStore({
    path: join(config.state_dir, 'cligate.sqlite'),
    unwritten,
    enabled: config.responses.store,
    maxAgeMs: config.responses.days * DAY,
    maxBytes: config.responses.max_mb * MEGABYTE,
    warn: (error, message) => log.warn({ error }, message),
  })
  const xmlTools = { threshold: config.xml.confidence_threshold, knownTools: config.xml.known_tools }
  const drain = createDrain()
  const startedAt = Date.now()
  const states: Record<string, string> = Object.fromEntries(drivers.map((driver) => [driver.name, 'unknown']))
  const never = new AbortController().signal

  const status = (signal: AbortSignal, told?: (status: ProviderStatus) => void) =>
    Promise.all(
      drivers.map(async (driver) => {
        const found = await statusOf(driver, signal)
        states[found.provider] = found.state
        told?.(found)
        return found
      }),
    )
  const processes = () => [...drivers.flatMap((driver) => driver.processes()), ...raw.processes()]

  const http: HttpGateway = {
    config: httpOptions(config, keys),
    ...(rateLimit ? { rateLimit } : {}),
    plan: (request) => routing.plan(request),
    prepare: (request, signal) => media.resolve(reinforceXmlTools(request, xmlTools), signal),
    models: () => registry.list(never),
    model: (id, provider) => registry.get(id, never, provider),
    status: () => ({ version: packageJson.version, startedAt, providers: states }),
    providers: (signal) => status(signal),
    processes: () => processes().map((child) => Object.assign(child, { memory: residentMemory(child.pid) })),
    responses,
    running,
    raw,
    statistics,
    log,
    drain,
  }

  let closing: Promise<void> | undefined
  const close = async () => {
    registry.close()
    keys.close()
    await Promise.all([raw.close(), ...drivers.map((driver) => driver.close())])
    await leftovers.close()
    await sandbox.close()
    // Last: turns that were cut off are stored as failed.
    responses.close()
  }

  return {
    app: createServer(http),
    drivers,
    drain,
    start() {
      for (const driver of drivers) driver.start?.()
      void leftovers.sweep()
    },
    status,
    processes,
    close: () => (closing ??= close()),
  }
}

async function statusOf(driver: Driver, signal: AbortSignal): Promise<ProviderStatus> {
  try {
    return await driver.status(signal)
  } catch (error) {
    const note = error instanceof Error ? error.message : 'It could not be asked.'
    return { provider: driver.name, state: 'degraded', notes: [note] }
  }
}

function httpOptions(config: Config, keys: KeyRing): HttpGateway['config'] {
  const { server, cors, sse } = config
  return {
    access: {
      keys: server.api_keys,
      users: server.users,
      issued: keys,
      hosts: [...ownHosts(server.host), ...server.hosts],
      origins: cors.origins,
    },
    trustedProxies: server.trusted_proxies,
    strict: config.strict,
    bodyLimit: server.body_limit_mb * MEGABYTE,
    keepAliveMs: sse.keepalive_interval * 1000,
    headAfterMs: sse.head_after_ms,
    messageMode: config.chat.message_mode,
    agentMode: { roots: config.agent.roots, skipPermissions: config.agent.skip_permissions },
  }
}

/** The names by which the address that is listened on is reached. For a wildcard, every address of this machine. */
function ownHosts(host: string): string[] {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (bare !== '0.0.0.0' && bare !== '::') return [host]
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address))
}

function rateLimitOf({ rate_limit: limit }: Config) {
  return {
    enabled: limit.enabled,
    perMinute: {
      chat: limit.chat_per_minute,
      debug: limit.debug_per_minute,
      auth: limit.auth_per_minute,
      session: limit.session_per_minute,
      health: limit.health_per_minute,
      general: limit.general_per_minute,
    },
  }
}

function timeoutsOf({ timeouts }: Config) {
  return {
    firstEvent: timeouts.first_event * 1000,
    betweenEvents: timeouts.between_events * 1000,
    total: timeouts.total * 1000,
  }
}
