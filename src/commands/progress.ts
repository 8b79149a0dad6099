// What a command is doing, for whoever waits at a terminal: one line on standard error, which goes away again.
import { writeSync } from 'node:fs'

/** Says what is done now, in place of what was said before. */
export type Step = (text: string) => void

/** Runs something that may take its time, and tells about it where somebody looks. */
export type WithProgress = <Result>(work: (step: Step) => Promise<Result>) => Promise<Result>

/** Milliseconds until the line appears: what is over by then needs no words. */
const DELAY = 300
const FRAME_EVERY = 100
/** Seconds from which on they are counted. */
const LONG = 3
const FRAMES = String.raw`-\|/`
/** Signals that a person at a terminal ends a command by. */
const ENDS = ['SIGINT', 'SIGTERM'] as const
const WIPE = '\r\u001B[2K'

/** Those lines that are on the terminal now, each as the function that wipes it. */
const shown = new Set<() => void>()

/** Has the terminal free for other lines; the progress comes back below them. */
export function wipeProgress(): void {
  for (const wipe of shown) wipe()
}

/**
 * Progress for a command with these options. A pipe gets none of it, nor does a reader of JSON or a machine that builds; a terminal
 * that cannot go back in its line (`TERM=dumb`) gets each step once, as a line of its own.
 */
export function progressFor(options: { json?: boolean | undefined } = {}): WithProgress {
  if (options.json || !isWatched()) return (work) => work(() => {})
  return process.env['TERM'] === 'dumb' ? inLines : inOneLine
}

/** Tells a step before a program takes the terminal over. */
export function announce(text: string): void {
  if (isWatched()) say(`${text} ...\n`)
}

function isWatched(): boolean {
  const ci = process.env['CI']
  return process.stderr.isTTY && (!ci || ci === 'false')
}

const inOneLine: WithProgress = async (work) => {
  const started = Date.now()
  let text = ''
  let frame = 0
  let there = false
  const draw = () => {
    const seconds = Math.floor((Date.now() - started) / 1000)
    if (text === '' || Date.now() - started < DELAY) return
    const line = `${FRAMES[(frame += 1) % FRAMES.length]} ${text}${seconds < LONG ? '' : ` (${seconds} s)`}`
    // A line that wraps cannot be wiped.
    say(`${WIPE}${line.slice(0, (process.stderr.columns || 80) - 1)}`)
    there = true
  }
  const wipe = () => {
    if (there) say(WIPE)
    there = false
  }
  const timer = setInterval(draw, FRAME_EVERY).unref()
  show(wipe)
  try {
    return await work((next) => {
      text = next
      if (there) draw()
    })
  } finally {
    clearInterval(timer)
    wipe()
    unshow(wipe)
  }
}

/** However the process ends, no line stays. */
function show(wipe: () => void): void {
  shown.add(wipe)
  if (shown.size > 1) return
  process.on('exit', wipeProgress)
  for (const signal of ENDS) process.on(signal, onSignal)
}

function unshow(wipe: () => void): void {
  shown.delete(wipe)
  if (shown.size > 0) return
  process.off('exit', wipeProgress)
  for (const signal of ENDS) process.off(signal, onSignal)
}

function onSignal(signal: NodeJS.Signals): void {
  wipeProgress()
  // Whoever else listens for it decides what becomes of the process.
  if (process.listenerCount(signal) > 1) return
  process.off(signal, onSignal)
  process.kill(process.pid, signal)
}

const inLines: WithProgress = (work) => work((text) => say(`${text} ...\n`))

/** At once, so that the order to all else on the terminal is kept. */
function say(text: string): void {
  try {
    writeSync(process.stderr.fd, text)
  } catch {
    // The terminal is gone, or stopped: nobody waits for this.
  }
}
