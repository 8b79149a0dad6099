// The end of a file that grows.
import { statSync } from 'node:fs'

/** Bytes that are looked through for the last lines. */
const WINDOW = 4 * 2 ** 20
/** How often a followed file is looked at, in milliseconds. */
const LOOK_EVERY = 250

/** The last lines of a file, and where it ended; undefined where there is none. */
export async function lastLines(path: string, count: number): Promise<{ text: string; end: number } | undefined> {
  const size = statSync(path, { throwIfNoEntry: false })?.size
  if (size === undefined) return undefined
  const text = await Bun.file(path)
    .slice(Math.max(0, size - WINDOW), size)
    .text()
  const lines = text.endsWith('\n') ? text.slice(0, -1).split('\n') : text.split('\n')
  const last = count === 0 || text === '' ? [] : lines.slice(-count)
  return { text: last.length > 0 ? `${last.join('\n')}\n` : '', end: size }
}

/** Tells what is added behind `from`, until the process ends. A file that became shorter is a new one. */
export function followFile(path: string, from: number, tell: (text: string) => void): void {
  let at = from
  const decoder = new TextDecoder()
  const look = async () => {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    if (size < at) at = 0
    if (size > at) {
      const bytes = await Bun.file(path).slice(at, size).bytes()
      at = size
      tell(decoder.decode(bytes, { stream: true }))
    }
    setTimeout(look, LOOK_EVERY)
  }
  void look()
}
