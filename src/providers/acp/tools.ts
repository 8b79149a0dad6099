// The caller's functions in a turn of an agent: shown by an MCP server (session-opening.ts), and never run. The first call ends the turn.
import type { ChatEvent } from '../../core/event.ts'
import { GatewayError } from '../../core/error.ts'
import { newId } from '../../core/ids.ts'
import type { ChatRequest, Tool } from '../../core/request.ts'
import { mapToolNames, type NameRules, type ToolNames } from '../../tools/names.ts'
import type { AnswerState } from '../acp-events.ts'
import { asFields } from '../fields.ts'
import type { AcpEvent, InitializeResponse, PermissionAnswer } from '../acp-types.ts'
import { type Shown, toShown } from './session-opening.ts'
import { argumentsIn, titlesOf, titlesIn, type ToolReport } from './tool-reports.ts'

/** Agents put the server's name in front, and models take 64 characters. */
const RULES: NameRules = { legal: /[A-Za-z0-9_-]/, maxLength: 48, reserved: () => false }
/** Milliseconds behind a call in which others that were made together with it arrive. */
const TOGETHER = 60

/** Why the reading of a turn ends: what was called is known. */
export class CallsMade extends Error {}

type MadeCall = { name: string; arguments: Record<string, unknown>; toolCallId: string | undefined }

export function takesFunctions({ agentCapabilities }: InitializeResponse): boolean {
  return agentCapabilities?.mcpCapabilities?.http === true
}

export function offersFunctions({ tools, toolChoice }: Pick<ChatRequest, 'tools' | 'toolChoice'>): boolean {
  return tools.length > 0 && toolChoice.type !== 'none'
}

export class TurnFunctions {
  readonly names: ToolNames
  /** As the agent is shown them. */
  readonly shown: Shown
  private readonly tools = new Map<string, Tool>()
  private readonly titles = new Map<string, string>()
  private readonly made: MadeCall[] = []
  /** Calls that the agent has told of, in order. */
  private readonly announced: { id: string; name: string }[] = []
  private readonly ending = new AbortController()
  private readonly refused = Promise.withResolvers<PermissionAnswer>()
  private timer: Timer | undefined

  constructor(
    tools: readonly Tool[],
    /** The agent's name for people. */
    private readonly agent: string,
  ) {
    this.names = mapToolNames(
      tools.map(({ name }) => name),
      RULES,
    )
    for (const tool of tools) {
      const name = this.names.toCli(tool.name)
      this.tools.set(name, tool)
      for (const title of titlesOf(name)) this.titles.set(title, name)
    }
    this.shown = toShown(
      [...this.tools].map(([name, { description, parameters }]) => ({ name, description, parameters })),
    )
  }

  /** Aborts when the turn is to end: with `CallsMade`, or with what is wrong. */
  get signal(): AbortSignal {
    return this.ending.signal
  }

  /** Whether the agent has told of a call, or made one. */
  get begun(): boolean {
    return this.announced.length > 0 || this.made.length > 0
  }

  /** Takes a call that the agent makes. */
  take(name: string, args: Record<string, unknown>): void {
    this.call({ name, arguments: args, toolCallId: undefined })
  }

  /** Takes what the agent tells of a call of an offered function; false for all else. */
  hears(event: AcpEvent): boolean {
    const report = reportIn(event)
    const name = report && this.nameIn(report)
    if (!report || name === undefined) return false
    const { toolCallId: id } = report
    if (!this.announced.some((known) => known.id === id)) this.announced.push({ id, name })
    // It has answered the model by itself, and goes on: the arguments did not fit the schema.
    if (event.type === 'update' && report.status === 'failed' && this.made.length === 0) {
      const message = `${this.agent} did not accept the arguments of a call of "${this.names.toCaller(name)}".`
      this.ending.abort(new GatewayError('provider_error', message))
    }
    return true
  }

  /** Holds the answer to a request for a permission to call an offered function; undefined for all else. */
  permission(report: ToolReport): Promise<PermissionAnswer> | undefined {
    const name = this.nameIn(report)
    if (name === undefined) return undefined
    const args = argumentsIn(report)
    if (args) this.call({ name, arguments: args, toolCallId: report.toolCallId })
    else this.ending.abort(new GatewayError('provider_error', `${this.agent} does not tell with what it calls.`))
    return this.refused.promise
  }

  /** Says no to what was held. The agent has to be told first that the turn is over, else it asks the model again. */
  refuse(): void {
    clearTimeout(this.timer)
    this.refused.resolve({ outcome: { outcome: 'cancelled' } })
  }

  /** What was called, as events; nothing is open. */
  events(state: AnswerState): ChatEvent[] {
    return this.made.flatMap(({ name, arguments: args, toolCallId }): ChatEvent[] => {
      const block = state.blocks
      state.blocks += 1
      return [
        { type: 'tool-call-start', block, id: this.idFor(name, toolCallId), name: this.names.toCaller(name) ?? name },
        { type: 'tool-call-delta', block, arguments: JSON.stringify(this.own(name, args)) },
        { type: 'tool-call-end', block },
      ]
    })
  }

  private call(made: MadeCall): void {
    if (this.ending.signal.aborted) return
    this.made.push(made)
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.ending.abort(new CallsMade()), TOGETHER)
  }

  private nameIn(report: ToolReport): string | undefined {
    return titlesIn(report)
      .map((title) => this.titles.get(title))
      .find((name) => name !== undefined)
  }

  /** The agent's own id, where it has told one that APIs take. */
  private idFor(name: string, told: string | undefined): string {
    const position = this.announced.findIndex((call) => (told === undefined ? call.name === name : call.id === told))
    const [call] = position === -1 ? [] : this.announced.splice(position, 1)
    const id = told ?? call?.id
    return id !== undefined && /^[\w-]{1,64}$/.test(id) ? id : newId('call_')
  }

  /** Gemini CLI (0.61.0) adds an argument of its own to each function. */
  private own(name: string, args: Record<string, unknown>): Record<string, unknown> {
    const { wait_for_previous: added, ...rest } = args
    const known = asFields(this.tools.get(name)?.parameters['properties'])
    return typeof added === 'boolean' && !(known && 'wait_for_previous' in known) ? rest : args
  }
}

function reportIn(event: AcpEvent): ToolReport | undefined {
  switch (event.type) {
    case 'permission':
      return event.request.toolCall
    case 'update': {
      const { update } = event
      return update.sessionUpdate === 'tool_call' || update.sessionUpdate === 'tool_call_update' ? update : undefined
    }
    case 'stop':
      return undefined
    default:
      return event satisfies never
  }
}
