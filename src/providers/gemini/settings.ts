// The settings of a worker (Gemini CLI 0.61.0): no tools, no memory, no second thoughts, and nothing sent home.
import type { Effort } from '../../core/request.ts'
import { aliasOf, thinkingLevels } from './model-facts.ts'
import type { AuthType } from './auth.ts'
import { type Mode, SERVER } from './tools.ts'

export type SettingsOptions = {
  auth: AuthType
  web: boolean
  /** Models for which effort and functions have to work. */
  models: Iterable<string>
}

/** In the worker's folder, seen from where it works. */
export const HOOK_FILE = 'hook.json'
/** An alias without a model: a prompt to it goes through all but the request itself, which fails on this machine. */
export const NOWHERE = 'cligate-nowhere'

/**
 * The search, which Google's service does. `web_fetch` reads a page from this machine where the service cannot, and follows it to wherever
 * it leads, the loopback too (0.61.0).
 */
const WEB_TOOL = 'google_web_search'

export function workerSettings({ auth, web, models }: SettingsOptions): object {
  return {
    general: {
      enableAutoUpdate: false,
      enableAutoUpdateNotification: false,
      topicUpdateNarration: false,
      sessionRetention: { enabled: false },
      plan: { enabled: false },
      // Ten by default, in silence for 45 s, and one in mid-answer repeats what has been said.
      maxAttempts: 1,
    },
    security: { auth: { selectedType: auth }, folderTrust: { enabled: false } },
    privacy: { usageStatisticsEnabled: false },
    telemetry: { enabled: false },
    // The service refuses an empty list of tools, so that one stands in it that may not be called.
    tools: { core: [WEB_TOOL], useRipgrep: false },
    context: { includeDirectoryTree: false, fileName: '__none__.md', discoveryMaxDirs: 0 },
    model: {
      skipNextSpeakerCheck: true,
      disableLoopDetection: true,
      compressionThreshold: 1000,
      // Ends the turn before a second request, whatever tool the model has called.
      ...(web ? {} : { maxSessionTurns: 1 }),
    },
    skills: { enabled: false },
    hooksConfig: { enabled: true },
    // No second hook, for the choice of a tool: each takes 20 ms, used or not.
    hooks: { BeforeModel: [{ hooks: [{ type: 'command', command: HOOK_COMMAND, timeout: 30_000 }] }] },
    experimental: { enableAgents: false, autoMemory: false, dynamicModelConfiguration: true },
    admin: { extensions: { enabled: false }, skills: { enabled: false } },
    mcp: { allowed: [SERVER] },
    advanced: { autoConfigureMemory: false, ignoreLocalEnv: true },
    useWriteTodos: false,
    ui: { showCompatibilityWarnings: false },
    modelConfigs: {
      customAliases: aliases(models, web),
      overrides: overrides(web),
      modelChains: NO_CHAINS,
      // Else it would take newer ones for some.
      modelIdResolutions: Object.fromEntries([...models].map((model) => [model, { default: model, contexts: [] }])),
    },
  }
}

/**
 * Settings of an agent that works with the CLI's own tools: those of a worker, but for what keeps the tools out and for the hook.
 */
export function agentSettings(auth: AuthType): object {
  const {
    tools: _tools,
    hooks: _hooks,
    model: _model,
    modelConfigs: _configs,
    ...rest
  } = workerSettings({
    auth,
    web: false,
    models: [],
  }) as Record<string, object>
  return {
    ...rest,
    tools: { useRipgrep: false },
    hooksConfig: { enabled: false },
  }
}

/**
 * Prints a line of the turn's file and takes it off, but for the last one; without a program, and in any shell. An empty line changes nothing.
 * A hook that is late is passed over, without a word.
 */
const HOOK_COMMAND = [
  `{ IFS= read -r line; left=; while IFS= read -r more; do left="$left$more`,
  `"; done; } < ../${HOOK_FILE}; [ -n "$left" ] && printf '%s' "$left" > ../${HOOK_FILE}; printf '%s' "$line"`,
].join('\n')

const toolConfig = (mode: Mode) => ({ generateContentConfig: { toolConfig: { functionCallingConfig: { mode } } } })

/** What is asked in the place of a model that fails, and how often: nothing. Else some of the Flash models are (0.61.0, resolvePolicyChain). */
const NO_CHAINS = { preview: [], default: [], lite: [] }

/** Without the web, nothing may be called but by an alias that says so. With it, the service's own default holds. */
const modesOf = (web: boolean): Mode[] => (web ? ['ANY', 'NONE'] : ['AUTO', 'ANY'])

const modeAlias = (mode: Mode, name: string): string => `cligate-${mode}-${name}`

