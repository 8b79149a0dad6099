// A Codex of one's own for a test: the real CLI (or a script in its place), a simulated service, a private home, and a proxy that
// nothing may ask.
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSandbox } from '../../../src/process/sandbox.ts'
import { type CodexOptions, createCodexDriver } from '../../../src/providers/codex/driver.ts'
import type { Driver } from '../../../src/providers/driver.ts'
import { realCli, temporaryHome } from '../../real/harness/real-cli.ts'
import { startUpstream, type Upstream } from '../../upstream/upstream.ts'

export const KEY = 'sk-dummy-0123456789'
export const MODEL = 'gpt-5.5'

export type World = AsyncDisposable & {
  driver: Driver
  upstream: Upstream
  /** Holds `.codex`, the user's own folder, and `run`, where the driver works. */
  home: string
  options: CodexOptions
  /** What was asked of hosts other than the simulated service, by the first line of each request. */
  strangers: string[]
  /** What was logged, at any level. */
  logged: { level: string; fields: object; message: string }[]
}

export type WorldOptions = Partial<Omit<CodexOptions, 'environment'>> & {
  environment?: Record<string, string>
  /** What `.codex/auth.json` holds; an API key by default, null for no login. */
  auth?: object | null
}

export async function codexWorld(changes: WorldOptions = {}): Promise<World> {
  const { environment, auth = { auth_mode: 'apikey', OPENAI_API_KEY: KEY }, ...rest } = changes
  const upstream = await startUpstream()
  const folder = await temporaryHome()
  const home = realpathSync(folder.path)
  mkdirSync(join(home, '.codex'))
  if (auth) writeFileSync(join(home, '.codex/auth.json'), JSON.stringify(auth), { mode: 0o600 })
  const proxy = startProxy()
  const sandbox = await openSandbox({ root: join(home, 'run') })
  const logged: World['logged'] = []
  const logAt = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message })
  const options: CodexOptions = {
    executable: realCli('codex'),
    environment: {
      HOME: home,
      PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
      HTTPS_PROXY: proxy.url,
      HTTP_PROXY: proxy.url,
      NO_PROXY: '127.0.0.1',
      // The key of somebody else's program is none of Codex's business.
      OPENAI_API_KEY: 'sk-of-the-host',
      ...environment,
    },
    account: {},
    baseUrl: `${upstream.url}/v1`,
    web: false,
    warm: false,
    maxActive: 32,
    maxQueue: 32,
    queueTimeout: 30_000,
    sandbox,
    log: { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn') },
    ...rest,
  }
  const driver = createCodexDriver(options)
  return {
    driver,
    upstream,
    home,
    options,
    strangers: proxy.asked,
    logged,
    async [Symbol.asyncDispose]() {
      await driver.close()
      await sandbox.close()
      proxy.stop()
      await upstream.stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** Takes connections, notes what they ask for, and refuses it. */
function startProxy() {
  const asked: string[] = []
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket, data) {
        asked.push(data.toString('latin1').split('\r\n', 1)[0] ?? '')
        socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
      },
    },
  })
  return { asked, url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) }
}

/** A ChatGPT login that nobody ever had. `number` tells one from another. */
export function chatgptLogin(number = 1): object {
  const expires = Math.floor(Date.now() / 1000) + 86_400
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    exp: expires,
    number,
    email: 'nobody@example.com',
    'https://api.openai.com/auth': {
      chatgpt_plan_type: 'plus',
      chatgpt_account_id: 'account-1',
      chatgpt_user_id: 'user-1',
    },
  }
  const token = `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.c2ln`
  return {
    auth_mode: 'chatgpt',
    OPENAI_API_KEY: null,
    tokens: { id_token: token, access_token: token, refresh_token: `refresh-${number}`, account_id: 'account-1' },
    last_refresh: new Date().toISOString(),
  }
}
