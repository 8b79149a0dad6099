// The models of the account, as the CLI lists them when a session opens.
import type { AcpModel } from '../acp-types.ts'
import type { Model } from '../driver.ts'
import { thinkingLevels } from './model-facts.ts'

/** Families that the CLI has a short name for: it means the newest of them. */
const SHORT_NAMES: readonly [string, RegExp][] = [
  ['pro', /^gemini-[\d.]+-pro\b/],
  ['flash', /^gemini-[\d.]+-flash(?!-lite)/],
  ['flash-lite', /^gemini-[\d.]+-flash-lite/],
]

/** Without the groups (`auto`), for which the CLI would ask another model which one to take. `more` are added at the end. */
export function listModels(listed: readonly AcpModel[], more: readonly string[] = []): Model[] {
  const ids = new Set([...listed.filter(({ modelId }) => !isGroup(modelId)).map(idOf), ...more])
  const newest = SHORT_NAMES.map(([name, family]) => [name, newestOf([...ids], family)] as const)
  return [...ids].map((id) => {
    const isGemini = id.startsWith('gemini-')
    return {
      id,
      displayName: id,
      aliases: newest.filter(([, model]) => model === id).map(([name]) => name),
      efforts: thinkingLevels(id).map(({ level }) => level),
      contextWindow: isGemini ? 1_048_576 : undefined,
      maxOutputTokens: isGemini ? 65_536 : undefined,
    }
  })
}

/** A name that stands for the CLI's own choice among models. */
export const isGroup = (model: string): boolean => /^auto\b/.test(model)

/** A variant for the CLI's own tools goes by the name of the model itself. */
function idOf({ modelId }: AcpModel): string {
  return modelId.replace(/-customtools$/, '')
}

function newestOf(ids: readonly string[], family: RegExp): string | undefined {
  const version = (id: string) => Number(/^gemini-([\d.]+)/.exec(id)?.[1] ?? 0)
  return ids.filter((id) => family.test(id)).toSorted((one, other) => version(other) - version(one))[0]
}
