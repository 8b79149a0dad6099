// Between a child process and the ACP library: lines to messages and back. Updates of sessions take a way of their own, as
// one array per read: the library would hand them over one by one, each through the checks of its schemas.
import type { AnyMessage, SessionUpdate, Stream } from '@agentclientprotocol/sdk'
import { parseJsonLine } from '../process/json-lines.ts'
import type { Child } from '../process/spawn.ts'
import { type Fields, fieldsAt, textAt } from './fields.ts'

export type SessionUpdates = { sessionId: string; updates: SessionUpdate[] }

export type StreamOptions = {
  /** All updates of a read, by session. Awaited: the agent is held back so long. */
  onUpdates(updates: SessionUpdates[]): Promise<void> | void
  /** The output is over; `error` where it broke. */
  onEnd(error?: unknown): void
}

/** The library's end of the child's pipes. Lines that are no messages (agents log to stdout too) are passed over. */
export function childStream(child: Child, options: StreamOptions): Stream {
  const readable = new ReadableStream<AnyMessage>({ start: (controller) => void pump(child, controller, options) })
  const writable = new WritableStream<AnyMessage>({
    write(message) {
      if (!child.write(`${JSON.stringify(message)}\n`)) throw new Error('The agent does not listen any more.')
    },
  })
  return { readable, writable }
}

async function pump(
  child: Child,
  controller: ReadableStreamDefaultController<AnyMessage>,
  { onUpdates, onEnd }: StreamOptions,
): Promise<void> {
  try {
    for await (const lines of child.lines) {
      const updates = new Map<string, SessionUpdates>()
      const messages: AnyMessage[] = []
      for (const line of lines) {
        const parsed = parseJsonLine(line)
        if (!parsed.ok || parsed.value['jsonrpc'] !== '2.0') continue
        if (!collectUpdate(parsed.value, updates)) messages.push(parsed.value as AnyMessage)
      }
      // Before the messages: the answer to a prompt comes behind the updates of its turn.
      if (updates.size > 0) await onUpdates([...updates.values()])
      for (const message of messages) controller.enqueue(message)
    }
    onEnd()
    controller.close()
  } catch (error) {
    onEnd(error)
    close(controller)
  }
}

function collectUpdate(message: Fields, updates: Map<string, SessionUpdates>): boolean {
  if (message['method'] !== 'session/update' || 'id' in message) return false
  const params = fieldsAt(message, 'params')
  const sessionId = textAt(params, 'sessionId')
  const update = fieldsAt(params, 'update')
  if (sessionId === undefined || update === undefined || !isReadable(update)) return true
  const entry = updates.get(sessionId) ?? { sessionId, updates: [] }
  entry.updates.push(update as SessionUpdate)
  updates.set(sessionId, entry)
  return true
}

/** The library checks what goes through it; updates go past it. One that is broken says nothing, but for a call of a tool. */
function isReadable(update: Fields): boolean {
  const kind = textAt(update, 'sessionUpdate')
  if (!kind?.endsWith('_chunk')) return kind !== undefined
  const content = fieldsAt(update, 'content')
  return content !== undefined && (content['type'] !== 'text' || typeof content['text'] === 'string')
}

/** Throws when the library has closed it already. */
function close(controller: ReadableStreamDefaultController<AnyMessage>): void {
  try {
    controller.close()
  } catch {
    // It is closed.
  }
}
