// One process of the CLI with its private home. It serves one turn at a time: a second session would change the system prompt of
// the first (0.61.0).
import { mkdirSync, readFileSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AcpSession } from '../acp-client.ts'
import { asFields, type Fields, fieldsAt, textAt } from '../fields.ts'
import type { AcpProcess } from '../acp-process.ts'
import type { AcpModel, McpServer } from '../acp-types.ts'
import { ProcessWorker } from '../acp-worker.ts'
import { type Content, sessionFile } from './history.ts'
import type { WorkerHome } from './home.ts'
import { DEFAULT_MODEL } from './options.ts'
import { wasStopped } from './settings.ts'

/** What a turn is opened with. */
export type Opening = {
  system: string
  records: readonly Content[]
  modelId: string
  /** What the hook says of each request (`hookText`). */
  hook: string
  /** Which tools may be called (`policyText`). */
  policy: string
  /** Shows the caller's functions. */
  server?: McpServer
}

/** A session that holds the conversation and waits for its prompt. */
export type OpenTurn = {
  session: AcpSession
  /** What the CLI has noted of the conversation since it was opened, as lines. */
  recorded(): Promise<string>
  /** What it has noted of the answers of the service, as lines; empty where it notes none. */
  answered(): Promise<string>
  /** Whether it was about to make a request more than the turn has, and was stopped. */
  stopped(): Promise<boolean>
  /** Whether what failed was a 404 of the service: the CLI says 500 in its protocol, and its name in its report (0.61.0). */
  notFound(): Promise<boolean>
}

export class GeminiWorker extends ProcessWorker {
  /** What the account may use. */
  models: readonly AcpModel[] = []
  private readonly chats: string
  private readonly written = { system: '', policy: '' }
  /**
   * Two names by turns: the CLI lets go of a session when another one is loaded under its name, and in no other way (0.61.0). With a
   * new name for each, a worker would need twice the time and memory after some hundred turns. Not one name, so that nothing
   * of a turn can be taken for a part of the next.
   */
  private readonly names = [crypto.randomUUID(), crypto.randomUUID()] as const

  constructor(
    process: AcpProcess,
    private readonly home: WorkerHome,
    /** The login that it was started with (`loginStamp`). */
    readonly login: string,
    /** The models that its settings have aliases for. */
    readonly aliased: ReadonlySet<string> = new Set(),
    policy = '',
  ) {
    super(process)
    this.written.policy = policy
    this.chats = home.chats(folderName(home))
    mkdirSync(this.chats, { recursive: true, mode: 0o700 })
  }

  /** Asks whether the login works, without a model. @throws AcpError */
  async checkLogin(signal: AbortSignal): Promise<void> {
    const { models } = await this.process.client.newSession({ cwd: this.home.work }, signal)
    this.models = models?.availableModels ?? []
  }

  /**
   * Brings the CLI to where it has the conversation in mind, and nothing else of it is to be read.
   * @throws AcpError, GatewayError, the reason of the abort
   */
  async open({ system, records, modelId, hook, policy, server }: Opening, signal: AbortSignal): Promise<OpenTurn> {
    this.opened += 1
    const { client } = this.process
    const id = this.names[this.opened % 2 === 0 ? 0 : 1]
    // The file's name must not be that of this minute: the CLI would take the file for one that it has just begun.
    const file = join(this.chats, `session-2000-01-01T00-00-${id.slice(0, 8)}.jsonl`)
    const text = sessionFile(id, records, Date.now())
    await Promise.all([
      writeFile(file, text, { mode: 0o600 }),
      this.write('system', system),
      // The hook takes off what it has said.
      writeFile(this.home.hook, hook, { mode: 0o600 }),
      this.write('policy', policy),
    ])
    const session = client.session(id)
    try {
      await client.loadSession(id, { cwd: this.home.work, mcpServers: server ? [server] : [] }, signal)
      const told = modelId === DEFAULT_MODEL ? undefined : client.setModel(id, modelId, signal)
      await Promise.all([told, skipReplay(session, records, signal)])
    } catch (error) {
      session.dispose()
      throw error
    }
    const begin = Buffer.byteLength(text)
    const read = (from: Blob) => from.text().catch(() => '')
    return {
      session,
      recorded: () => read(Bun.file(file).slice(begin)),
      answered: () => read(Bun.file(this.home.answers)),
      stopped: async () => wasStopped(await read(Bun.file(this.home.hook))),
      notFound: () => this.reports('ModelNotFoundError'),
    }
  }

  /** Removes what the turn has left on disk: the conversation, and the copy that the CLI makes of it when a request fails. */
  clean(): Promise<void> {
    this.cleaning = this.empty()
    return this.cleaning
  }

  /** Whether the CLI's report of a failed request, which it writes before it answers, has an error of this name. */
  private async reports(name: string): Promise<boolean> {
    const files = await readdir(this.home.temporary).catch(() => [])
    const report = files.find((file) => file.startsWith('gemini-client-error-'))
    if (report === undefined) return false
    const { error } = (await Bun.file(join(this.home.temporary, report))
      .json()
      .catch(() => ({}))) as Fields
    return textAt(asFields(error), 'stack')?.startsWith(`${name}:`) === true
  }

  private async empty(): Promise<void> {
    await rm(this.home.answers, { force: true })
    for (const folder of [this.chats, this.home.temporary]) {
      await rm(folder, { recursive: true, force: true })
      await mkdir(folder, { mode: 0o700 })
    }
  }

  private async write(name: keyof GeminiWorker['written'], text: string): Promise<void> {
    if (this.written[name] === text) return
    await writeFile(this.home[name], text, { mode: 0o600 })
    this.written[name] = text
  }
}

/** The CLI repeats the conversation after it has said that it is loaded. A running turn never repeats what the user said. */
async function skipReplay(session: AcpSession, records: readonly Content[], signal: AbortSignal): Promise<void> {
  for (let left = records.filter(({ type }) => type === 'user').length; left > 0;) {
    for (const event of await session.next(signal)) {
      if (event.type === 'update' && event.update.sessionUpdate === 'user_message_chunk') left -= 1
    }
  }
}

/** The name that the CLI gave to the folder it works in. */
function folderName(home: WorkerHome): string {
  try {
    const projects = fieldsAt(asFields(JSON.parse(readFileSync(home.projects, 'utf8'))), 'projects')
    return textAt(projects, home.work) ?? Object.values(projects ?? {}).find((name) => typeof name === 'string') ?? 'w'
  } catch {
    return 'w'
  }
}
