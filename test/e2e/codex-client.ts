// The real Codex as a client of a gate.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { realCli } from '../real/harness/real-cli.ts'

type Item = { type: string; text?: string }

export type CodexRun = {
  /** What it said, message by message. */
  messages: (string | undefined)[]
  events: { type: string; item?: Item; usage?: object }[]
  code: number
  stderr: string
  /** The folder it worked in. */
  work: string
}

/**
 * Runs `codex exec` in a fresh folder below `home`, with its usual tools and without any approval.
 * @param baseUrl that of the gate, with `/v1`
 * @param provider settings of the provider beside those that every run has
 */
export async function runCodex(home: string, baseUrl: string, model: string, provider = ''): Promise<CodexRun> {
  const folder = join(home, crypto.randomUUID())
  const codexHome = join(folder, 'home')
  const work = join(folder, 'work')
  for (const path of [codexHome, work]) mkdirSync(path, { recursive: true })
  const gate = `name="gate",base_url="${baseUrl}",wire_api="responses",env_key="GATE_KEY",request_max_retries=0,stream_max_retries=0`
  const settings = [
    'analytics.enabled=false',
    'features.plugins=false',
    'model_provider="gate"',
    `model_providers.gate={${gate}${provider}}`,
  ]
  const flags = ['--json', '--skip-git-repo-check', '--ephemeral', '--dangerously-bypass-approvals-and-sandbox']
  const command = ['exec', ...flags, '-m', model, ...settings.flatMap((setting) => ['-c', setting]), 'Do it.']
  const child = Bun.spawn([realCli('codex'), ...command], {
    cwd: work,
    env: { HOME: codexHome, CODEX_HOME: codexHome, PATH: process.env['PATH'] ?? '', GATE_KEY: 'unused' },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  const lines = out.split('\n').filter((line) => line.startsWith('{'))
  const events = lines.map((line) => JSON.parse(line) as CodexRun['events'][number])
  const messages = events.flatMap(({ type, item }) =>
    type === 'item.completed' && item?.type === 'agent_message' ? [item.text] : [],
  )
  return { messages, events, code, stderr, work }
}
