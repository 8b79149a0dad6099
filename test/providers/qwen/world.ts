// A Qwen Code of one's own for a test: the real CLI, a simulated service, and a private home.
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openSandbox, type Sandbox } from '../../../src/process/sandbox.ts'
import type { Driver } from '../../../src/providers/driver.ts'
import { createQwenDriver, type QwenOptions } from '../../../src/providers/qwen/driver.ts'
import type { ChatRequest } from '../../../src/core/request.ts'
import { realCli, temporaryHome } from '../../real/harness/real-cli.ts'
import { startUpstream, type Upstream } from '../../upstream/upstream.ts'
import { request } from '../claude/requests.ts'

export const MODEL = 'qwen3-coder-plus'

/** As `request`, of a model of Qwen. */
export function ask(messages: Parameters<typeof request>[0], changes: Parameters<typeof request>[1] = {}): ChatRequest {
  return request(messages, { model: MODEL, ...changes })
}

export type World = AsyncDisposable & {
  driver: Driver
  options: QwenOptions
  upstream: Upstream
  home: string
  sandbox: Sandbox
  /** What was logged, at any level. */
  logged: { level: string; fields: object; message: string }[]
}

export type WorldOptions = Partial<Omit<QwenOptions, 'environment'>> & {
  /** On top of a clean environment with a dummy key; undefined takes a variable away. */
  environment?: Record<string, string | undefined>
  /** Files of the home, by their paths in it; `UPSTREAM` in them is the URL of the simulated service. */
  files?: Record<string, string>
}

export async function qwenWorld(options: WorldOptions = {}): Promise<World> {
  const { environment, files = {}, ...rest } = options
  const upstream = await startUpstream()
  const folder = await temporaryHome()
  const home = realpathSync(folder.path)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true })
    writeFileSync(join(home, path), text.replaceAll('UPSTREAM', upstream.url))
  }
  const sandbox = await openSandbox({ root: join(home, 'run') })
  const logged: World['logged'] = []
  const logAt = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message })
  const all: QwenOptions = {
    executable: realCli('qwen'),
    environment: {
      HOME: home,
      PATH: process.env['PATH'],
      OPENAI_API_KEY: 'dummy',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      ...environment,
    },
    account: {},
    web: false,
    warm: false,
    maxActive: 16,
    maxQueue: 16,
    queueTimeout: 30_000,
    sandbox,
    log: { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn') },
    ...rest,
  }
  const driver = createQwenDriver(all)
  return {
    driver,
    options: all,
    upstream,
    home,
    sandbox,
    logged,
    async [Symbol.asyncDispose]() {
      await driver.close()
      await sandbox.close()
      await upstream.stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** A request as the simulated service got it. */
export type Body = {
  model: string
  messages: {
    role: string
    content: string | null | { type: string; text?: string; [field: string]: unknown }[]
    tool_calls?: { id: string; function: { name: string; arguments: string } }[]
    tool_call_id?: string
    reasoning_content?: string
  }[]
  tools: unknown[]
  tool_choice: string
  [parameter: string]: unknown
}

/** The messages of the last request, without the reminder of Qwen Code's own. */
export function messagesOf(upstream: Upstream): Body['messages'] {
  const body = upstream.turns.at(-1)?.json as Body | undefined
  const messages = structuredClone(body?.messages ?? [])
  for (const message of messages) {
    if (!Array.isArray(message.content)) continue
    message.content = message.content.filter((part) => !part.text?.startsWith('<system-reminder>\nNo skills are'))
  }
  return messages
}

/** Each message as its role and its text. */
export function saidTo(upstream: Upstream): string[] {
  return messagesOf(upstream).map(({ role, content }) => {
    const text = Array.isArray(content)
      ? content.map((part) => part.text ?? `(${part.type})`).join('|')
      : (content ?? '')
    return `${role}: ${text}`
  })
}

export const bodiesOf = ({ upstream }: World) => upstream.requests.map(({ json }) => json as Body)

/** The names of the tools in a request, or the types of those that the service has itself. */
export function toolsIn({ tools }: Pick<Body, 'tools'>): string[] {
  return (tools as { type: string; function?: { name: string } }[]).map((one) => one.function?.name ?? one.type)
}
