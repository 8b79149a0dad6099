// The whole gateway in this process, with a real CLI behind `POST /chat`, and readers of its streams.
import { chmodSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../../../src/config/load.ts'
import { createGateway, type Gateway } from '../../../src/gateway.ts'
import { startUpstream, type Upstream } from '../../upstream/upstream.ts'
import { cleanEnvironment, temporaryHome } from './real-cli.ts'

export type RawWorld = AsyncDisposable & {
  gateway: Gateway
  upstream: Upstream
  home: string
  /** A folder that agents may work in; there from the beginning. */
  root: string
  post(body: object, signal?: AbortSignal): Promise<Response>
  send(method: string, path: string, body?: object, signal?: AbortSignal): Promise<Response>
  /** All that the CLI has written to stdout since the beginning, where it was started through `recorded`. */
  printed(): Promise<string>
}

export type RawWorldOptions = {
  /** Of the configuration file, by the home and the upstream. */
  config: (home: string, upstream: Upstream) => Record<string, unknown>
  environment?: (upstream: Upstream) => Record<string, string>
}

export async function rawWorld({ config, environment }: RawWorldOptions): Promise<RawWorld> {
  const upstream = await startUpstream()
  const folder = await temporaryHome()
  const home = realpathSync(folder.path)
  const root = join(home, 'root')
  mkdirSync(root)
  const content = { state_dir: join(home, 'state'), ...config(home, upstream) }
  writeFileSync(join(home, 'cligate.yaml'), Bun.YAML.stringify(content), { mode: 0o600 })
  const variables = { ...cleanEnvironment(upstream.url, home), ...environment?.(upstream) }
  const loaded = loadConfig({ folder: home, environment: { HOME: home } })
  const quiet = () => {}
  const log = { request: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet, close: () => Promise.resolve() }
  const gateway = await createGateway(loaded.config, { log: log as never, environment: variables })
  const send = async (method: string, path: string, body?: object, signal?: AbortSignal) => {
    const headers = { 'content-type': 'application/json' }
    const init = body === undefined ? {} : { headers, body: JSON.stringify(body) }
    return await gateway.app.fetch(new Request(`http://localhost${path}`, { method, signal, ...init }))
  }
  return {
    gateway,
    upstream,
    home,
    root,
    post: (body, signal) => send('POST', '/chat', body, signal),
    send,
    printed: () => Bun.file(join(home, 'printed')).text(),
    async [Symbol.asyncDispose]() {
      await gateway.close()
      await upstream.stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** A script that starts the program and keeps a copy of its output, and one line with its arguments for each start. */
export function recorded(program: string, home: string): string {
  const script = join(home, 'recorded.sh')
  const text = `#!/bin/sh\nfor one in "$@"; do printf '%s\\n' "$one" >> '${home}/arguments'; done\n'${program}' "$@" | tee -a '${home}/printed'\n`
  writeFileSync(script, text)
  chmodSync(script, 0o755)
  return script
}

export type RawEvent = { event: string; data: string }

export function eventsOf(stream: string): RawEvent[] {
  return stream
    .split('\n\n')
    .filter((frame) => frame.startsWith('event: '))
    .map((frame) => {
      const [event = '', ...data] = frame.split('\n')
      return { event: event.slice('event: '.length), data: data.map((line) => line.slice('data: '.length)).join('\n') }
    })
}

export async function allEvents(response: Response): Promise<RawEvent[]> {
  return eventsOf(await response.text())
}

/** The data of the `message` events, with the line breaks that they had on stdout. */
export const messagesOf = (events: readonly RawEvent[]) =>
  events
    .filter(({ event }) => event === 'message')
    .map(({ data }) => `${data}\n`)
    .join('')
