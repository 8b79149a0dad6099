// The pages about clients say what `cligate connect` says, and which versions were tried.
import { describe, expect, test } from 'bun:test'
import { COMMAND_LINE_CLIENTS } from '../../src/commands/connect/command-line-clients.ts'
import { OTHER_CLIENTS } from '../../src/commands/connect/other-clients.ts'
import packageJson from '../../package.json' with { type: 'json' }
import clis from '../real/package.json' with { type: 'json' }
import { page, pages, ROOT } from './pages.ts'

const CLIENTS = [...COMMAND_LINE_CLIENTS, ...OTHER_CLIENTS]
const FACTS = { url: 'http://127.0.0.1:8000', key: 'none', model: 'sonnet' }
const own = pages.filter(({ path }) => path.startsWith('docs/clients/'))

describe('clients', () => {
  test.each(CLIENTS.map((client) => [client.name, client] as const))('%s: what connect prints', (_, client) => {
    const blocks = own.flatMap((found) => found.blocks.map(({ text }) => text.trim()))
    expect(blocks).toContain(client.show(FACTS))
  })

  const written = COMMAND_LINE_CLIENTS.flatMap(({ name, changes }) =>
    (changes?.(FACTS) ?? []).map(({ path }) => [name, path] as const),
  )

  test.each(written)('%s: --write changes %s', (name, path) => {
    const { text, spans } = page('docs/clients/command-line.md')
    expect(spans).toContain(`cligate connect ${name} --write`)
    expect(text).toContain(`~/${path}`)
  })
})

describe('versions that were tried', () => {
  const rowOf = (client: string) =>
    page('docs/clients/README.md')
      .text.split('\n')
      .find((line) => line.startsWith(`| [${client}](`))

  const { devDependencies: libraries } = packageJson
  test.each([
    ['Claude Code', clis.dependencies['@anthropic-ai/claude-code']],
    ['Codex', clis.dependencies['@openai/codex']],
    ['Gemini CLI', clis.dependencies['@google/gemini-cli']],
    ['Qwen Code', clis.dependencies['@qwen-code/qwen-code']],
    ['OpenAI SDK', libraries.openai],
    ['Anthropic SDK', libraries['@anthropic-ai/sdk']],
    ['Google Gen AI SDK', libraries['@google/genai']],
    ['Vercel AI SDK', libraries.ai],
    ['LangChain', libraries['@langchain/openai']],
    ['OpenAI Agents SDK', libraries['@openai/agents']],
  ])('%s', (client, version) => {
    expect(rowOf(client)).toContain(version.replace('^', ''))
  })

  test('the packages for Python', async () => {
    const pinned = await Bun.file(`${ROOT}/examples/python/requirements.txt`).text()
    for (const [, name, version] of pinned.matchAll(/^(\w+)==(\S+)$/gm)) {
      expect(rowOf(name === 'openai' ? 'OpenAI SDK' : 'Anthropic SDK')).toContain(`Python ${version}`)
    }
  })
})
