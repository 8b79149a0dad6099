// The clients of the benchmarks: as little as possible between the clock and the socket.

export type StreamTiming = { firstTokenMs: number; totalMs: number; characters: number }

export type ChatBody = { model: string; messages: { role: string; content: string }[]; stream?: boolean } & Record<
  string,
  unknown
>

/** Streams one chat completion and says when its first text came. */
export async function timeStream(baseUrl: string, body: ChatBody): Promise<StreamTiming> {
  const started = performance.now()
  const response = await fetch(`${baseUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, stream: true }),
  })
  if (!response.ok || !response.body) throw new Error(`${response.status}: ${await response.text()}`)
  const decoder = new TextDecoder()
  let firstTokenMs = 0
  let characters = 0
  let rest = ''
  for await (const chunk of response.body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.includes('"error":{')) throw new Error(line)
      const content = /"content":"((?:[^"\\]|\\.)+)"/.exec(line)?.[1]
      if (!content) continue
      firstTokenMs ||= performance.now() - started
      characters += content.length
    }
  }
  if (firstTokenMs === 0) throw new Error('the stream had no text')
  return { firstTokenMs, totalMs: performance.now() - started, characters }
}

export type LoadResult = { requests: number; perSecond: number; p50Ms: number; p99Ms: number; failed: number }

/**
 * Sends the same POST over `connections` keep-alive sockets, one request after the other on each, for `total` requests.
 * Raw TCP, so that the load costs less than what it measures.
 */
export async function load(
  url: string,
  body: string,
  options: { connections: number; total: number },
): Promise<LoadResult> {
  const { hostname, port, pathname, host } = new URL(url)
  const request = `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  const times: number[] = []
  let sent = 0
  let failed = 0
  const begun = performance.now()
  const one = () =>
    new Promise<void>((resolve, reject) => {
      let started = 0
      let received = ''
      const next = (socket: Bun.Socket) => {
        if (sent >= options.total) {
          socket.end()
          return resolve()
        }
        sent += 1
        received = ''
        started = performance.now()
        socket.write(request)
      }
      Bun.connect({
        hostname,
        port: Number(port),
        socket: {
          open: next,
          data(socket, chunk) {
            received += chunk.toString('latin1')
            const head = received.indexOf('\r\n\r\n')
            if (head < 0) return
            const length = Number(/content-length: (\d+)/i.exec(received.slice(0, head))?.[1])
            if (Number.isNaN(length)) return reject(new Error(`no content-length in: ${received.slice(0, head)}`))
            if (received.length < head + 4 + length) return
            if (!received.startsWith('HTTP/1.1 200')) failed += 1
            times.push(performance.now() - started)
            next(socket)
          },
          error: (_, error) => reject(error),
        },
      }).catch(reject)
    })
  await Promise.all(Array.from({ length: options.connections }, one))
  const seconds = (performance.now() - begun) / 1000
  const sorted = times.toSorted((a, b) => a - b)
  return {
    requests: times.length,
    perSecond: times.length / seconds,
    p50Ms: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
    failed,
  }
}
