// From valibot's issues to one error that a person can act on, without a word of the prompt in it.
import { GatewayError } from '../core/error.ts'
import { pathOf } from './path.ts'

/** What is read of an issue of valibot. */
export type Issue = {
  kind: string
  type: string
  input: unknown
  expected: string | null
  message: string
  requirement?: unknown
  path?: readonly { key: unknown }[] | undefined
  issues?: readonly Issue[] | undefined
}

/** Longest wrong value that is repeated to the caller: a mistyped role, never a prompt. */
const MAX_QUOTED = 40

/** Says what is wrong with a request: the field by its path, what it must be, and at most a short wrong value. */
export function explainIssue(issue: Issue): GatewayError {
  const { keys, cause } = mostSpecific(issue)
  const param = pathOf(keys)
  const rule = ruleOf(cause)
  if (param === '') return new GatewayError('invalid_request', `The request body ${rule}.`)
  return new GatewayError('invalid_request', `${param} ${rule}.`, { param })
}

/** Follows a union into the alternative that the caller meant: the one whose issue lies deepest. */
function mostSpecific(issue: Issue): { keys: unknown[]; cause: Issue } {
  let cause = issue
  const keys = keysOf(issue)
  while (cause.issues) {
    const deepest = cause.issues.reduce((best, next) => (keysOf(next).length > keysOf(best).length ? next : best))
    if (!deepest.path) break
    keys.push(...keysOf(deepest))
    cause = deepest
  }
  return { keys, cause }
}

const keysOf = (issue: Issue) => issue.path?.map((item) => item.key) ?? []

function ruleOf(issue: Issue): string {
  // Messages that the schema gives itself are written for callers; valibot's own repeat the input.
  if (!issue.message.startsWith('Invalid ')) return issue.message
  if (issue.kind === 'validation') return limitOf(issue)
  const missing = issue.input === undefined && issue.path !== undefined
  const expected = issue.type === 'loose_object' && missing ? '' : alternatives(issue.expected ?? '')
  if (missing) return expected === '' ? 'is required' : `is required: ${expected}`
  if (expected === '') return 'is not valid'
  return `must be ${expected}, not ${describe(issue.input, expected)}`
}

function limitOf({ type, requirement, input }: Issue): string {
  const limit = String(requirement)
  const unit = typeof input === 'string' ? 'characters' : 'entries'
  switch (type) {
    case 'integer':
      return 'must be a whole number'
    case 'safe_integer':
      return `must be a whole number between -${Number.MAX_SAFE_INTEGER} and ${Number.MAX_SAFE_INTEGER}`
    case 'non_empty':
      return 'must not be empty'
    case 'min_value':
      return `must be at least ${limit}`
    case 'max_value':
      return `must be at most ${limit}`
    case 'max_length':
    case 'max_entries':
      return `must have at most ${limit} ${unit}`
    default:
      return 'is not valid'
  }
}

const TYPE_NAMES: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  boolean: 'a boolean',
  Array: 'an array',
  Object: 'an object',
}

/** Valibot's `("system" | "user")` or `(string | Array)` in words. */
function alternatives(expected: string): string {
  const names = [...expected.matchAll(/"[^"]*"|\w+/g)].map(([name]) => TYPE_NAMES[name] ?? name)
  const unique = [...new Set(names)].filter((name) => name !== 'null')
  if (unique.length < 2) return unique.join('')
  return `${unique.slice(0, -1).join(', ')} or ${unique.at(-1)}`
}

/** Only where a name was expected is a wrong one repeated: any other text may be a part of the prompt. */
function describe(input: unknown, expected: string): string {
  if (input === null) return 'null'
  if (Array.isArray(input)) return 'an array'
  if (typeof input === 'string' && input.length <= MAX_QUOTED && expected.includes('"')) return JSON.stringify(input)
  return TYPE_NAMES[typeof input] ?? 'an object'
}
