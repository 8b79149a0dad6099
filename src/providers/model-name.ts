// How a caller's model name is read: `[provider/]name[:effort][-progress]`.
import { GatewayError } from '../core/error.ts'
import { type Effort, EFFORTS } from '../core/request.ts'

const LEGAL = /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}$/
const EFFORT_SUFFIX = new RegExp(`:(${EFFORTS.join('|')})$`)
export const PROGRESS_SUFFIX = '-progress'

/** Names that tell by themselves whose they are. */
const PATTERNS: readonly [provider: string, pattern: RegExp][] = [
  ['claude', /^(claude-.|(opus|sonnet|haiku|fable|default)$)/],
  ['codex', /^(gpt-.|codex-.|o\d)/],
  ['gemini', /^gemini-./],
  ['qwen', /^qwen/],
]

/** Providers that exist, enabled or not. */
export const KNOWN_PROVIDERS: readonly string[] = ['claude', 'codex', 'gemini', 'qwen', 'demo']

export type ModelName = {
  /** What is left without suffixes; a provider's prefix is still in front. */
  name: string
  effort?: Effort
  progress: boolean
}

/** True for what may be a model's name anywhere: no leading dash, for it may become an argument of a CLI. */
export function isLegalModelName(name: string): boolean {
  return LEGAL.test(name)
}

/**
 * Takes the suffixes off, in either order. A part behind a colon that is no effort belongs to the name (`llama3:8b`).
 * @throws GatewayError `invalid_request` for what cannot be a model's name
 */
export function parseModelName(text: string): ModelName {
  if (!isLegalModelName(text)) {
    throw new GatewayError(
      'invalid_request',
      'A model name is 1 to 128 letters, digits and . _ : / @ - and begins with a letter or digit.',
      { param: 'model' },
    )
  }
  const parsed: ModelName = { name: text, progress: false }
  while (true) {
    const effort = parsed.effort === undefined ? EFFORT_SUFFIX.exec(parsed.name) : null
    if (effort) {
      parsed.effort = effort[1] as Effort
      parsed.name = parsed.name.slice(0, effort.index)
    } else if (
      !parsed.progress &&
      parsed.name.length > PROGRESS_SUFFIX.length &&
      parsed.name.endsWith(PROGRESS_SUFFIX)
    ) {
      parsed.progress = true
      parsed.name = parsed.name.slice(0, -PROGRESS_SUFFIX.length)
    } else return parsed
  }
}

/** Whose a name is that carries no prefix. */
export function providerByPattern(name: string): string | undefined {
  return PATTERNS.find(([, pattern]) => pattern.test(name))?.[0]
}

/** Up to three of `known` that a person may have meant by `name`, the nearest first. */
export function nearestNames(name: string, known: Iterable<string>): string[] {
  const limit = Math.max(2, Math.floor(name.length / 3))
  const near: { candidate: string; distance: number }[] = []
  for (const candidate of new Set(known)) {
    const contained = candidate.includes(name) && name.length > 2
    const distance = contained ? 1 : editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance <= limit) near.push({ candidate, distance })
  }
  near.sort((a, b) => a.distance - b.distance || a.candidate.length - b.candidate.length)
  return near.slice(0, 3).map(({ candidate }) => candidate)
}

/** Letters to add, drop or change to get from one word to the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let line = 1; line <= from.length; line += 1) {
    const above = row
    row = [line]
    for (let column = 1; column <= to.length; column += 1) {
      const changed = above[column - 1]! + (from[line - 1] === to[column - 1] ? 0 : 1)
      row.push(Math.min(changed, above[column]! + 1, row[column - 1]! + 1))
    }
  }
  return row[to.length]!
}
