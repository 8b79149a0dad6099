import { closeSync, constants, mkdirSync, openSync, write, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Where finished log lines go. */
export type Destination = {
  /** Takes one line, its line break included. Never waits, never throws. */
  write(line: string): void
  /** Writes what is held and ends. Returns after `CLOSE_DEADLINE` at the latest. Idempotent. */
  close(): Promise<void>
}

export type DestinationOptions = {
  /** A file to append to, made with mode 0600; without one, standard error. */
  file?: string
  /** Called each time before something is written. */
  beforeWrite?: () => void
  /** Characters held while the reader is slower than the log; what comes on top is dropped and counted. */
  limit?: number
  /** The line that tells how many were dropped. */
  dropped: (count: number) => string
}

/** Milliseconds a line waits for company before it is written. */
const GATHER = 20
/** Characters that are written without waiting. */
const ENOUGH = 64 * 1024
/** Milliseconds that a reader who does not read may hold up the end of the process. */
const CLOSE_DEADLINE = 1000

const STANDARD_ERROR = 2

/**
 * Gathers lines and writes them in the background, in order. A reader who is gone (EPIPE) ends the log in silence: there is
 * nobody left to tell. What is held when the process exits without `close` is written then.
 * @throws Error when the file cannot be opened
 */
export function openDestination({
  file,
  limit = 4 * 1024 * 1024,
  dropped,
  beforeWrite,
}: DestinationOptions): Destination {
  const descriptor = file === undefined ? STANDARD_ERROR : openLog(file)
  let held: string[] = []
  let size = 0
  let missed = 0
  let timer: Timer | undefined
  let writing: Promise<void> | undefined
  let ended = false

  const take = (): Buffer => {
    if (missed > 0) held.push(dropped(missed))
    // One string and one copy: lines are short and many.
    const bytes = Buffer.from(held.join(''))
    held = []
    size = 0
    missed = 0
    return bytes
  }

  const gather = () => {
    if (size >= ENOUGH) void flush()
    else timer ??= setTimeout(flush, GATHER).unref()
  }

  const flush = (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    writing ??= drain().finally(() => {
      writing = undefined
      if (held.length > 0 && !ended) gather()
    })
    return writing
  }

  const drain = async (): Promise<void> => {
    while (held.length > 0 && !ended) {
      beforeWrite?.()
      const failed = await writeAll(descriptor, take())
      if (failed) ended = true
    }
  }

  /** The process is ending: no event loop any more. A reader who has been stuck since before is not waited for. */
  const flushNow = () => {
    if (ended || writing) return
    ended = true
    try {
      if (held.length > 0) writeSync(descriptor, take())
    } catch {
      // Nobody reads.
    }
  }
  process.once('exit', flushNow)

  return {
    write(line) {
      if (ended) return
      if (size + line.length > limit) {
        missed += 1
        return
      }
      held.push(line)
      size += line.length
      if (!writing) gather()
    },
    async close() {
      if (ended) return
      let deadline: Timer | undefined
      const late = new Promise<void>((resolve) => (deadline = setTimeout(resolve, CLOSE_DEADLINE)))
      await Promise.race([flush(), late])
      clearTimeout(deadline)
      process.off('exit', flushNow)
      ended = true
      if (file !== undefined && !writing) closeSync(descriptor)
    },
  }
}

function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  return openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600)
}

/** Resolves to true when the reader is gone or the disk is full. */
function writeAll(descriptor: number, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const next = (rest: Buffer) => {
      write(descriptor, rest, (error, written) => {
        // A pipe that its owner made non-blocking is full: the reader needs a moment.
        if (error?.code === 'EAGAIN') return setTimeout(next, GATHER, rest).unref()
        if (error) return resolve(true)
        const left = rest.subarray(written)
        if (left.length === 0) return resolve(false)
        next(left)
      })
    }
    next(bytes)
  })
}
