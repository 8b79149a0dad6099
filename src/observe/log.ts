import pino from 'pino'
import { openDestination } from './destination.ts'
import { prettyLine } from './pretty.ts'
import { createRedactor } from './redact.ts'

type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export type LogOptions = {
  level: LogLevel
  /** `auto` is `pretty` on a terminal and `json` elsewhere. */
  format: 'auto' | 'json' | 'pretty'
  /** A file to append to; without one, lines go to standard error. */
  file?: string
  /** Texts that must never appear, such as the configured keys. What looks like a key is hidden without being named. */
  secrets?: readonly string[]
  /** Called before lines go to standard error, where something else may stand in the way. */
  beforeWrite?: () => void
  /** Takes finished lines in place of file and terminal. */
  write?: (line: string) => void
}

/** What is known of a request when its answer has ended. Names and numbers only: no text of the caller or the model. */
export type RequestRecord = {
  requestId: string
  method: string
  /** Without the query, which may hold a key. */
  path: string
  status: number
  /** Milliseconds from the first byte of the request to the last of the answer. */
  durationMs: number
  /** Milliseconds until the turn could start, and until its first event. */
  queueMs?: number
  firstTokenMs?: number
  /** The id of the key that was presented. */
  key?: string
  dialect?: string
  provider?: string
  model?: string
  stream?: boolean
  finish?: string
  /** The code of the GatewayError that ended it. */
  error?: string
  inputTokens?: number
  outputTokens?: number
  cachedTokens?: number
  reasoningTokens?: number
  costUsd?: number
  /** Paths of request fields that nobody honoured. */
  ignored?: readonly string[]
  /** True when the client left before its answer was complete. */
  aborted?: boolean
}

type Write = (fields: object, message: string) => void

/** Messages are plain constant sentences; what varies goes into the fields, errors as `{ error }`. */
export type Log = {
  debug: Write
  info: Write
  warn: Write
  error: Write
  /** The access line of one request: level info, `warn` from status 500 on. */
  request(record: RequestRecord): void
  /** Writes what is still held. Nothing is logged afterwards. Idempotent. */
  close(): Promise<void>
}

/**
 * Characters that JSON leaves alone and that a terminal or a log viewer obeys: DEL and C1 controls (0x9B starts an ANSI
 * sequence), line and paragraph separator, changes of writing direction.
 */
const UNSAFE = /[\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g

/** @throws Error when the log file cannot be opened */
export function createLog(options: LogOptions): Log {
  const terminal = options.file === undefined && options.write === undefined && process.stderr.isTTY
  const pretty = options.format === 'pretty' || (options.format === 'auto' && terminal)
  const color = terminal && !process.env['NO_COLOR']
  const redactor = createRedactor(options.secrets)
  const render = (line: string): string =>
    (pretty ? `${prettyLine(JSON.parse(line), color)}\n` : line).replace(
      UNSAFE,
      (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
  const destination = options.write
    ? { write: options.write, close: async () => {} }
    : openDestination({
        file: options.file,
        dropped: (count) => render(droppedLine(count)),
        ...(terminal && options.beforeWrite ? { beforeWrite: options.beforeWrite } : {}),
      })

  // No transports: they run in worker threads, which a compiled binary cannot start.
  const logger = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    { write: (line: string) => destination.write(render(line)) },
  )
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error'): Write =>
    (fields, message) => {
      if (logger.isLevelEnabled(level)) logger[level](redactor.fields(fields), redactor.text(message))
    }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    request(record) {
      const level = record.status >= 500 ? 'warn' : 'info'
      if (!logger.isLevelEnabled(level)) return
      // Of all its fields only these are the caller's words; walking the rest would double what a line costs.
      const { path, model, ignored } = record
      const line = {
        level,
        time: new Date().toISOString(),
        ...record,
        path: redactor.text(path),
        ...(model === undefined ? {} : { model: redactor.text(model) }),
        ...(ignored === undefined ? {} : { ignored: ignored.map(redactor.text) }),
        message: 'request',
      }
      // Not through pino, which serialises field by field: this line is the one that every request costs.
      destination.write(render(`${JSON.stringify(line)}\n`))
    },
    close: () => destination.close(),
  }
}

function droppedLine(count: number): string {
  const line = { level: 'warn', time: new Date().toISOString(), dropped: count, message: 'log lines were dropped' }
  return `${JSON.stringify(line)}\n`
}
