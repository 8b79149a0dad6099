import * as v from 'valibot'
import type { Problem } from './error.ts'
import type { Layer } from './layer.ts'
import { settingAt } from './settings.ts'

const TYPES: Record<string, string> = {
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  record: '"name: value" lines',
}

/** An issue of the validation as a sentence: "server.port must be a number, but is "abc"". */
export function problemOf(issue: v.BaseIssue<unknown>, layer: Layer): Problem {
  const path = v.getDotPath(issue) ?? ''
  const setting = settingAt(path)
  // `providers.<name>` of the owner's own is one entry of its layer.
  const entry = setting?.path ?? path.split('.').slice(0, 2).join('.')
  const source = layer.get(entry)?.source ?? 'default'
  const must = issue.kind === 'validation' ? issue.message : `must be ${expected(issue)}`
  const given = setting?.notes.secret ? '' : `, but is ${shown(issue.input)}`
  return { message: `${path} ${must}${given}`, source }
}

function expected(issue: v.BaseIssue<unknown>): string {
  return TYPES[issue.type] ?? issue.expected?.replace(/^\((.*)\)$/, '$1').replaceAll(' | ', ' or ') ?? 'different'
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
