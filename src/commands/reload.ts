// The configuration file takes effect while the server runs: a new gateway takes the requests, the old one ends what it has begun.
import { ConfigError } from '../config/error.ts'
import type { LoadedConfig } from '../config/load.ts'
import { valueAt } from '../config/secrets.ts'
import { ensureServerKey } from '../config/server-key.ts'
import type { Config } from '../config/schema.ts'
import type { Log } from '../observe/log.ts'
import { fileStamp } from '../files/file-stamp.ts'
import type { CreateGateway, Parts } from './parts.ts'

/** How often the file is looked at, and an old gateway is asked whether it is done; in milliseconds. */
const LOOK_EVERY = 1000

export type ReloadParts = {
  loaded: LoadedConfig
  /** What the server was started with. */
  config: Config
  gateway: Parts
  log: Log
  /** Reads the configuration anew, with the same flags. @throws ConfigError */
  load(): LoadedConfig
  createGateway: CreateGateway
}

/** A gateway that is exchanged while it is used. From its start on it looks at the file. */
export type Reloadable = Parts & {
  /** Reads the configuration and takes it, if it is right and says something new. */
  reload(): Promise<void>
}

/** Keys that are looked at once, when the server starts; see `withFixed`. */
const FIXED = ['server.host', 'server.port', 'state_dir', 'log'] as const

export function reloadable({ loaded, config, gateway, log, load, createGateway }: ReloadParts): Reloadable {
  const { file } = loaded
  let current = gateway
  let now = config
  let stamp = file === undefined ? '' : fileStamp(file)
  let timer: Timer | undefined
  let reloading: Promise<void> = Promise.resolve()
  const retiring = new Set<Promise<void>>()

  const exchange = async (): Promise<void> => {
    try {
      const read = load().config
      const fixed = FIXED.filter((path) => !Bun.deepEquals(valueAt(read, path), valueAt(config, path)))
      if (fixed.length > 0) log.warn({ keys: fixed }, 'These settings count from the next start on.')
      const next = ensureServerKey(withFixed(read, config)).config
      if (Bun.deepEquals(next, now)) return
      const fresh = await createGateway(next, { log, environment: loaded.environment })
      const old = current
      const limit = Math.max(longestTurn(now), longestTurn(next))
      current = fresh
      now = next
      fresh.start()
      log.info({ file }, 'The configuration was changed and has taken effect.')
      const done: Promise<void> = retire(old, limit).finally(() => retiring.delete(done))
      retiring.add(done)
    } catch (error) {
      const why = error instanceof ConfigError ? error.problems : undefined
      log.error({ file, problems: why, error }, 'The changed configuration cannot be used; the last good one stays.')
    }
  }
  const reload = () => (reloading = reloading.then(exchange))

  return {
    app: { fetch: (request, sockets) => current.app.fetch(request, sockets) },
    drain: {
      enter: () => current.drain.enter(),
      leave: () => current.drain.leave(),
      active: () => current.drain.active(),
      closing: () => current.drain.closing(),
      close: () => current.drain.close(),
      retire: () => current.drain.retire(),
      get retired() {
        return current.drain.retired
      },
    },
    get drivers() {
      return current.drivers
    },
    status: (signal, told) => current.status(signal, told),
    reload,
    start() {
      current.start()
      if (file === undefined) return
      timer = setInterval(() => {
        const seen = fileStamp(file)
        if (seen === stamp) return
        stamp = seen
        void reload()
      }, LOOK_EVERY)
      timer.unref()
    },
    async close() {
      clearInterval(timer)
      await reloading
      await Promise.all([current.close(), ...retiring])
    },
  }

  /** Waits for the answers that a gateway has begun, and closes it. */
  async function retire(old: Parts, limit: number): Promise<void> {
    const deadline = Date.now() + limit
    old.drain.retire()
    while (old.drain.active() > 0 && Date.now() < deadline && !current.drain.closing()) {
      await Bun.sleep(LOOK_EVERY / 10)
    }
    await old.close()
  }
}

/** A configuration in which those keys are as they were when the server started. */
function withFixed(config: Config, { server: { host, port }, state_dir, log }: Config): Config {
  return { ...config, server: { ...config.server, host, port }, state_dir, log }
}

/** Milliseconds that an answer may take. */
function longestTurn({ timeouts: { total } }: Config): number {
  return total === 0 ? Infinity : total * 1000
}
