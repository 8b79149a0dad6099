// Claude Code for a caller who wants its own lines (2.1.329): one process, one prompt by stdin.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RawAgent, RawRequest } from '../../core/raw.ts'
import { findExecutable } from '../../process/find-executable.ts'
import { parseJsonLine } from '../../process/json-lines.ts'
import type { SandboxFolder } from '../../process/sandbox.ts'
import { textAt } from '../fields.ts'
import { type RawCommand, type RawLauncher, verifyNoTools } from '../raw-launch.ts'
import { type Account, claudeEnvironment, rawArguments } from './command.ts'
import { collectLeftovers, configFolder, type Leftovers } from './leftovers.ts'
import { notInstalled } from '../installation.ts'
import { CLI } from './options.ts'

export type ClaudeRawOptions = {
  /** Absolute path of the CLI; without it, `claude` on the PATH of `environment`. */
  executable?: string
  environment: Readonly<Record<string, string | undefined>>
  account: Account
  leftovers: Leftovers
  /** File of the owner's MCP servers for agents. */
  mcpConfig?: string
}

export function createClaudeRaw(options: ClaudeRawOptions): RawLauncher {
  const { environment, account, leftovers } = options
  return {
    provider: 'claude',
    async prepare(request, folder) {
      const command = findExecutable('claude', { configured: options.executable, path: environment['PATH'] })
      if (command === undefined) throw notInstalled(CLI)
      const work = makeFolder(folder, 'work')
      const env = claudeEnvironment(environment, account, makeFolder(folder, 'tmp'))
      const cwd = request.agent?.cwd ?? work
      const config = configFolder(env)
      return {
        command,
        args: rawArguments(request, writeFiles(request, folder), options.mcpConfig),
        env,
        cwd,
        input: inputOf(request),
        isLast: (line) => line.startsWith('{"type":"result"'),
        ...(request.jsonSchema === undefined ? {} : { isOwn: isAnswer }),
        ...(hasTools(request) ? {} : { verify: (line: string) => verifyNoTools(line, OUTPUT_TOOL) }),
        // A session of an agent stays, so that it can be gone on with.
        cleanUp: async (pid) => {
          if (config !== undefined && pid !== undefined && request.agent === undefined) {
            await collectLeftovers(leftovers, config, pid, work)
          }
        },
      } satisfies RawCommand
    },
  }
}

/** The form in which Claude Code asks for an answer with a schema. */
const OUTPUT_TOOL = ['StructuredOutput']

const hasTools = ({ agent }: RawRequest) => agent !== undefined && agent.tools?.length !== 0

/** The first frame holds the schema, which has no other way in than this and argv. Its answer is no line of the caller's. */
const FIRST_FRAME = 'cligate-schema'

function inputOf({ prompt, jsonSchema }: RawRequest): string {
  const initialize = { subtype: 'initialize', jsonSchema }
  const frames = [
    ...(jsonSchema === undefined ? [] : [{ type: 'control_request', request_id: FIRST_FRAME, request: initialize }]),
    {
      type: 'user',
      // Else "/name" were a command and "@name" a file of this machine.
      client_composed: true,
      message: { role: 'user', content: prompt },
      parent_tool_use_id: null,
      session_id: '',
    },
  ]
  return frames.map((frame) => `${JSON.stringify(frame)}\n`).join('')
}

function isAnswer(line: string): boolean {
  const parsed = line.includes(FIRST_FRAME) ? parseJsonLine(line) : undefined
  return parsed?.ok === true && textAt(parsed.value, 'type') === 'control_response'
}

/** Paths of what is too long or too private for argv. */
export type RawFiles = { settings?: string; system?: string; appendSystem?: string }

function writeFiles({ agent, system, appendSystem }: RawRequest, folder: SandboxFolder): RawFiles {
  const write = (name: string, text: string) => {
    const path = join(folder.path, name)
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' })
    return path
  }
  return {
    ...(agent === undefined ? {} : { settings: write('settings.json', JSON.stringify(settingsOf(agent))) }),
    ...(system === undefined ? {} : { system: write('system.md', system) }),
    ...(appendSystem === undefined ? {} : { appendSystem: write('append.md', appendSystem) }),
  }
}

function settingsOf({ allowedTools, disallowedTools }: RawAgent): object {
  return { permissions: { allow: allowedTools, deny: disallowedTools } }
}

function makeFolder(folder: SandboxFolder, name: string): string {
  const path = join(folder.path, name)
  mkdirSync(path, { mode: 0o700 })
  return path
}
