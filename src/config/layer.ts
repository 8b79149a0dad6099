// One source of configuration, read into values by key. Layers are laid over each other by load.ts.
import type { SettingKind } from './settings.ts'

/** Values by the path of their key, each with the place it was written, and the folder that relative paths start from. */
export type Layer = Map<string, { value: unknown; source: string; folder: string }>

/** As a person writes numbers; JavaScript would also read 0x10, 1e3 and Infinity. */
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/

/** A text as the type its key has. What does not fit stays a text, for the validation to name. */
export function parseText(text: string, kind: SettingKind): unknown {
  switch (kind) {
    case 'text':
      return text
    case 'number':
      return NUMBER.test(text.trim()) ? Number(text) : text
    case 'boolean':
      if (/^(?:true|1|yes|on)$/i.test(text.trim())) return true
      if (/^(?:false|0|no|off)$/i.test(text.trim())) return false
      return text
    case 'list':
      if (text.trimStart().startsWith('[')) return parseJson(text)
      return text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '')
    case 'record':
      return parseJson(text)
    default:
      return kind satisfies never
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
