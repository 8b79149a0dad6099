import type { AcpSession } from '../acp-client.ts'
import type { Content } from './history.ts'
import { STAND_IN } from './worker-files.ts'

/**
 * The CLI repeats the conversation after it has said that it is loaded. A running turn never repeats what the user said.
 * @throws Error where it repeats what stood in for the conversation
 */
export async function skipReplay(session: AcpSession, records: readonly Content[], signal: AbortSignal): Promise<void> {
  for (let left = records.filter(({ type }) => type === 'user').length; left > 0;) {
    for (const event of await session.next(signal)) {
      if (event.type !== 'update' || event.update.sessionUpdate !== 'user_message_chunk') continue
      const { content } = event.update
      if (content.type === 'text' && content.text === STAND_IN)
        throw new Error('The CLI did not wait for the conversation.')
      left -= 1
    }
  }
}