/** What the CLI's own settings for a model are built on. */
const BASES = ['chat-base', 'chat-base-2.5', 'chat-base-3'] as const

function baseOf(model: string): (typeof BASES)[number] {
  if (model.startsWith('gemini-2.5')) return 'chat-base-2.5'
  return /^gemini-([3-9]|\d\d)/.test(model) ? 'chat-base-3' : 'chat-base'
}

/** One for a name is stronger than one for all (0.61.0, ModelConfigService), also where the name is that of an ancestor. */
function overrides(web: boolean): object[] {
  const all = { match: { isChatModel: true }, modelConfig: toolConfig('NONE') }
  const ofMode = modesOf(web).flatMap((mode) =>
    BASES.map((base) => ({ match: { model: modeAlias(mode, base) }, modelConfig: toolConfig(mode) })),
  )
  return web ? ofMode : [all, ...ofMode]
}

/**
 * For a model at a level, and, with functions, for each mode. Each names its model itself: where a hook names another one than the CLI has
 * chosen, the CLI takes a failure for one of the wrong model, and asks again at once, without end (0.61.0, handleFallback).
 */
function aliases(models: Iterable<string>, web: boolean): object {
  const all: Record<string, object> = { [NOWHERE]: { modelConfig: {} } }
  const modes = modesOf(web)
  for (const mode of modes) {
    for (const base of BASES) all[modeAlias(mode, base)] = { extends: base, modelConfig: {} }
  }
  for (const model of models) {
    const base = baseOf(model)
    for (const mode of modes) all[modeAlias(mode, model)] = { extends: modeAlias(mode, base), modelConfig: { model } }
    for (const { level, config: thinkingConfig } of thinkingLevels(model)) {
      const modelConfig = { model, generateContentConfig: { thinkingConfig } }
      const name = aliasOf(model, level)
      all[name] = { extends: base, modelConfig }
      for (const mode of modes) all[modeAlias(mode, name)] = { extends: modeAlias(mode, base), modelConfig }
    }
  }
  return all
}

/** How the CLI is told a model. `isAlias`: by a name that only a worker has that was started with this model. */
export function modelIdOf(
  { model, level }: { model: string; level: Effort | undefined },
  mode: Mode,
  web: boolean,
): { modelId: string; isAlias: boolean } {
  const name = level === undefined ? model : aliasOf(model, level)
  const isDefault = !modesOf(web).includes(mode)
  return { modelId: isDefault ? name : modeAlias(mode, name), isAlias: !isDefault || level !== undefined }
}

/** Ends the turn before the request is made. */
const STOP = JSON.stringify({ continue: false, stopReason: 'The turn has made its requests.' })
/** How many requests a turn may make: with the web, one for each round of searches. */
const requestsOf = (web: boolean): number => (web ? 25 : 1)

/** What the hook says of the requests of a turn, a line for each. What would be one too many, it stops. */
export function hookText(sampling: Readonly<Record<string, number>> | undefined, web: boolean): string {
  const line =
    sampling === undefined
      ? ''
      : JSON.stringify({ hookSpecificOutput: { hookEventName: 'BeforeModel', llm_request: { config: sampling } } })
  return [...Array<string>(requestsOf(web)).fill(line), STOP, STOP, ''].join('\n')
}

/** Whether a request was stopped, by what the hook has left of its lines. */
export const wasStopped = (left: string): boolean => left.trim() === STOP

/**
 * Who may be called in a turn. The highest priority there is; lower ones are not heard.
 *
 * Without the caller's functions each call has to be asked for, and the answer is no: else the declared tool would run, with a request
 * of its own, before anybody can stop it. With them, the CLI's own tools are forbidden, which takes them off the list as well, and theirs
 * are forbidden for any arguments, which leaves them on it: the call is noted, and nothing runs. With the web the calls go to
 * the MCP server, which ends the turn.
 */
export function policyText(web: boolean, offers: boolean): string {
  const rule = (name: string, decision: string, priority: number, more = '') =>
    `[[rule]]\ntoolName = "${name}"\ndecision = "${decision}"\npriority = ${priority}\n${more}`
  const theirs = offers ? rule(`mcp_${SERVER}_*`, web ? 'allow' : 'deny', 999, web ? '' : 'argsPattern = "."\n') : ''
  if (web) return rule('*', 'ask_user', 900) + rule(WEB_TOOL, 'allow', 999) + theirs
  return offers ? theirs + rule(WEB_TOOL, 'deny', 999) + rule('*', 'ask_user', 900) : rule('*', 'ask_user', 999)
}

/** Whether the tool of this call may be used. */
export function isWebCall(toolCallId: string): boolean {
  return toolCallId.startsWith(`${WEB_TOOL}__`)
}
