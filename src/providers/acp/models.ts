// The models that an agent lists, by the two ways that agents have for it.
import type { AcpClient } from '../acp-client.ts'
import type { AcpSessionInfo } from '../acp-types.ts'
import type { Model } from '../driver.ts'
import { DEFAULT_MODEL } from './options.ts'

/** A model as callers name it, and how the agent is told to take it. */
export type AgentModel = {
  name: string
  displayName: string
  /** What the agent calls it. */
  value: string
  /** The configuration option that chooses it; `session/set_model` does where there is none. */
  option: string | undefined
}

/** What callers may write. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}$/

export function agentModels({ configOptions, models }: AcpSessionInfo): AgentModel[] {
  const option = configOptions?.find(({ category, id }) => (category ?? id) === 'model')
  if (option?.type === 'select') {
    // Groups and options stand in one kind of list.
    const choices = option.options.flatMap((entry) => ('options' in entry ? entry.options : [entry]))
    return unique(choices.map(({ value, name }) => named(value, name, option.id)))
  }
  return unique((models?.availableModels ?? []).map(({ modelId, name }) => named(modelId, name, undefined)))
}

function named(value: string, displayName: string, option: string | undefined): AgentModel {
  const name = [value, displayName].find((candidate) => NAME.test(candidate)) ?? value.replace(/[^A-Za-z0-9._-]+/g, '-')
  return { name: NAME.test(name) ? name : `model${name}`, displayName, value, option }
}

function unique(models: readonly AgentModel[]): AgentModel[] {
  return [...new Map(models.map((model) => [model.name, model])).values()]
}

export function listModels(known: readonly AgentModel[], offered: readonly string[] = []): Model[] {
  const names = offered.length > 0 ? offered : [DEFAULT_MODEL, ...known.map(({ name }) => name)]
  return [...new Set(names)].map((id) => ({
    id,
    displayName: known.find(({ name }) => name === id)?.displayName ?? id,
    aliases: [],
    efforts: [],
  }))
}

/** Chooses the model of a session; one that the agent does not list is told to it as it is. @throws AcpError, GatewayError */
export async function chooseModel(
  client: AcpClient,
  sessionId: string,
  { models, name }: { models: readonly AgentModel[]; name: string },
  signal: AbortSignal,
): Promise<void> {
  const model = models.find((candidate) => candidate.name === name || candidate.value === name)
  const option = model?.option ?? models[0]?.option
  const value = model?.value ?? name
  if (option === undefined) return await client.setModel(sessionId, value, signal)
  await client.request('session/set_config_option', { sessionId, configId: option, value }, signal)
}
