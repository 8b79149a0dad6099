// A Gemini CLI of one's own for a test: the real CLI (or a script in its place), a simulated service, a private home, and a proxy
// that nothing may ask.
import { mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSandbox } from '../../../src/process/sandbox.ts'
import { createGeminiDriver, type GeminiOptions } from '../../../src/providers/gemini/driver.ts'
import type { Driver } from '../../../src/providers/driver.ts'
import { realCli, temporaryHome } from '../../real/harness/real-cli.ts'
import { startUpstream, type Upstream } from '../../upstream/upstream.ts'

export const MODEL = 'gemini-2.5-pro'

export type World = AsyncDisposable & {
  driver: Driver
  upstream: Upstream
  /** Holds `.gemini`, the user's own folder, and `run`, where the driver works. */
  home: string
  options: GeminiOptions
  /** What was asked of hosts other than the simulated service, by the first line of each request. */
  strangers: string[]
  /** What was logged, at any level. */
  logged: { level: string; fields: object; message: string }[]
  /** All files that the driver's processes have, by their path below the driver's folder. */
  files(): string[]
}

export type WorldOptions = Partial<Omit<GeminiOptions, 'environment' | 'pool'>> & {
  /** On top of a clean environment with a dummy key; undefined takes a variable away. */
  environment?: Record<string, string | undefined>
  pool?: Partial<GeminiOptions['pool']>
  /** What the user's own folder holds, by name. */
  user?: Record<string, string>
}

export async function geminiWorld(changes: WorldOptions = {}): Promise<World> {
  const { environment, pool, user = {}, ...rest } = changes
  const upstream = await startUpstream()
  const folder = await temporaryHome()
  const home = realpathSync(folder.path)
  mkdirSync(join(home, '.gemini'))
  for (const [name, text] of Object.entries(user)) writeFileSync(join(home, '.gemini', name), text)
  const strangers: string[] = []
  const proxy = startProxy(strangers)
  const run = join(home, 'run')
  const sandbox = await openSandbox({ root: run })
  const logged: World['logged'] = []
  const logAt = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message })
  const options: GeminiOptions = {
    executable: realCli('gemini'),
    environment: {
      HOME: home,
      PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
      HTTPS_PROXY: proxy.url,
      HTTP_PROXY: proxy.url,
      NO_PROXY: '127.0.0.1',
      GEMINI_API_KEY: 'dummy',
      GOOGLE_GEMINI_BASE_URL: upstream.url,
      ...environment,
    },
    account: {},
    web: false,
    sandbox,
    log: { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn') },
    ...rest,
    pool: { warm: 1, maxWarm: 4, maxActive: 8, maxQueue: 8, queueTimeout: 30_000, idleTimeout: 0, ...pool },
  }
  const driver = createGeminiDriver(options)
  return {
    driver,
    upstream,
    home,
    options,
    strangers,
    logged,
    files: () =>
      readdirSync(run, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(run.length + 1)),
    async [Symbol.asyncDispose]() {
      await driver.close()
      await sandbox.close()
      await upstream.stop()
      proxy.stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** Refuses everything, and notes what was asked for. */
function startProxy(strangers: string[]): { url: string; stop(): void } {
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket, data) {
        strangers.push(data.toString('latin1').split('\r\n', 1)[0] ?? '')
        socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n')
      },
    },
  })
  return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) }
}
