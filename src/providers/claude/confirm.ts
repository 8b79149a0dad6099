import type { GatewayError } from '../../core/error.ts'
import { type Fields, fieldsAt, textAt } from '../fields.ts'
import { refusalError } from './errors.ts'
import { asksForTools } from './frames.ts'
import type { ClaudeProcess } from './process.ts'

type Waiting = {
  /** Waits until it has asked for its tools, too. */
  tools: boolean
  /** What it is when the process ends meanwhile. */
  ended(): Promise<GatewayError>
}

/**
 * Writes frames to a process that runs no turn, and reads until it has confirmed each request of them.
 * @returns the answers by the ids of the requests
 * @throws GatewayError what it refused, or `ended`
 */
export async function untilConfirmed(
  process: ClaudeProcess,
  frames: (newId: () => string) => string,
  { tools, ended }: Waiting,
): Promise<Map<string, Fields>> {
  const waiting = new Set<string>()
  const answers = new Map<string, Fields>()
  const newId = () => {
    const id = process.newRequestId()
    waiting.add(id)
    return id
  }
  process.write(frames(newId))
  let settled = !tools
  while (waiting.size > 0 || !settled) {
    const messages = await process.read()
    if (messages === undefined) throw await ended()
    for (const message of messages) {
      settled ||= asksForTools(message)
      const response = fieldsAt(message, 'response')
      const id = textAt(response, 'request_id')
      if (message['type'] !== 'control_response' || id === undefined || !waiting.delete(id)) continue
      if (response?.['subtype'] !== 'success') throw refusalError(response)
      answers.set(id, fieldsAt(response, 'response') ?? {})
    }
  }
  return answers
}
