// Log lines for a person at a terminal.

const COLORS: Record<string, string> = { debug: '2', info: '32', warn: '33', error: '31' }

/**
 * Time, level, message, then the fields as `name=value`; the stack of an error follows, indented. Everything is escaped: the
 * only colours and line breaks are ours.
 */
export function prettyLine(line: Record<string, unknown>, color: boolean): string {
  const { time, level, message, ...fields } = line
  const paint = (code: string, text: string) => (color ? `\u001B[${code}m${text}\u001B[0m` : text)
  const [head, rest] = message === 'request' ? requestHead(fields) : [plain(message), fields]
  const stacks: string[] = []
  const shown = Object.entries(rest)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => {
      const [text, stack] = withoutStack(value)
      stacks.push(...stack)
      return `${paint('2', `${plain(name)}=`)}${valueText(text)}`
    })
  const levelName = plain(level)
  return [
    [paint('2', plain(time).slice(11, 23)), paint(COLORS[levelName] ?? '0', levelName.toUpperCase().padEnd(5)), head],
    shown,
  ]
    .flat()
    .join(' ')
    .concat(...stacks.map((frame) => `\n    ${plain(frame.trim())}`))
}

/** The access line reads as one: `POST /v1/models 200 1.3 ms`. */
function requestHead(fields: Record<string, unknown>): [string, Record<string, unknown>] {
  const { method, path, status, durationMs, ...rest } = fields
  return [`${plain(method)} ${plain(path)} ${plain(status)} ${Number(durationMs).toFixed(1)} ms`, rest]
}

/** An error's frames apart from the rest of it: one line of JSON is no way to read a stack. */
function withoutStack(value: unknown): [unknown, string[]] {
  if (typeof value !== 'object' || value === null || !('stack' in value)) return [value, []]
  const { stack, ...rest } = value
  const frames = typeof stack === 'string' ? stack.split('\n').filter((line) => /^\s+at /.test(line)) : []
  return [rest, frames]
}

function valueText(value: unknown): string {
  if (typeof value === 'string' && /^[\w.:/@+-]+$/.test(value)) return value
  return JSON.stringify(value)
}

/** Control characters as JSON writes them, without its quotes. */
function plain(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? ''
  return JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll('\\\\', '\\')
}
