// The settings that one session is opened with. They win over the user's own; Qwen Code (0.24.4) reads them anew each time.
import { type Fields, fieldsAt, textAt } from '../fields.ts'
import { SELF_TEST_KEY } from './command.ts'
import type { Login } from './auth.ts'
import { outputLimit } from './output-limit.ts'
import type { Parameters } from './parameters.ts'
import { isDashScope } from './service.ts'
import type { ProviderModel } from './user-settings.ts'
import { WEB_SETTINGS } from './web.ts'

/** Tools that `tools.core` alone does not keep out. What a later version adds is found by the self-test. */
const EXCLUDED = [
  'agent',
  'skill',
  'enter_worktree',
  'exit_worktree',
  'get_goal',
  'update_goal',
  'list_agents',
  'record_artifact',
  'report_findings',
  'send_message',
  'task_stop',
  'ask_user_question',
  'enter_plan_mode',
  'exit_plan_mode',
]

/** No tools, memory, skills, hooks, context files, suggestions, updates or statistics. */
const CHAT_ONLY = {
  // Else it brings the file into its newest form each time: it writes it again.
  $version: 4,
  // A turn is written down nowhere, which takes 3 ms before it asks the service.
  general: { enableAutoUpdate: false, chatRecording: false, cleanupPeriodDays: 3650, preventSystemSleep: false },
  // A folder that is not trusted: files called .env in it, and in all those around it, are not read.
  security: { folderTrust: { enabled: true } },
  // Else another model may answer when the one that was asked cannot.
  modelFallbacks: '',
  privacy: { usageStatisticsEnabled: false },
  telemetry: { enabled: false },
  memory: { enableManagedAutoMemory: false, enableManagedAutoDream: false, enableAutoSkill: false },
  context: { fileName: '__none__.md', clearContextOnIdle: { toolResultsThresholdMinutes: -1 } },
  skills: { disabledLevels: ['project', 'user', 'extension', 'bundled'] },
  tools: {
    useRipgrep: false,
    toolSearch: { enabled: false },
    core: ['__none__'],
    approvalMode: 'default',
    truncateToolOutputThreshold: -1,
    toolOutputBatchBudget: -1,
    exclude: EXCLUDED,
  },
  mcp: { allowed: ['__none__'] },
  agents: { crossSessionMessaging: false },
  disableAllHooks: true,
  ui: { enableFollowupSuggestions: false },
  advanced: { autoConfigureMemory: false },
}

const MODEL = {
  skipStartupContext: true,
  skipNextSpeakerCheck: true,
  skipLoopDetection: true,
  skipWorkflowUsageWarning: true,
}

const GENERATION = {
  // Else a long conversation is summarised by two requests of its own.
  contextWindowSize: 100_000_000,
  // Else the service is asked three times within each attempt.
  maxRetries: 0,
  // Else media become a line of text for models that it believes to read text only.
  modalities: { image: true, pdf: true, audio: true, video: true },
}

function securityFor(selectedType: string): object {
  return { security: { ...CHAT_ONLY.security, auth: { selectedType } } }
}

/** It would not take a key without a model beside it, OPENAI_MODEL. */
const BY_KEY = securityFor('openai')

export type SessionSettings = {
  model: string
  /** The user's own entry for the model, where there is one. */
  configured: ProviderModel | undefined
  login: Pick<Login, 'hasKey' | 'baseUrl'>
  parameters: Pick<Parameters, 'sampling' | 'reasoning' | 'functions'>
  /** Takes a file for each request to the service. */
  logFolder: string
  /** The model may search the web. */
  web?: boolean
  /** The conversation is kept, for a process that goes on with it. */
  recorded?: boolean
}

/** Settings of a turn. */
export function turnSettings(settings: SessionSettings, body: object = settings.parameters.functions): object {
  const { model, login, parameters, logFolder } = settings
  const known = settings.configured ?? keyedModel(model, login)
  const own = fieldsAt(known?.entry, 'generationConfig')
  const url = known ? textAt(known.entry, 'baseUrl') : login.baseUrl
  const generationConfig = {
    // What every service takes; a list of parts is not.
    toolResultContentFormat: 'string',
    ...own,
    ...GENERATION,
    samplingParams: samplingFields(model, parameters, own, url),
    ...(parameters.reasoning === undefined ? {} : { reasoning: parameters.reasoning }),
    extra_body: { ...fieldsAt(own, 'extra_body'), ...body },
  }
  const base = {
    ...CHAT_ONLY,
    general: { ...CHAT_ONLY.general, chatRecording: settings.recorded === true },
    ...(settings.web ? webSettings() : {}),
    model: { ...MODEL, ...logSettings(logFolder), name: model },
  }
  // A key that only Qwen Code knows of, in a file of the user's. Without entries it takes any name.
  if (!known) return { ...base, model: { ...base.model, generationConfig }, modelProviders: {} }
  return {
    ...base,
    ...securityFor(known.provider),
    compactionModel: NO_COMPACTION.id,
    // Of a model that has an entry, it takes settings from nowhere else.
    modelProviders: { [known.provider]: [{ ...known.entry, generationConfig }, NO_COMPACTION] },
  }
}

