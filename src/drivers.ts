// The drivers that the configuration asks for, each with its own options.
import { join } from 'node:path'
import { accountFolder, activeAccount } from './accounts/account.ts'
import type { Config } from './config/schema.ts'
import { type Agent, agentsOf } from './config/agents.ts'
import type { Log } from './observe/log.ts'
import type { Leftovers } from './process/leftovers.ts'
import type { Sandbox } from './process/sandbox.ts'
import { createAcpDriver } from './providers/acp/driver.ts'
import { createClaudeDriver } from './providers/claude/driver.ts'
import { createClaudeRaw } from './providers/claude/raw.ts'
import { type CodexOptions, createCodexDriver } from './providers/codex/driver.ts'
import { createCodexRaw } from './providers/codex/raw.ts'
import { createDemoDriver } from './providers/demo/driver.ts'
import type { Driver } from './providers/driver.ts'
import { createGeminiDriver, type GeminiOptions } from './providers/gemini/driver.ts'
import { createGeminiRaw } from './providers/gemini/raw.ts'
import { createQwenDriver, type QwenOptions } from './providers/qwen/driver.ts'
import { createQwenRaw } from './providers/qwen/raw.ts'
import type { RawLauncher } from './providers/raw-launch.ts'

/** What all drivers share. */
export type DriverParts = {
  log: Log
  /** What children may inherit from, by each provider's allow-list. */
  environment: Readonly<Record<string, string | undefined>>
  sandbox: Sandbox
  leftovers: Leftovers
  /** Folder of the files that must survive a restart. */
  stateFolder: string
}

type Providers = Config['providers']

/** All enabled drivers. None is started, and none has looked for its CLI yet. */
export function createDrivers(config: Config, parts: DriverParts): Driver[] {
  const { providers, chat } = config
  const web = chat.web
  return [
    ...(providers.claude.enabled ? [claude(providers.claude, web, parts)] : []),
    ...(providers.codex.enabled ? [createCodexDriver(codexOptions(providers.codex, web, parts))] : []),
    ...(providers.gemini.enabled ? [createGeminiDriver(geminiOptions(providers.gemini, web, parts))] : []),
    ...(providers.qwen.enabled ? [createQwenDriver(qwenOptions(providers.qwen, web, parts))] : []),
    ...agentsOf(config).flatMap(([name, agent]) => (agent.enabled ? [acp(name, agent, parts)] : [])),
    ...(providers.demo.enabled ? [createDemoDriver()] : []),
  ]
}

/** What starts the CLIs for callers who want their own output. */
export function createRawLaunchers(config: Config, parts: DriverParts): RawLauncher[] {
  const { claude, codex, gemini, qwen } = config.providers
  const launchers: RawLauncher[] = []
  if (claude.enabled) {
    const account = { configDir: claude.config_dir, env: { ...claude.env } }
    launchers.push(createClaudeRaw({ ...parts, executable: claude.path, account, mcpConfig: config.agent.mcp_config }))
  }
  if (codex.enabled) launchers.push(createCodexRaw(codexOptions(codex, false, parts)))
  if (gemini.enabled) launchers.push(createGeminiRaw(geminiOptions(gemini, false, parts)))
  if (qwen.enabled) launchers.push(createQwenRaw(qwenOptions(qwen, false, parts)))
  return launchers
}

function claude(section: Providers['claude'], web: boolean, parts: DriverParts): Driver {
  return createClaudeDriver({
    ...parts,
    executable: section.path,
    account: { configDir: section.config_dir ?? homeOf('claude', parts), env: { ...section.env } },
    history: section.history,
    web,
    cacheFile: join(parts.stateFolder, web ? 'claude-self-test-web.json' : 'claude-self-test.json'),
    pool: { ...numbersOf(section.warm), maxBoots: section.warm.max_boots },
  })
}

function codexOptions(section: Providers['codex'], web: boolean, parts: DriverParts): CodexOptions {
  return {
    ...parts,
    ...turnsOf(section),
    executable: section.path,
    account: { home: section.home ?? homeOf('codex', parts), env: section.env },
    provider: section.provider,
    prompt: section.prompt,
    baseUrl: section.base_url,
    verbosity: section.verbosity,
    serviceTier: section.service_tier,
    web,
    warm: section.warm,
  }
}

function geminiOptions(section: Providers['gemini'], web: boolean, parts: DriverParts): GeminiOptions {
  return {
    ...parts,
    executable: section.path,
    runtime: section.runtime,
    account: { home: section.home ?? homeOf('gemini', parts), env: section.env },
    web,
    pool: numbersOf(section.warm),
  }
}

function qwenOptions(section: Providers['qwen'], web: boolean, parts: DriverParts): QwenOptions {
  return {
    ...parts,
    ...turnsOf(section),
    executable: section.path,
    account: { home: section.home ?? homeOf('qwen', parts), env: section.env },
    web,
    warm: section.warm,
  }
}

function acp(name: string, agent: Agent, parts: DriverParts): Driver {
  const { command, args, env, files, inherit, models } = agent
  return createAcpDriver({ ...parts, name, command, args, env, files, inherit, models, pool: numbersOf(agent.warm) })
}

/** The home of the account that was chosen by `cligate account use`; undefined for the person's own. */
function homeOf(provider: string, { stateFolder }: DriverParts): string | undefined {
  return accountFolder(stateFolder, provider, activeAccount(stateFolder, provider))
}

type Turns = { max_active: number; max_queue: number; queue_timeout: number }

/** Seconds of the configuration become milliseconds. */
function turnsOf(section: Turns) {
  return {
    maxActive: section.max_active,
    maxQueue: section.max_queue,
    queueTimeout: section.queue_timeout * 1000,
  }
}

function numbersOf(warm: Turns & { size: number; max: number; idle_minutes: number }) {
  return {
    ...turnsOf(warm),
    warm: warm.size,
    maxWarm: Math.max(warm.size, warm.max),
    idleTimeout: warm.idle_minutes * 60_000,
  }
}
