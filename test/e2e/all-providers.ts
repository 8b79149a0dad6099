// One cligate with every provider there is: the four real CLIs, an agent that speaks ACP, and the demo model, all of them in front
// of one simulated model service.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import { realCli } from '../real/harness/real-cli.ts'
import { type RunningCligate, startCligate } from '../support/cligate.ts'
import { text } from '../upstream/replies/text.ts'
import { type Upstream, startUpstream } from '../upstream/upstream.ts'

/** A model of each provider, as a caller names it. `helper` is the agent that speaks ACP. */
export const MODELS = {
  claude: 'claude-haiku-4-5',
  codex: 'gpt-5.5',
  gemini: 'gemini-2.5-pro',
  qwen: 'qwen3-coder-plus',
  helper: 'helper/gemini-2.5-pro',
  demo: 'demo/echo',
} as const

/** Tells the requests of the agent from those of Gemini CLI as a provider of its own. */
const HELPER_KEY = 'dummy-helper'

/** What an owner would do about this agent: by default it sends a failed request ten times, and asks again behind a call. */
const AGENT_SETTINGS = {
  general: { maxAttempts: 1 },
  // In a folder that is not trusted it connects to no server of tools.
  security: { folderTrust: { enabled: false } },
  model: { maxSessionTurns: 1 },
  tools: { core: ['google_web_search', 'mcp_*'] },
}

export type Provider = keyof typeof MODELS

export const PROVIDERS = Object.keys(MODELS) as Provider[]

export type AllProviders = {
  upstream: Upstream
  gate: RunningCligate
  /** The official SDK, which sends nothing twice. */
  client: OpenAI
  /** Paths that were posted to beside the turns. */
  strangers(): string[]
  stop(): Promise<void>
}

/** Resolves when each provider has answered once; the simulated service has then forgotten it. */
export async function startAllProviders(): Promise<AllProviders> {
  const upstream = await startUpstream({ default: text('Ready.') })
  const home = mkdtempSync(join(tmpdir(), 'cligate-test-'))
  const agentHome = join(home, 'helper')
  mkdirSync(join(agentHome, '.gemini'), { recursive: true })
  writeFileSync(join(agentHome, '.gemini/settings.json'), JSON.stringify(AGENT_SETTINGS))
  const service = { GOOGLE_GEMINI_BASE_URL: upstream.url }
  const openai = { OPENAI_API_KEY: 'sk-dummy', OPENAI_BASE_URL: `${upstream.url}/v1` }
  const gate = await startCligate({
    upstreamUrl: upstream.url,
    home,
    config: {
      // On a busy machine a failure may take longer than a second, and has to be a status all the same.
      sse: { head_after_ms: 60_000 },
      providers: {
        claude: { path: realCli('claude'), warm: { size: 2 } },
        codex: { path: realCli('codex'), env: { OPENAI_API_KEY: 'sk-dummy' }, base_url: `${upstream.url}/v1` },
        gemini: { path: realCli('gemini'), env: { ...service, GEMINI_API_KEY: 'dummy-gemini' } },
        qwen: { path: realCli('qwen'), env: { ...openai, OPENAI_MODEL: MODELS.qwen } },
        helper: {
          kind: 'acp',
          command: realCli('gemini'),
          args: ['--acp'],
          env: { ...service, GEMINI_API_KEY: HELPER_KEY, GEMINI_CLI_HOME: agentHome, GEMINI_CLI_NO_RELAUNCH: '1' },
          models: ['gemini-2.5-pro'],
          warm: { size: 1 },
        },
      },
    },
  }).catch(async (error: unknown) => {
    await upstream.stop()
    throw error
  })
  const client = new OpenAI({ apiKey: 'unused', baseURL: `${gate.url}/v1`, maxRetries: 0, timeout: 120_000 })
  const stop = async () => {
    await gate.stop()
    await upstream.stop()
  }
  try {
    const messages = [{ role: 'user' as const, content: 'Are you ready?' }]
    await Promise.all(PROVIDERS.map((name) => client.chat.completions.create({ model: MODELS[name], messages })))
  } catch (error) {
    await stop()
    throw error
  }
  upstream.reset()
  return { upstream, gate, client, stop, strangers: () => strangersOf(upstream) }
}

function strangersOf({ requests, turns }: Upstream): string[] {
  const others = requests.filter((request) => request.method === 'POST' && !turns.includes(request))
  // An agent is as its owner has set it up: this one has the tokens of an image counted, which asks no model.
  const isCount = ({ headers, path }: (typeof others)[number]) =>
    headers['x-goog-api-key'] === HELPER_KEY && path.endsWith(':countTokens')
  return others.filter((request) => !isCount(request)).map(({ path }) => path)
}
