// The CLIs that the benchmarks compare: how each is run alone, as its manual says, and how cligate is told about it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { realCli } from '../test/real/harness/real-cli.ts'

export type BenchedCli = {
  name: 'claude' | 'codex' | 'gemini' | 'qwen'
  /** A model of it, as callers name it. */
  model: string
  /** Its section of cligate.yaml; `warm` false starts nothing ahead. */
  section(upstreamUrl: string, warm: boolean): object
  /** One prompt, one process: argv, environment, and what its stdout holds as soon as the first text is there. */
  alone(upstreamUrl: string, home: string): { command: string[]; env: Record<string, string>; first: RegExp }
}

const PROMPT = 'Say hello.'

/** Counts for CLIs with a stock of processes. */
const stock = (warm: boolean) => (warm ? { size: 3, max: 8 } : { size: 0, max: 0 })

export const CLIS: BenchedCli[] = [
  {
    name: 'claude',
    model: 'claude-haiku-4-5',
    section: (_, warm) => ({ path: realCli('claude'), warm: stock(warm) }),
    alone: (url, home) => ({
      command: [
        realCli('claude'),
        '-p',
        '--output-format',
        'stream-json',
        '--verbose',
        '--include-partial-messages',
        '--model',
        'claude-haiku-4-5',
        '--tools=',
        '--system-prompt',
        'Be brief.',
        PROMPT,
      ],
      env: {
        HOME: home,
        ANTHROPIC_BASE_URL: url,
        ANTHROPIC_API_KEY: 'sk-dummy',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1',
      },
      first: /"text_delta"/,
    }),
  },
  {
    name: 'codex',
    model: 'gpt-5.5',
    section: (url, warm) => ({
      path: realCli('codex'),
      env: { OPENAI_API_KEY: 'sk-dummy' },
      base_url: `${url}/v1`,
      warm,
    }),
    alone: (url, home) => {
      mkdirSync(join(home, '.codex'), { recursive: true })
      const provider = `{name="local",base_url="${url}/v1",wire_api="responses",env_key="LOCAL_KEY",request_max_retries=0,stream_max_retries=0}`
      return {
        command: [
          realCli('codex'),
          'exec',
          '--json',
          '--skip-git-repo-check',
          '-s',
          'read-only',
          '--ephemeral',
          '-m',
          'gpt-5.5',
          '-c',
          'model_provider="local"',
          '-c',
          `model_providers.local=${provider}`,
          '-c',
          'analytics.enabled=false',
          '-c',
          'features.plugins=false',
          PROMPT,
        ],
        env: { HOME: home, CODEX_HOME: join(home, '.codex'), LOCAL_KEY: 'sk-dummy' },
        first: /"agent_message"/,
      }
    },
  },
  {
    name: 'gemini',
    model: 'gemini-2.5-pro',
    section: (url, warm) => ({
      path: realCli('gemini'),
      env: { GEMINI_API_KEY: 'dummy', GOOGLE_GEMINI_BASE_URL: url },
      warm: stock(warm),
    }),
    alone: (url, home) => {
      mkdirSync(join(home, '.gemini'), { recursive: true })
      const settings = {
        security: { auth: { selectedType: 'gemini-api-key' } },
        privacy: { usageStatisticsEnabled: false },
      }
      writeFileSync(join(home, '.gemini/settings.json'), JSON.stringify(settings))
      return {
        command: [
          realCli('gemini'),
          '--skip-trust',
          '-m',
          'gemini-2.5-pro',
          '-p',
          PROMPT,
          '--output-format',
          'stream-json',
        ],
        env: { HOME: home, GEMINI_CLI_HOME: home, GEMINI_API_KEY: 'dummy', GOOGLE_GEMINI_BASE_URL: url },
        first: /"role":"assistant"/,
      }
    },
  },
  {
    name: 'qwen',
    model: 'qwen3-coder-plus',
    section: (url, warm) => ({
      path: realCli('qwen'),
      env: { OPENAI_API_KEY: 'sk-dummy', OPENAI_BASE_URL: `${url}/v1`, OPENAI_MODEL: 'qwen3-coder-plus' },
      warm,
    }),
    alone: (url, home) => ({
      command: [realCli('qwen'), PROMPT, '--output-format', 'stream-json', '--include-partial-messages'],
      env: { HOME: home, OPENAI_API_KEY: 'sk-dummy', OPENAI_BASE_URL: `${url}/v1`, OPENAI_MODEL: 'qwen3-coder-plus' },
      first: /"text_delta"/,
    }),
  },
]
