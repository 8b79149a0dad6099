// The models that Claude Code tells of at its start, and older ones that it takes by their full names.
import { credentialOf } from './auth.ts'
import type { Model } from '../driver.ts'
import { asFields, type Fields, listAt, textAt } from '../fields.ts'
import { modelFacts } from './model-facts.ts'

/** Not listed any more (2.1.329), but known to it, and served. */
const OLDER: Readonly<Record<string, string>> = {
  'claude-opus-5': 'Opus 5',
  'claude-sonnet-5': 'Sonnet 5',
  'claude-opus-4-8': 'Opus 4.8',
  'claude-opus-4-7': 'Opus 4.7',
  'claude-opus-4-6': 'Opus 4.6',
  'claude-sonnet-4-6': 'Sonnet 4.6',
  'claude-opus-4-5': 'Opus 4.5',
  'claude-sonnet-4-5': 'Sonnet 4.5',
  'claude-haiku-4-5': 'Haiku 4.5',
}

/** The models of a process, by its report at the start. */
export function listModels(report: Fields): Model[] {
  const models = new Map<string, Model>()
  for (const entry of listAt(report, 'models') ?? []) {
    const reported = asFields(entry)
    const name = textAt(reported, 'value')
    const id = textAt(reported, 'resolvedModel') ?? name
    // Names with a bracket ask for a variant of the same model.
    if (name === undefined || id === undefined || /[^\w.:@/-]/.test(id + name)) continue
    const model = models.get(id) ?? { id, displayName: id, aliases: [], efforts: effortsOf(reported, id) }
    models.set(id, model)
    // `default` says nothing outside of Claude Code, and its name there is that of the choice, not of the model.
    if (name === 'default') continue
    model.displayName = displayName(reported, id)
    if (name !== id) model.aliases.push(name)
  }
  if (models.size === 0 || credentialOf(report) === 'cloud') return [...models.values()]
  for (const [id, displayName] of Object.entries(OLDER)) {
    if (!models.has(id)) models.set(id, { id, displayName, aliases: [], efforts: modelFacts(id).efforts })
  }
  return [...models.values()]
}

function effortsOf(reported: Fields | undefined, id: string): readonly string[] {
  const listed = listAt(reported, 'supportedEffortLevels')?.filter((level) => typeof level === 'string')
  return listed ?? modelFacts(id).efforts
}

/** Its description begins with the whole name: "Opus 5.5 · Best for everyday, complex tasks". */
function displayName(reported: Fields | undefined, id: string): string {
  const name = textAt(reported, 'displayName') ?? id
  const described = textAt(reported, 'description')?.split(' · ', 1)[0] ?? ''
  return described.startsWith(name) ? described : name
}

/** The full name behind a short one such as `haiku`, by the report of a process; other names are full ones. */
export function fullName(report: Fields | undefined, name: string): string {
  const entry = listAt(report, 'models')
    ?.map(asFields)
    .find((model) => textAt(model, 'value') === name)
  return textAt(entry, 'resolvedModel') ?? name
}
