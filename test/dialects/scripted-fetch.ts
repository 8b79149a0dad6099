// A server for the official SDKs, without a socket.
import { cut } from './answers.ts'

export type Reply = { bytes: Uint8Array; status?: number; type?: string; sizes?: number[] }

/** Gives these answers one after the other, in pieces of these sizes, and keeps what was sent. */
export function scriptedFetch(replies: readonly Reply[]) {
  const sent: Record<string, unknown>[] = []
  const fetch = async (_url: unknown, request?: { body?: unknown }): Promise<Response> => {
    sent.push(JSON.parse(request?.body as string) as Record<string, unknown>)
    const { bytes, sizes, status = 200, type = 'text/event-stream; charset=utf-8' } = replies[sent.length - 1]!
    const pieces = cut(bytes, sizes ?? [bytes.length])
    const body = new ReadableStream({
      pull(controller) {
        const piece = pieces.shift()
        if (piece) controller.enqueue(piece)
        else controller.close()
      },
    })
    return new Response(body, { status, headers: { 'content-type': type, 'request-id': 'req_1' } })
  }
  return { fetch, sent }
}
