// The real CLIs as clients of a gate, each pointed at it by what `cligate connect` says, and by nothing else.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { realCli } from '../../real/harness/real-cli.ts'

type CliName = 'claude' | 'codex' | 'gemini' | 'qwen'

export type ClientRun = { said: string; stderr: string; code: number; work: string }

type Client = {
  cli: CliName
  /** Its name for `cligate connect`. */
  name: string
  /** How its user starts it for one task, in a shell. */
  command: string
  environment?: Record<string, string>
  /** A settings file that its owner has already. */
  settings?: [path: string, text: string]
}

/** Each may use its tools without asking, as a user who is there would allow it. */
export const CLIENTS: Record<CliName, Client> = {
  claude: {
    cli: 'claude',
    name: 'claude-code',
    command: "claude -p 'Do it.' --permission-mode acceptEdits --allowedTools Read,Write",
  },
  codex: {
    cli: 'codex',
    name: 'codex',
    command: "codex --profile cligate exec --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox 'Do it.'",
  },
  gemini: {
    cli: 'gemini',
    name: 'gemini-cli',
    command: "gemini --approval-mode yolo -p 'Do it.'",
    // As the owner of the folder has said once: it does not read its `.env` elsewhere.
    environment: { GEMINI_CLI_TRUST_WORKSPACE: 'true' },
    settings: ['.gemini/settings.json', JSON.stringify({ privacy: { usageStatisticsEnabled: false } })],
  },
  qwen: {
    cli: 'qwen',
    name: 'qwen-code',
    command: "qwen --approval-mode yolo 'Do it.'",
    // Else it asks the model behind each task what to remember.
    settings: ['.qwen/settings.json', JSON.stringify({ memory: { enableManagedAutoMemory: false } })],
  },
}

const CLIGATE = join(import.meta.dir, '../../../src/cli.ts')

export type Connect = {
  /** A folder for the client's home and its work. */
  folder: string
  url: string
  model: string
  /** By its settings file (`--write`), or by the lines that are printed. */
  write: boolean
}

/** Runs a client for one task in an empty folder of its own. */
export async function runClient(client: Client, { folder, url, model, write }: Connect): Promise<ClientRun> {
  const [home, work, bin] = ['home', 'work', 'bin'].map((name) => join(folder, name)) as [string, string, string]
  for (const path of [home, work, bin]) mkdirSync(path, { recursive: true })
  writeFileSync(join(bin, client.cli), `#!/bin/sh\nexec '${realCli(client.cli)}' "$@"\n`)
  chmodSync(join(bin, client.cli), 0o755)
  if (client.settings) put(join(home, client.settings[0]), client.settings[1])
  // No request may leave the machine, whatever a client would like to ask beside.
  const proxy = { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' }
  const path = `${bin}:${process.env['PATH'] ?? ''}`
  const env = { HOME: home, PATH: path, TMPDIR: folder, ...proxy, ...client.environment }

  const words = [
    'connect',
    client.name,
    '--url',
    url,
    '--model',
    model,
    ...(write ? ['--write', '--json'] : ['--json']),
  ]
  const {
    stdout,
    stderr: complaint,
    exitCode,
  } = Bun.spawnSync([process.execPath, CLIGATE, ...words], { cwd: work, env })
  if (exitCode !== 0) throw new Error(`connect: ${complaint.toString()}`)
  const { text } = JSON.parse(stdout.toString()) as { text: string }

  const child = Bun.spawn(['sh', '-c', follow(client, home, text, write)], {
    cwd: work,
    env,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [said, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { said: said.trim(), stderr, code, work }
}

/** What a user does with what is told: lines for a shell, and what belongs into a file. */
function follow({ cli, command }: Client, home: string, text: string, written: boolean): string {
  if (cli === 'codex') {
    const [, file = '', settings = '', start = ''] = /^# ~\/(\S+)\n(.*)\n\n# then: (.*)$/s.exec(text) ?? []
    if (!written) put(join(home, file), settings)
    return start.replace('codex --profile cligate', command)
  }
  if (written) return command
  const [, file, merge = ''] = /^# also, in ~\/(\S+): (.*)$/m.exec(text) ?? []
  if (file !== undefined) put(join(home, file), merge)
  return `${text}\n${command}`
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
