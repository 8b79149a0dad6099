import type { AcpSession } from './acp-client.ts'

/** Whether the session has answered its prompt, or does so within so many milliseconds. */
export async function settledWithin(session: AcpSession, milliseconds: number): Promise<boolean> {
  let timer: Timer | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false)
  })
  const inTime = await Promise.race([session.settled().then(() => true), late])
  clearTimeout(timer)
  return inTime
}
