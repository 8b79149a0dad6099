// A client that is a bare socket: it can stop reading, vanish, and send what no HTTP library would.
import { connect, type Socket } from 'node:net'

export type RawClient = {
  socket: Socket
  send(data: string | Uint8Array): void
  /** All that has come so far, as bytes in Latin-1. */
  received(): string
  /** Resolves with all that has come, as soon as it holds `text`. Rejects when the connection ends without it. */
  until(text: string): Promise<string>
  /** Resolves with all that came, when the connection is closed. */
  closed: Promise<string>
  /** Ends the connection with a reset, as a killed process does. */
  kill(): void
}

export function rawClient(port: number): RawClient {
  const socket = connect({ port, host: '127.0.0.1' })
  let text = ''
  const waiting = new Set<() => void>()
  const { promise: closed, resolve } = Promise.withResolvers<string>()
  let over = false
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    for (const check of waiting) check()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    over = true
    for (const check of waiting) check()
    resolve(text)
  })
  return {
    socket,
    send: (data) => void socket.write(data),
    received: () => text,
    until: (wanted) =>
      new Promise((found, missed) => {
        const check = () => {
          if (text.includes(wanted)) found(text)
          else if (over)
            missed(new Error(`the connection ended without ${JSON.stringify(wanted)}: ${text.slice(0, 500)}`))
          else return
          waiting.delete(check)
        }
        waiting.add(check)
        check()
      }),
    closed,
    kill: () => void socket.resetAndDestroy(),
  }
}

/** The text of a POST with a JSON body. */
export function post(body: unknown, headers: Record<string, string> = {}, path = '/v1/chat/completions'): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const all = {
    host: '127.0.0.1',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${text}`
}
