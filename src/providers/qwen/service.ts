// What is known beforehand of the service that answers for a model.
import { textAt } from '../fields.ts'
import type { Login } from './auth.ts'
import { findModel } from './user-settings.ts'

export type Service = {
  /** It is one of Alibaba Cloud, for which Qwen Code itself translates the effort. */
  dashScope: boolean
  /** It is spoken to in Chat Completions, the API whose fields are passed on to it as they are. */
  completions: boolean
  /** It has a search that Qwen Code uses as a tool. */
  search: boolean
}

const DASHSCOPE = /(^|\.)(dashscope(-intl|-us)?\.aliyuncs\.com|maas\.aliyuncs\.com|alicloudapi\.com)$/
/** Others that Qwen Code (0.24.4) speaks to as to those. */
const ALIBABA = /\.(alibaba|aliyun)-inc\.com$/
/** Those for which Qwen Code (0.24.4) has no search: coding plans, and API gateways. */
const WITHOUT_SEARCH = /^coding(-intl)?\.|(^|\.)alicloudapi\.com$/
/** Logins whose service is asked in Chat Completions; the others: `openai-responses`, `anthropic`, `gemini`, `vertex-ai` (0.24.4). */
const COMPLETIONS = new Set(['openai', 'qwen-oauth'])

export function serviceOf(model: string, login: Login): Service {
  const { provider, url } = placeOf(model, login)
  return {
    dashScope: isDashScope(url),
    completions: COMPLETIONS.has(provider),
    search: provider === 'openai' && canSearch(url),
  }
}

/** Whether each request tells it, in `metadata`, which turn of its session this is. Also where that was not looked at: of another API. */
export function isToldTurns(model: string, login: Login): boolean {
  const { provider, url } = placeOf(model, login)
  return provider !== 'openai' || isDashScope(url) || hostMatches(url, ALIBABA)
}

function placeOf(model: string, { user, hasKey, baseUrl }: Login): { provider: string; url: string | undefined } {
  const configured = findModel(user, model)
  const provider = configured?.provider ?? (hasKey ? 'openai' : (user.authType ?? 'openai'))
  return { provider, url: configured ? textAt(configured.entry, 'baseUrl') : baseUrl }
}

/** Only the places that are asked with a key of Model Studio. */
function canSearch(url: string | undefined): boolean {
  if (url === undefined || !URL.canParse(url)) return false
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' && DASHSCOPE.test(hostname) && !WITHOUT_SEARCH.test(hostname)
}

/** Also where no place is named: then Qwen Code takes it. */
export function isDashScope(url: string | undefined): boolean {
  return url === undefined || hostMatches(url, DASHSCOPE)
}

function hostMatches(url: string | undefined, hosts: RegExp): boolean {
  return url !== undefined && URL.canParse(url) && hosts.test(new URL(url).hostname)
}
