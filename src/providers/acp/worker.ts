// One process of the agent: it serves one turn at a time, each in a session of its own.
import { mkdir } from 'node:fs/promises'
import { removeTree } from '../../process/remove-tree.ts'
import type { AcpSession } from '../acp-client.ts'
import type { AcpProcess } from '../acp-process.ts'
import type { McpServer } from '../acp-types.ts'
import { ProcessWorker } from '../acp-worker.ts'
import type { TurnFunctions } from './tools.ts'
import { type AgentModel, agentModels } from './models.ts'
import { type Abilities, abilitiesOf } from './prompt.ts'

export class AcpWorker extends ProcessWorker {
  models: readonly AgentModel[] = []
  /** What the turn offers. */
  functions: TurnFunctions | undefined

  constructor(
    process: AcpProcess,
    /** What the agent works in: empty at the beginning of each turn. */
    private readonly work: string,
  ) {
    super(process)
  }

  get abilities(): Abilities {
    return abilitiesOf(this.process.info)
  }

  /** A fresh session; its model is the agent's own choice. @throws AcpError, GatewayError, the reason of the abort */
  async open(signal: AbortSignal, mcpServers: McpServer[] = []): Promise<AcpSession> {
    this.opened += 1
    const { client } = this.process
    const info = await client.newSession({ cwd: this.work, mcpServers }, signal)
    this.models = agentModels(info)
    return client.session(info.sessionId)
  }

  /** Chooses the model; one that the agent does not list is told to it as it is. */
  async choose(sessionId: string, name: string, signal: AbortSignal): Promise<void> {
    const { client } = this.process
    const model = this.models.find((candidate) => candidate.name === name || candidate.value === name)
    const option = model?.option ?? this.models[0]?.option
    const value = model?.value ?? name
    if (option === undefined) return await client.setModel(sessionId, value, signal)
    await client.request('session/set_config_option', { sessionId, configId: option, value }, signal)
  }

  /** Lets go of the session, as far as the agent knows how to, and empties the folder. */
  clean(session: AcpSession, signal: AbortSignal): Promise<void> {
    session.dispose()
    this.cleaning = this.empty(session, signal)
    return this.cleaning
  }

  private async empty(session: AcpSession, signal: AbortSignal): Promise<void> {
    const abilities = this.process.info.agentCapabilities?.sessionCapabilities
    for (const [method, known] of [
      ['session/close', abilities && 'close' in abilities && abilities.close],
      ['session/delete', abilities?.delete],
    ] as const) {
      if (known) await this.process.client.request(method, { sessionId: session.id }, signal).catch(() => {})
    }
    await removeTree(this.work)
    await mkdir(this.work, { mode: 0o700 })
  }
}
