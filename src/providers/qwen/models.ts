// The models that Qwen Code tells of when a session opens: those of the user's settings, or the one of the environment.
import { asFields, numberAt } from '../fields.ts'
import type { AcpSessionInfo } from '../acp-types.ts'
import type { Model } from '../driver.ts'
import { modelName } from './session.ts'

/** Levels that change something for models that think; Qwen Code fits them to the service. */
const EFFORTS = ['none', 'low', 'medium', 'high', 'xhigh', 'max']
/** They never think. */
const PLAIN = /^qwen[\d.]*-coder/

export function listModels({ models }: AcpSessionInfo): Model[] {
  const listed = new Map<string, Model>()
  for (const { modelId, name, _meta } of models?.availableModels ?? []) {
    const id = modelName(modelId)
    const contextWindow = numberAt(asFields(_meta), 'contextLimit')
    if (listed.has(id)) continue
    listed.set(id, {
      id,
      displayName: name || id,
      aliases: [],
      efforts: PLAIN.test(id) ? [] : EFFORTS,
      ...(contextWindow === undefined ? {} : { contextWindow }),
    })
  }
  return [...listed.values()]
}

/** How it is logged in, by the name that the model in use has: `qwen3-max(openai)`. */
export function loginMethod({ models }: AcpSessionInfo): string {
  const kind = /\(([^()]*)\)$/.exec(models?.currentModelId ?? '')?.[1]
  return kind === 'qwen-oauth' ? 'oauth_token' : 'api_key'
}
