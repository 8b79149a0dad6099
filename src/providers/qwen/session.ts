// One conversation in a process that has many: its files, and how it is opened and closed.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayError } from '../../core/error.ts'
import type { AcpClient, AcpSession } from '../acp-client.ts'
import type { AcpSessionInfo } from '../acp-types.ts'
import { orAbort } from '../../core/or-abort.ts'
import type { WorkerFolder } from './command.ts'
import { chatRecords, type Conversation } from './history.ts'

export type SessionRequest = {
  conversation: Conversation
  /** The settings of this session; `logFolder` takes a file for each request to the service. */
  settings(logFolder: string): object
  /** The model that has to answer. */
  model: string
  /** It may search the web, and then go on. */
  web?: boolean
  /** The service is told which turn of its session this is. */
  numbered?: boolean
}

/** How long a session may take to end, in milliseconds; 5 are usual. */
const CLOSE_WITHIN = 5_000

const PRIVATE = { mode: 0o600 }

export type SessionPaths = { id: string; cwd: string; log: string; chats: string; scratch: string }

/** Where Qwen Code (0.24.4) keeps what belongs to a session; `name` is unique in its process. */
export function sessionPaths(folder: WorkerFolder, id: string, name: string): SessionPaths {
  const cwd = join(folder.work, name)
  const project = cwd.replace(/[^a-zA-Z0-9]/g, '-')
  return {
    id,
    cwd,
    log: join(folder.path, 'log', name),
    chats: join(folder.path, 'projects', project),
    scratch: join(folder.path, 'tmp', new Bun.CryptoHasher('sha256').update(cwd).digest('hex')),
  }
}

/** Writes the conversation to where the session will look for it. */
export async function writeChat(paths: SessionPaths, { entries }: Conversation, version: string): Promise<void> {
  const { id: sessionId, cwd } = paths
  const chats = join(paths.chats, 'chats')
  const language = join(cwd, '.qwen')
  await Promise.all([mkdir(chats, { recursive: true }), mkdir(language, { recursive: true })])
  const records = chatRecords(entries, { sessionId, cwd, version, now: new Date(), newUuid: () => crypto.randomUUID() })
  await Promise.all([
    writeFile(join(chats, `${sessionId}.jsonl`), records, PRIVATE),
    // Else the user's own file is appended to the system prompt.
    writeFile(join(language, 'output-language.md'), '', PRIVATE),
  ])
}

/** Opens it. One at a time in a process: the files are the same for all, and read meanwhile. */
export async function openSession(
  client: AcpClient,
  folder: WorkerFolder,
  paths: SessionPaths,
  request: SessionRequest,
  signal: AbortSignal,
): Promise<{ acp: AcpSession; info: AcpSessionInfo }> {
  const settings = JSON.stringify(request.settings(paths.log))
  await Promise.all([
    writeFile(folder.settings, settings, PRIVATE),
    writeFile(folder.system, request.conversation.system, PRIVATE),
  ])
  const acp = client.session(paths.id)
  try {
    const info = await client.resumeSession(paths.id, { cwd: paths.cwd }, signal)
    return { acp, info }
  } catch (error) {
    acp.dispose()
    throw error
  }
}

/**
 * Has the session read its system prompt anew behind its next prompt: that is how it ends a conversation by voice (0.24.4).
 * It reads it at once, too: one at a time in a process.
 * @throws AcpError, GatewayError, the reason of the abort
 */
export async function rereadSystem(
  client: AcpClient,
  { id: sessionId }: AcpSession,
  signal: AbortSignal,
): Promise<void> {
  for (const active of [true, false]) {
    await client.request('qwen/control/session/live-conversation', { sessionId, active }, signal)
  }
}

/**
 * Gives the conversation to a session that was opened without one, by a request (0.24.4) that no documentation names.
 * @throws AcpError, GatewayError, the reason of the abort
 */
export async function restoreConversation(
  client: AcpClient,
  { id: sessionId }: AcpSession,
  history: readonly object[],
  signal: AbortSignal,
): Promise<void> {
  await client.request('restoreSessionHistory', { sessionId, history }, signal)
}

/**
 * Qwen Code answers with another model, without a word, where it does not know the one that it was told.
 * @throws GatewayError `model_not_found`
 */
export function checkModel({ models }: AcpSessionInfo, wanted: string): void {
  const current = models?.currentModelId
  if (current === undefined || modelName(current) === wanted) return
  throw new GatewayError(
    'model_not_found',
    `Qwen Code does not run the model "${wanted}", but another one in its place.`,
    {
      param: 'model',
    },
  )
}

/** The name in `qwen3-max(openai)` and in `$runtime|openai|qwen3-max(openai)`. */
export function modelName(id: string): string {
  return id.replace(/^\$runtime\|[^|]*\|/, '').replace(/\([^()]*\)$/, '')
}

/** Ends the session and forgets it; false when it does not end. Never rejects. */
export async function closeSession(
  client: AcpClient,
  session: AcpSession | undefined,
  paths: SessionPaths,
): Promise<boolean> {
  const deadline = AbortSignal.timeout(CLOSE_WITHIN)
  let closed = true
  try {
    if (session) {
      await orAbort(session.settled(), deadline)
      await client.request('qwen/control/session/close', { sessionId: session.id }, deadline)
      session.dispose()
    }
  } catch {
    closed = false
  }
  const remove = [paths.cwd, paths.log, paths.chats, paths.scratch].map((path) =>
    rm(path, { recursive: true, force: true }),
  )
  await Promise.allSettled(remove)
  return closed
}
