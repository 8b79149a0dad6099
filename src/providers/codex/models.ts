import type { Model } from '../driver.ts'
import { asFields, type Fields, listAt, numberAt, textAt } from '../fields.ts'
import type { Catalog } from './catalog.ts'

/** The models of a catalogue that Codex shows to people, in its order. */
export function listModels(catalog: Catalog): Model[] {
  return catalog.models.filter((entry) => entry['visibility'] === 'list').map(toModel)
}

function toModel(entry: Fields): Model {
  const id = textAt(entry, 'slug') ?? ''
  const contextWindow = numberAt(entry, 'context_window')
  return {
    id,
    displayName: textAt(entry, 'display_name') ?? id,
    aliases: [],
    efforts: effortsOf(entry),
    ...(contextWindow === undefined ? {} : { contextWindow }),
  }
}

/** Effort levels of a catalogue entry, from least to most. */
export function effortsOf(entry: Fields | undefined): string[] {
  const levels = listAt(entry, 'supported_reasoning_levels') ?? []
  return levels.map((level) => textAt(asFields(level), 'effort')).filter((effort) => effort !== undefined)
}
