// The settings of a worker (Gemini CLI 0.61.0): no tools, no memory, no second thoughts, and nothing sent home.
import { aliasOf, thinkingLevels } from './model-facts.ts'
import type { AuthType } from './auth.ts'

export type SettingsOptions = {
  auth: AuthType
  web: boolean
  /** Models for which effort has to work. */
  models: Iterable<string>
}

/** In the worker's folder, seen from where it works. */
export const HOOK_FILE = 'hook.json'
/** An alias without a model: a prompt to it goes through all but the request itself, which fails on this machine. */
export const NOWHERE = 'cligate-nowhere'

const WEB_TOOLS = ['google_web_search', 'web_fetch']

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
    tools: { core: web ? WEB_TOOLS : WEB_TOOLS.slice(0, 1), useRipgrep: false },
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
    hooks: { BeforeModel: [{ hooks: [{ type: 'command', command: HOOK_COMMAND, timeout: 5000 }] }] },
    experimental: { enableAgents: false, autoMemory: false },
    admin: { extensions: { enabled: false }, skills: { enabled: false } },
    mcp: { allowed: ['__none__'] },
    advanced: { autoConfigureMemory: false, ignoreLocalEnv: true },
    useWriteTodos: false,
    ui: { showCompatibilityWarnings: false },
    modelConfigs: { customAliases: aliases(models), overrides: web ? [] : [NO_CALLS] },
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

/** Prints the file of the turn, without a program. An empty one changes nothing. */
const HOOK_COMMAND = `read -r line < ../${HOOK_FILE}; printf '%s' "$line"`

const NO_CALLS = {
  match: { isChatModel: true },
  modelConfig: { generateContentConfig: { toolConfig: { functionCallingConfig: { mode: 'NONE' } } } },
}

function aliases(models: Iterable<string>): object {
  const grid = [...models].flatMap((model) =>
    thinkingLevels(model).map(({ level, config }) => [
      aliasOf(model, level),
      {
        extends: model.startsWith('gemini-2.5') ? 'chat-base-2.5' : 'chat-base-3',
        modelConfig: { model, generateContentConfig: { thinkingConfig: config } },
      },
    ]),
  )
  return { ...Object.fromEntries(grid), [NOWHERE]: { modelConfig: {} } }
}

/** What the hook says of a turn, as one line. */
export function hookText(sampling: Readonly<Record<string, number>> | undefined): string {
  if (sampling === undefined) return ''
  return JSON.stringify({
    hookSpecificOutput: { hookEventName: 'BeforeModel', llm_request: { config: sampling } },
  })
}

/**
 * Without the web, each call of a tool has to be asked for, and the answer is no: else the declared tool would run, with a
 * request of its own, before anybody can stop it. The priority is the highest there is; a lower one is not heard.
 */
export function policyText(web: boolean): string {
  const rule = (name: string, decision: string, priority: number) =>
    `[[rule]]\ntoolName = "${name}"\ndecision = "${decision}"\npriority = ${priority}\n`
  if (!web) return rule('*', 'ask_user', 999)
  return rule('*', 'ask_user', 900) + WEB_TOOLS.map((name) => rule(name, 'allow', 999)).join('')
}

/** Whether the tool of this call may be used. */
export function isWebCall(toolCallId: string): boolean {
  return WEB_TOOLS.some((name) => toolCallId.startsWith(`${name}__`))
}
