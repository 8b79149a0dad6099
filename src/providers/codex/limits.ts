// How much of the subscription is used up, as Codex passes it on with each answer.
import { type Fields, fieldsAt, numberAt } from '../fields.ts'

export type LimitWindow = {
  /** 0 to 100. */
  usedPercent: number
  minutes?: number
  /** Milliseconds since 1970. */
  resetsAt?: number
}

/** The windows of the params of `account/rateLimits/updated`, the short one first; none for API keys. */
export function limitWindows(params: Fields): LimitWindow[] {
  const limits = fieldsAt(params, 'rateLimits')
  return [fieldsAt(limits, 'primary'), fieldsAt(limits, 'secondary')]
    .map(toWindow)
    .filter((window) => window !== undefined)
}

function toWindow(window: Fields | undefined): LimitWindow | undefined {
  const usedPercent = numberAt(window, 'usedPercent')
  if (usedPercent === undefined) return undefined
  const minutes = numberAt(window, 'windowDurationMins')
  const resetsAt = numberAt(window, 'resetsAt')
  return {
    usedPercent,
    ...(minutes === undefined ? {} : { minutes }),
    ...(resetsAt === undefined ? {} : { resetsAt: resetsAt * 1000 }),
  }
}

/** When the limit that is reached ends; undefined where none is. The longest counts. */
export function limitEnds(windows: readonly LimitWindow[]): number | undefined {
  const ends = windows.filter((window) => window.usedPercent >= 100).map((window) => window.resetsAt)
  const known = ends.filter((end) => end !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

/** One sentence a window, for people. */
export function limitNotes(windows: readonly LimitWindow[], now: number): string[] {
  return windows
    .filter(({ resetsAt }) => resetsAt === undefined || resetsAt > now)
    .map(({ usedPercent, minutes, resetsAt }) => {
      const span = minutes === undefined ? 'a window' : `the window of ${duration(minutes)}`
      const until = resetsAt === undefined ? '' : `; it opens anew at ${minuteOf(resetsAt)} UTC`
      return `${usedPercent} % of ${span} is used${until}.`
    })
}

function duration(minutes: number): string {
  const [count, unit] = minutes % 1440 === 0 ? [minutes / 1440, 'day'] : [Math.round(minutes / 6) / 10, 'hour']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** To the minute, and in UTC: who reads it may be elsewhere. */
export function minuteOf(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ')
}
