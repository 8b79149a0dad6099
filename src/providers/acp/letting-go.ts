// How an agent lets go of a session, as far as it knows how to.
import type { AcpProcess } from '../acp-process.ts'

/** The requests that do it, in order. */
export function waysToLetGo({ info }: AcpProcess): string[] {
  const abilities = info.agentCapabilities?.sessionCapabilities
  return [...(abilities?.close ? ['session/close'] : []), ...(abilities?.delete ? ['session/delete'] : [])]
}

/** Never rejects. */
export async function letGo(process: AcpProcess, sessionId: string, signal: AbortSignal): Promise<void> {
  for (const method of waysToLetGo(process)) {
    await process.client.request(method, { sessionId }, signal).catch(() => {})
  }
}
