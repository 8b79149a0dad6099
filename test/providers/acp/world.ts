// An agent of one's own for a test: a program that speaks ACP, a simulated service, and a private home.
import { mkdirSync, readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { openSandbox } from '../../../src/process/sandbox.ts'
import { type AcpOptions, createAcpDriver } from '../../../src/providers/acp/driver.ts'
import type { Driver } from '../../../src/providers/driver.ts'
import { realCli, temporaryHome } from '../../real/harness/real-cli.ts'
import { startUpstream, type Upstream } from '../../upstream/upstream.ts'

export type World = AsyncDisposable & {
  driver: Driver
  upstream: Upstream
  /** The HOME of the agent's processes; holds `run`, where the driver works. */
  home: string
  /** What was logged, at any level. */
  logged: { level: string; fields: object; message: string }[]
  /** All that the driver's processes have on disk, by its path below the driver's folder. */
  files(): string[]
}

export type WorldOptions = Partial<Omit<AcpOptions, 'environment' | 'pool' | 'sandbox'>> & {
  environment?: Record<string, string | undefined>
  pool?: Partial<AcpOptions['pool']>
}

export async function acpWorld(changes: WorldOptions): Promise<World> {
  const { environment, pool, ...rest } = changes
  const upstream = await startUpstream()
  const folder = await temporaryHome()
  const home = realpathSync(folder.path)
  const run = join(home, 'run')
  mkdirSync(run)
  const sandbox = await openSandbox({ root: run })
  const logged: World['logged'] = []
  const logAt = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message })
  const driver = createAcpDriver({
    name: 'test',
    command: process.execPath,
    args: [],
    environment: {
      HOME: home,
      PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
      GEMINI_API_KEY: 'dummy',
      GOOGLE_GEMINI_BASE_URL: upstream.url,
      OPENAI_API_KEY: 'dummy',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      OPENAI_MODEL: 'qwen3-coder-plus',
      ...environment,
    },
    sandbox,
    log: { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn') },
    ...rest,
    pool: { warm: 1, maxWarm: 2, maxActive: 4, maxQueue: 4, queueTimeout: 30_000, idleTimeout: 0, ...pool },
  })
  return {
    driver,
    upstream,
    home,
    logged,
    files: () =>
      readdirSync(run, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(run.length + 1)),
    async [Symbol.asyncDispose]() {
      await driver.close()
      await sandbox.close()
      await upstream.stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** Gemini CLI by its command alone, with a home of its own, and settings that take its tools away. */
export const GEMINI: WorldOptions = {
  name: 'gemini-acp',
  command: realCli('gemini'),
  args: ['--acp', '-m', 'gemini-2.5-flash'],
  env: { GEMINI_CLI_HOME: '{folder}', GEMINI_CLI_NO_RELAUNCH: '1' },
  inherit: ['GEMINI_API_KEY', 'GOOGLE_GEMINI_BASE_URL'],
  files: {
    '.gemini/settings.json': JSON.stringify({
      security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
      general: { maxAttempts: 1, sessionRetention: { enabled: false } },
      privacy: { usageStatisticsEnabled: false },
      tools: { core: ['google_web_search', 'mcp_*'], useRipgrep: false },
      model: { skipNextSpeakerCheck: true, disableLoopDetection: true, maxSessionTurns: 1 },
    }),
  },
}

/** Qwen Code likewise. */
export const QWEN: WorldOptions = {
  name: 'qwen-acp',
  command: realCli('qwen'),
  args: ['--acp'],
  env: {
    QWEN_HOME: '{folder}/home',
    QWEN_RUNTIME_DIR: '{folder}/runtime',
    QWEN_CODE_SYSTEM_SETTINGS_PATH: '{folder}/system.json',
    QWEN_CODE_NO_RELAUNCH: '1',
    // Else the first question goes to the model before it knows the functions.
    QWEN_CODE_LEGACY_MCP_BLOCKING: '1',
  },
  inherit: ['OPENAI_API_KEY', 'OPENAI_BASE_URL', 'OPENAI_MODEL'],
  files: {
    'system.json': JSON.stringify({
      general: { enableAutoUpdate: false },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
      model: {
        skipStartupContext: true,
        skipNextSpeakerCheck: true,
        skipLoopDetection: true,
        generationConfig: { modalities: { image: true, pdf: true }, samplingParams: { max_tokens: 32_000 } },
      },
      memory: { enableManagedAutoMemory: false, enableManagedAutoDream: false, enableAutoSkill: false },
      tools: { core: ['__none__'], useRipgrep: false, approvalMode: 'default', toolSearch: { enabled: false } },
    }),
  },
}
