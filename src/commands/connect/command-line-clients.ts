// Clients that are command-line tools, with settings files of their own.
import type { Client } from './client.ts'
import { claudeCodeEnvironment, claudeCodeModels } from './claude-code-models.ts'

/** Those without a value are for files, where an older one may stand. */
const exports = (variables: Record<string, string | undefined>): string =>
  Object.entries(variables)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`)
    .join('\n')

export const COMMAND_LINE_CLIENTS: readonly Client[] = [
  environmentClient({
    name: 'claude-code',
    title: 'Claude Code',
    variables: ({ url, key, model }) => ({
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_AUTH_TOKEN: key,
      ANTHROPIC_MODEL: model,
      ...claudeCodeModels(model),
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    }),
    changes: (env) => [
      {
        kind: 'json',
        path: '.claude/settings.json',
        merge: (before) => ({ env: claudeCodeEnvironment(env, before['env']) }),
      },
    ],
  }),
  {
    name: 'codex',
    title: 'Codex',
    show: (facts) => `# ~/${CODEX_PROFILE}\n${codexProfile(facts)}\n\n# then: ${codexCommand(facts.key)}`,
    changes: (facts) => [{ kind: 'block', path: CODEX_PROFILE, text: codexProfile(facts) }],
  },
  environmentClient({
    name: 'gemini-cli',
    title: 'Gemini CLI',
    variables: ({ url, key, model }) => ({ GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: key, GEMINI_MODEL: model }),
    // With an address of one's own it takes no key from the environment alone (0.61.0).
    settings: { path: '.gemini/settings.json', merge: { security: { auth: { selectedType: 'gemini-api-key' } } } },
    changes: (set) => [{ kind: 'env', path: '.gemini/.env', set }],
  }),
  environmentClient({
    name: 'qwen-code',
    title: 'Qwen Code',
    variables: ({ url, key, model }) => ({ OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: key, OPENAI_MODEL: model }),
    changes: (set) => [{ kind: 'env', path: '.qwen/.env', set }],
  }),
  likeOpencode('opencode', 'opencode', '.config/opencode/opencode.json'),
  likeOpencode('kilo', 'Kilo Code', '.config/kilo/kilo.json'),
  {
    name: 'aider',
    title: 'aider',
    show: ({ url, key, model }) => `aider --openai-api-base ${url}/v1 --openai-api-key ${key} --model openai/${model}`,
    changes: ({ url, key, model }) => [
      {
        kind: 'yaml',
        path: '.aider.conf.yml',
        set: { 'openai-api-base': `${url}/v1`, 'openai-api-key': key, model: `openai/${model}` },
      },
    ],
  },
  environmentClient({
    name: 'shell',
    title: 'everything that is started from this shell',
    variables: ({ url, key }) => ({
      OPENAI_BASE_URL: `${url}/v1`,
      OPENAI_API_KEY: key,
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_AUTH_TOKEN: key,
      GOOGLE_GEMINI_BASE_URL: url,
      GEMINI_API_KEY: key,
    }),
  }),
]

type EnvironmentClient<Variables extends Record<string, string | undefined>> = Pick<Client, 'name' | 'title'> & {
  variables(facts: Parameters<Client['show']>[0]): Variables
  /** What it needs beside its environment. */
  settings?: { path: string; merge: object }
  changes?(variables: Variables): ReturnType<NonNullable<Client['changes']>>
}

function environmentClient<Variables extends Record<string, string | undefined>>({
  name,
  title,
  variables,
  settings,
  changes,
}: EnvironmentClient<Variables>): Client {
  // First, as a file that cannot be understood shall leave the other one as it is.
  const before = settings ? [{ kind: 'json' as const, ...settings }] : []
  const alsoIn = settings ? `\n# also, in ~/${settings.path}: ${JSON.stringify(settings.merge)}` : ''
  return {
    name,
    title,
    show: (facts) => `${exports(variables(facts))}${alsoIn}`,
    ...(changes ? { changes: (facts) => [...before, ...changes(variables(facts))] } : {}),
  }
}

/** A profile is a file of its own; one in `config.toml` is refused (0.169.0). */
const CODEX_PROFILE = '.codex/cligate.config.toml'

function codexProfile({ url, model }: { url: string; model: string }): string {
  return [
    'model_provider = "cligate"',
    `model = ${JSON.stringify(model)}`,
    '',
    '[model_providers.cligate]',
    'name = "cligate"',
    `base_url = ${JSON.stringify(`${url}/v1`)}`,
    'wire_api = "responses"',
    'env_key = "CLIGATE_API_KEY"',
  ].join('\n')
}

const codexCommand = (key: string) => `CLIGATE_API_KEY='${key}' codex --profile cligate`

function likeOpencode(name: string, title: string, path: string): Client {
  return {
    name,
    title,
    show: (facts) => `// ~/${path}\n${JSON.stringify(opencodeSettings(facts), null, 2)}`,
    changes: (facts) => [{ kind: 'json', path, merge: opencodeSettings(facts) }],
  }
}

function opencodeSettings({ url, key, model }: Parameters<Client['show']>[0]) {
  return {
    provider: {
      cligate: {
        npm: '@ai-sdk/openai-compatible',
        name: 'cligate',
        options: { baseURL: `${url}/v1`, apiKey: key },
        models: { [model]: {} },
      },
    },
  }
}