/**
 * Settings of an agent that works with Qwen Code's own tools: those of a turn, but for what keeps the tools out.
 * `tools`: the names of those there are; all of Qwen Code's for undefined.
 */
export function agentSettings(
  settings: SessionSettings,
  agent: { tools?: readonly string[]; allowed: readonly string[]; denied: readonly string[]; approvalMode: string },
): object {
  const { tools: kept, ...rest } = turnSettings(settings, {}) as typeof CHAT_ONLY
  const { core: _, ...tools } = kept
  return {
    ...rest,
    tools: { ...tools, approvalMode: agent.approvalMode, ...(agent.tools === undefined ? {} : { core: agent.tools }) },
    permissions: { allow: agent.allowed, deny: agent.denied },
  }
}

function webSettings() {
  const { core, permissions } = WEB_SETTINGS
  return { tools: { ...CHAT_ONLY.tools, core }, permissions }
}

/** As if the user had an entry for the model, with the key and the URL of the environment. */
function keyedModel(id: string, { hasKey, baseUrl }: SessionSettings['login']): ProviderModel | undefined {
  if (!hasKey) return undefined
  const place = { envKey: 'OPENAI_API_KEY', ...(baseUrl === undefined ? {} : { baseUrl }) }
  return { id, provider: 'openai', entry: { id, name: id, ...place } }
}

/**
 * Whom it asks to summarise a conversation that the service finds too long, in order to ask again with the summary: nobody is
 * there.
 */
const NO_COMPACTION = {
  id: 'cligate-no-compaction',
  name: 'cligate-no-compaction',
  envKey: SELF_TEST_KEY,
  baseUrl: 'http://127.0.0.1:9/v1',
  generationConfig: GENERATION,
}

/** It writes down each request to the service, with how it ended: nothing else tells that. */
function logSettings(folder: string): object {
  return { enableOpenAILogging: true, openAILoggingDir: folder }
}

function samplingFields(
  model: string,
  { sampling, reasoning }: SessionSettings['parameters'],
  own: Fields | undefined,
  url: string | undefined,
): Fields {
  const effort = reasoning === undefined || reasoning === false ? undefined : reasoning.effort
  return {
    max_tokens: outputLimit(model),
    ...fieldsAt(own, 'samplingParams'),
    // Elsewhere it would drop the level for models that it does not know.
    ...(effort === undefined || isDashScope(url) ? {} : { reasoning_effort: effort }),
    ...sampling,
  }
}

/** Settings of a session that is opened to see what the user's own login and models are. */
export function inquirySettings({ user, hasKey, defaultModel }: Login): object {
  if (user.models.length > 0 || !hasKey) return { ...CHAT_ONLY, model: MODEL }
  return { ...CHAT_ONLY, ...BY_KEY, model: { ...MODEL, name: defaultModel } }
}

export const SELF_TEST_MODEL = 'cligate-self-test'

/** Has the search in the self-test's session; it is never asked, as nobody calls the search there. */
const SELF_TEST_SEARCH = {
  id: 'cligate-self-test-search',
  name: 'cligate-self-test-search',
  envKey: SELF_TEST_KEY,
  baseUrl: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
}

/**
 * Settings of a turn with the self-test's own service, as its tools really are: none stands in for an empty list, nor for the search.
 * `web`: of a turn that may search.
 */
export function selfTestSettings(baseUrl: string, logFolder: string, web = false): object {
  const generationConfig = { ...GENERATION, samplingParams: { max_tokens: 16 } }
  const entry = { id: SELF_TEST_MODEL, name: SELF_TEST_MODEL, envKey: SELF_TEST_KEY, baseUrl, generationConfig }
  const { tools, permissions } = webSettings()
  const search = { tools: { ...tools, webSearch: { enabled: true, model: SELF_TEST_SEARCH.id } }, permissions }
  return {
    ...CHAT_ONLY,
    ...(web ? search : {}),
    ...BY_KEY,
    model: { ...MODEL, ...logSettings(logFolder), name: SELF_TEST_MODEL },
    modelProviders: { openai: web ? [entry, SELF_TEST_SEARCH] : [entry] },
  }
}
