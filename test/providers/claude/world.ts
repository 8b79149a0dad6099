// A Claude Code of one's own for a test: the real CLI (or a script in its place), a simulated service, and a private home.
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { openSandbox } from '../../../src/process/sandbox.ts'
import { canBeBare } from '../../../src/providers/claude/bare.ts'
import { type ClaudeOptions, createClaudeDriver } from '../../../src/providers/claude/driver.ts'
import { identify, writePass } from '../../../src/providers/claude/self-test-cache.ts'
import type { Way } from '../../../src/providers/claude/self-test.ts'
import type { Driver } from '../../../src/providers/driver.ts'
import { cleanEnvironment, realCli, temporaryHome } from '../../real/harness/real-cli.ts'
import { startUpstream, type Upstream } from '../../upstream/upstream.ts'

/** A subscription's token instead of the key. */
export const SUBSCRIPTION = { ANTHROPIC_API_KEY: undefined, CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-dummy' }

export type World = AsyncDisposable & {
  driver: Driver
  upstream: Upstream
  home: string
  /** Paths handed in to be removed. */
  leftovers: { path: string; now: boolean }[]
  /** What was logged, at any level. */
  logged: { level: string; fields: object; message: string }[]
}

export type WorldOptions = Partial<Omit<ClaudeOptions, 'environment' | 'pool'>> & {
  /** On top of a clean environment with a dummy key; undefined takes a variable away. */
  environment?: Record<string, string | undefined>
  pool?: Partial<ClaudeOptions['pool']>
  /** What the self-test has found already, as far as the driver knows. */
  tested?: Extract<Way, 'warmed' | 'seeded' | 'plain'> | false
}

export async function claudeWorld(options: WorldOptions = {}): Promise<World> {
  // A stand-in for the CLI knows no questions beside the conversation.
  const { environment, pool, tested = options.executable === undefined ? 'warmed' : 'seeded', ...rest } = options
  const upstream = await startUpstream()
  const folder = await temporaryHome()
  const home = realpathSync(folder.path)
  const sandbox = await openSandbox({ root: join(home, 'run') })
  const leftovers: World['leftovers'] = []
  const logged: World['logged'] = []
  const logAt = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message })
  const executable = rest.executable ?? realCli('claude')
  const cacheFile = join(home, 'self-test.json')
  const from = { environment: { ...cleanEnvironment(upstream.url, home), ...environment }, account: rest.account ?? {} }
  const bare = canBeBare({ ...from, web: rest.web })
  if (tested) writePass(cacheFile, await identify(executable, '2.1.329', bare), tested)
  const driver = createClaudeDriver({
    executable,
    ...from,
    sandbox,
    leftovers: { add: (path, more) => void leftovers.push({ path, now: more?.now === true }) },
    history: 'auto',
    web: false,
    cacheFile,
    log: { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn') },
    ...rest,
    pool: {
      warm: 1,
      maxWarm: 1,
      maxActive: 16,
      maxQueue: 16,
      queueTimeout: 30_000,
      maxBoots: 1,
      idleTimeout: 0,
      ...pool,
    },
  })
  return {
    driver,
    upstream,
    home,
    leftovers,
    logged,
    async [Symbol.asyncDispose]() {
      await driver.close()
      await sandbox.close()
      await upstream.stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}
