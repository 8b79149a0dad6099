// What a worker of Gemini CLI writes into its home for the CLI, and reads from it (0.61.0).
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NamedPipe } from '../../process/named-pipe.ts'
import { asFields, type Fields, fieldsAt, textAt } from '../fields.ts'
import { type Content, sessionFile } from './history.ts'
import type { WorkerHome } from './home.ts'

/**
 * Said in the place of a conversation that is not there yet. Nobody else says it: a session in which it stands was loaded too soon.
 */
export const STAND_IN = `(${crypto.randomUUID()})`

/** Read anew for each turn. */
type Standing = { system: string; policy: string }

export class WorkerFiles {
  private readonly chats: string
  private readonly written: Standing

  /** `policy`: what stands in the file. `pipe`: what the CLI can be made to wait at, if it can. */
  constructor(
    private readonly home: WorkerHome,
    policy: string,
    private readonly pipe?: NamedPipe,
  ) {
    this.written = { system: '', policy }
    this.chats = home.chats(folderName(home))
    mkdirSync(this.chats, { recursive: true, mode: 0o700 })
  }

  /** Puts something where the conversation will be: the CLI looks for the session before it reads it. */
  async reserve(id: string): Promise<void> {
    await this.put(id, sessionFile(id, [{ type: 'user', content: [{ text: STAND_IN }] }], Date.now()))
  }

  /**
   * The CLI looks into all sessions before it opens one, and waits at the pipe, which it takes for one. What it reads there is the
   * head of a session: else it would read it a second time, behind its end, and wait where nobody lets it go on.
   */
  makeWait(): void {
    if (!this.pipe) return
    this.pipe.hold(sessionFile('pipe', [], Date.now()))
    symlinkSync(this.pipe.path, this.session('pipe'))
  }

  /** Idempotent. */
  letGoOn(): void {
    try {
      // First, so that none comes too late for what follows.
      rmSync(this.session('pipe'), { force: true })
    } finally {
      this.pipe?.letGo()
    }
  }

  /** Writes what the CLI reads of a turn. @returns the bytes of the conversation */
  async writeTurn(
    id: string,
    { system, records, hook }: { system: string; records: readonly Content[]; hook: string },
  ): Promise<number> {
    const text = sessionFile(id, records, Date.now())
    await Promise.all([
      this.put(id, text),
      this.write('system', system),
      // The hook takes off what it has said.
      writeFile(this.home.hook, hook, { mode: 0o600 }),
    ])
    return Buffer.byteLength(text)
  }

  async write(name: keyof Standing, text: string): Promise<void> {
    if (this.written[name] === text) return
    await writeFile(this.home[name], text, { mode: 0o600 })
    this.written[name] = text
  }

  /** What the CLI has noted of a conversation behind its first `bytes`, as lines. */
  async noted(id: string, bytes: number): Promise<string> {
    return await textOf(Bun.file(this.session(id)).slice(bytes))
  }

  /** What it has noted of the answers of the service, as lines; empty where it notes none. */
  async answered(): Promise<string> {
    return await textOf(Bun.file(this.home.answers))
  }

  /** What it has left of the hook's lines. */
  async hookLeft(): Promise<string> {
    return await textOf(Bun.file(this.home.hook))
  }

  /** Whether the CLI's report of a failed request, which it writes before it answers, has an error of this name. */
  async reports(name: string): Promise<boolean> {
    const files = await readdir(this.home.temporary).catch(() => [])
    const report = files.find((file) => file.startsWith('gemini-client-error-'))
    if (report === undefined) return false
    const { error } = (await Bun.file(join(this.home.temporary, report))
      .json()
      .catch(() => ({}))) as Fields
    return textAt(asFields(error), 'stack')?.startsWith(`${name}:`) === true
  }

  /** Removes what the turn has left: the conversation, and the copy that the CLI makes of it when a request fails. */
  async clean(): Promise<void> {
    await rm(this.home.answers, { force: true })
    for (const folder of [this.chats, this.home.temporary]) {
      await rm(folder, { recursive: true, force: true })
      await mkdir(folder, { mode: 0o700 })
    }
  }

  /** Where the CLI looks for a session. */
  private session(id: string): string {
    // The file's name must not be that of this minute: the CLI would take the file for one that it has just begun.
    return join(this.chats, `session-2000-01-01T00-00-${id.slice(0, 8)}.jsonl`)
  }

  /** Whole or not at all: the CLI may be reading what stood there. */
  private async put(id: string, text: string): Promise<void> {
    const file = this.home.conversation(id)
    await writeFile(file, text, { mode: 0o600 })
    await rename(file, this.session(id))
  }
}

const textOf = (file: Blob): Promise<string> => file.text().catch(() => '')

/** The name that the CLI gave to the folder it works in. */
function folderName(home: WorkerHome): string {
  try {
    const projects = fieldsAt(asFields(JSON.parse(readFileSync(home.projects, 'utf8'))), 'projects')
    return textAt(projects, home.work) ?? Object.values(projects ?? {}).find((name) => typeof name === 'string') ?? 'w'
  } catch {
    return 'w'
  }
}
