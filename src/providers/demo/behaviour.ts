import { GatewayError } from '../../core/error.ts'
import { endOfJson } from '../../tools/json-text.ts'
import { FAILURE_STATUSES, failureOf } from './failures.ts'

/** What one turn of the demo model shall do. Times in milliseconds. */
export type Behaviour = {
  says: 'chat' | 'echo' | 'unicode' | 'help' | 'tools'
  /** Functions to call, by name; with arguments made from the schema where none are given as JSON. */
  calls: readonly { name: string; json?: string }[]
  /** Says so many tokens of filler instead. */
  tokens?: number
  /** Tokens of reasoning before the text. */
  reasoning: number
  /** Silence before the first event. */
  wait: number
  /** Pause before each further token; 0 is as fast as it is read. */
  delay: number
  failure?: { error: GatewayError; after?: number }
  hang?: { after?: number }
}

const MOST: Readonly<Record<'tokens' | 'reasoning' | 'wait' | 'delay', number>> = {
  tokens: 100_000,
  reasoning: 100_000,
  wait: 600_000,
  delay: 60_000,
}

const DIRECTIVE = new RegExp(
  [
    String.raw`\s*\/(?:(?<number>tokens|reasoning|wait|delay)\s+(?<value>\d{1,9})`,
    String.raw`error\s+(?<kind>[a-z0-9_]+)(?:\s+after\s+(?<errorAfter>\d{1,9}))?`,
    String.raw`(?<hang>hang)(?:\s+after\s+(?<hangAfter>\d{1,9}))?`,
    String.raw`call\s+(?<call>[^\s{]{1,128})`,
    String.raw`(?<help>help))(?=\s|$)`,
  ].join('|'),
  'y',
)

/**
 * Reads the directives that a prompt begins with and takes them off. Anything else there is prompt: a slash in the middle
 * of a text means nothing.
 * @throws GatewayError `invalid_request` for a number that is too high and a failure that does not exist
 */
export function readDirectives(prompt: string, preset: Behaviour): { behaviour: Behaviour; prompt: string } {
  if (!/^\s*\//.test(prompt)) return { behaviour: preset, prompt }
  const behaviour = { ...preset }
  let end = 0
  while (true) {
    DIRECTIVE.lastIndex = end
    const groups = DIRECTIVE.exec(prompt)?.groups
    if (!groups) return { behaviour, prompt: prompt.slice(end).trimStart() }
    end = DIRECTIVE.lastIndex
    const { number, value, kind, errorAfter, hang, hangAfter, help, call } = groups
    if (call) end = addCall(behaviour, call, prompt, end)
    if (number) setNumber(behaviour, number as keyof typeof MOST, Number(value))
    if (kind) behaviour.failure = { error: failure(kind), after: optional(errorAfter) }
    if (hang) behaviour.hang = { after: optional(hangAfter) }
    if (help) behaviour.says = 'help'
  }
}

/** What stands behind the name in braces is what the function is called with, whether it is JSON or not. */
function addCall(behaviour: Behaviour, name: string, prompt: string, end: number): number {
  const from = prompt.slice(end).search(/\S/) + end
  const to = prompt[from] === '{' ? endOfJson(prompt, from) : undefined
  behaviour.calls = [...behaviour.calls, to === undefined ? { name } : { name, json: prompt.slice(from, to) }]
  return to ?? end
}

function optional(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits)
}

function setNumber(behaviour: Behaviour, name: keyof typeof MOST, value: number): void {
  if (value > MOST[name]) throw refusal(`/${name} is at most ${MOST[name]}.`)
  behaviour[name] = value
}

function failure(kind: string): GatewayError {
  const error = failureOf(kind)
  if (error) return error
  throw refusal(`The demo model cannot fail with "${kind}", but with ${FAILURE_STATUSES.join(', ')} or a code.`)
}

function refusal(message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param: 'messages' })
}
