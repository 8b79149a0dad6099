// What a person sees when the server starts. Pure: facts in, text out.
import type { ProviderStatus } from '../providers/driver.ts'

export type BannerFacts = {
  version: string
  /** Where a client on this machine reaches the server: `http://127.0.0.1:8000`. */
  url: string
  /** The port that was asked for, where another one had to be taken. */
  takenPort?: number
  /** Where the server listens beyond this machine: the address that was asked for. */
  exposed?: string
  color: boolean
}

export type ProviderFacts = {
  url: string
  providers: readonly ProviderStatus[]
  /** A model that the first request can use at once. */
  model?: string
  /** How a shell writes the key of the first request; undefined when no key is asked for. */
  key?: string
  color: boolean
}

/** The first lines, printed as soon as the server listens. */
export function listeningText({ version, url, takenPort, exposed, color }: BannerFacts): string {
  const paint = painter(color)
  return [
    `${paint.bold('cligate')} ${version} is listening on ${paint.bold(url)}`,
    ...(takenPort === undefined ? [] : [paint.yellow(`Port ${takenPort} is taken; this is the next free one.`)]),
    ...(exposed === undefined ? [] : [`Other machines reach it too (${exposed}).`]),
    '',
  ].join('\n')
}

/** The key that was made on this start: shown now and never again. */
export function createdKeyText(key: string, file: string, color: boolean): string {
  const paint = painter(color)
  return [
    paint.yellow('A key was made to protect it. It is shown this once:'),
    '',
    `  ${paint.bold(key)}`,
    '',
    `It is kept in ${file}. Set server.api_keys or API_KEY to use one of your own.`,
    '',
  ].join('\n')
}

/** What works, and how to use it; printed when the providers have told their state. */
export function providersText({ url, providers, model, key, color }: ProviderFacts): string {
  const paint = painter(color)
  const width = Math.max(0, ...providers.map(({ provider }) => provider.length))
  const lines = providers
    .filter(({ state }) => state !== 'disabled')
    .flatMap((status) => providerLines(status, width, paint))
  const header = ["-H 'content-type: application/json'", ...(key ? [`-H "authorization: Bearer ${key}"`] : [])]
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] })
  const request = model
    ? [`curl ${url}/v1/chat/completions`, ...header, `-d '${body}'`]
    : [`curl ${url}/v1/models`, ...header.slice(1)]
  return [
    '',
    paint.bold('Providers'),
    ...lines,
    ...(lines.length > 0 ? [] : ['  none is enabled']),
    '',
    paint.bold('Base URLs'),
    `  OpenAI-compatible      ${url}/v1`,
    `  Anthropic-compatible   ${url}`,
    `  API explorer           ${url}/docs`,
    '',
    paint.bold('Try it'),
    `  ${request.join(' \\\n    ')}`,
    '',
  ].join('\n')
}

const STATES: Record<ProviderStatus['state'], [mark: string, text: string, color: 'green' | 'yellow' | 'red']> = {
  ready: ['+', 'ready', 'green'],
  degraded: ['!', 'works, with limits', 'yellow'],
  'not-logged-in': ['-', 'not logged in', 'yellow'],
  'not-installed': ['-', 'not found', 'yellow'],
  disabled: ['-', 'disabled', 'yellow'],
}

function providerLines(status: ProviderStatus, width: number, paint: Painter): string[] {
  const [mark, text, tone] = STATES[status.state]
  const facts = [text, status.version, status.authMethod && `login: ${status.authMethod}`].filter(Boolean).join(', ')
  return [
    `  ${paint[tone](mark)} ${status.provider.padEnd(width)}  ${paint[tone](facts)}`,
    ...status.notes.map((note) => `      ${note}`),
    ...(status.fix ? [`      Run: ${paint.bold(status.fix)}`] : []),
  ]
}

type Painter = Record<'bold' | 'green' | 'yellow' | 'red', (text: string) => string>

function painter(color: boolean): Painter {
  const paint = (code: number) => (text: string) => (color ? `\u001B[${code}m${text}\u001B[0m` : text)
  return { bold: paint(1), green: paint(32), yellow: paint(33), red: paint(31) }
}
