// Clients that are set up in a window, in an environment, or in code.
import type { Client, GatewayFacts } from './client.ts'

export const OTHER_CLIENTS: readonly Client[] = [
  {
    name: 'continue',
    title: 'Continue',
    show: ({ url, key, model }) =>
      [
        '# ~/.continue/config.yaml, below "models:"',
        `  - name: cligate ${model}`,
        '    provider: openai',
        `    model: ${model}`,
        `    apiBase: ${url}/v1`,
        `    apiKey: ${key}`,
        '    roles: [chat, edit, apply]',
      ].join('\n'),
  },
  { name: 'cline', title: 'Cline', show: (facts) => openaiCompatible('Settings > API Provider', facts) },
  { name: 'roo', title: 'Roo Code', show: (facts) => openaiCompatible('Settings > Providers > API Provider', facts) },
  {
    name: 'cursor',
    title: 'Cursor',
    show: ({ url, key, model }) =>
      [
        'Cursor calls from its own servers: it needs a public https address of this gateway, and a strong key.',
        `Settings > Models > OpenAI API Key: ${key}`,
        `Override OpenAI Base URL: https://YOUR-TUNNEL/v1   (here it is ${url}/v1)`,
        `Add model: ${model}`,
      ].join('\n'),
  },
  {
    name: 'open-webui',
    title: 'Open WebUI',
    show: ({ url, key }) => `export OPENAI_API_BASE_URL='${url}/v1'\nexport OPENAI_API_KEY='${key}'`,
  },
  {
    name: 'langchain',
    title: 'LangChain',
    show: ({ url, key, model }) =>
      [
        "import { ChatOpenAI } from '@langchain/openai'",
        '',
        `const model = new ChatOpenAI({ model: '${model}', apiKey: '${key}', configuration: { baseURL: '${url}/v1' } })`,
      ].join('\n'),
  },
  {
    name: 'ai-sdk',
    title: 'Vercel AI SDK',
    show: ({ url, key, model }) =>
      [
        "import { createOpenAICompatible } from '@ai-sdk/openai-compatible'",
        '',
        'const cligate = createOpenAICompatible({',
        "  name: 'cligate',",
        `  baseURL: '${url}/v1',`,
        `  apiKey: '${key}',`,
        '  // Else the SDK asks for any JSON, and keeps the schema to itself.',
        '  supportsStructuredOutputs: true,',
        '})',
        `const model = cligate('${model}')`,
      ].join('\n'),
  },
]

function openaiCompatible(place: string, { url, key, model }: GatewayFacts): string {
  return [`${place}: OpenAI Compatible`, `Base URL: ${url}/v1`, `API Key: ${key}`, `Model ID: ${model}`].join('\n')
}
