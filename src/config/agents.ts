import type { Config } from './schema.ts'

/** `providers.<name>` with a `kind`: an agent that speaks ACP. */
export type Agent = { kind: 'acp' } & Config['providers'][string]

/** The providers under names of the owner's own. */
export function agentsOf(config: Config): [name: string, agent: Agent][] {
  return Object.entries(config.providers).filter((entry): entry is [string, Agent] => 'kind' in entry[1])
}
