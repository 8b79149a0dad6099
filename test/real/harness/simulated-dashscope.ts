// Alibaba Cloud's service for a CLI that takes no other: a proxy that leads its name to the simulated one, by TLS with a certificate that is
// only good for this.
import { join } from 'node:path'

const CERTIFICATE = join(import.meta.dir, 'simulated-dashscope.crt.pem')
const KEY = join(import.meta.dir, 'simulated-dashscope.key.pem')

export type SimulatedDashScope = {
  /** For the environment of the CLI. */
  environment: Record<string, string>
  stop(): void
}

/** `upstream`: URL of the simulated service, without a path. */
export function startDashScope(upstream: () => string): SimulatedDashScope {
  const service = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    development: false,
    tls: { cert: Bun.file(CERTIFICATE), key: Bun.file(KEY) },
    fetch(request) {
      const path = new URL(request.url).pathname.replace('/compatible-mode', '')
      const { method, body, signal } = request
      return fetch(upstream() + path, { method, body, signal, headers: { 'content-type': 'application/json' } })
    },
  })
  const proxy = startTunnels(service.port ?? 0)
  return {
    environment: {
      OPENAI_BASE_URL: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
      HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
      NO_PROXY: '127.0.0.1',
      NODE_EXTRA_CA_CERTS: CERTIFICATE,
    },
    stop() {
      proxy.stop(true)
      void service.stop(true)
    },
  }
}

type Tunnel = { other: Bun.Socket | undefined; early: Buffer[]; begun: boolean }

/** Whatever is asked for, the tunnel ends at `port`. */
function startTunnels(port: number) {
  return Bun.listen<Tunnel>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(socket) {
        socket.data = { other: undefined, early: [], begun: false }
      },
      async data(socket, data) {
        const tunnel = socket.data
        if (tunnel.begun) {
          if (tunnel.other) tunnel.other.write(data)
          else tunnel.early.push(Buffer.from(data))
          return
        }
        tunnel.begun = true
        tunnel.other = await Bun.connect({
          hostname: '127.0.0.1',
          port,
          socket: { data: (_, back) => void socket.write(back), close: () => void socket.end() },
        })
        for (const piece of tunnel.early) tunnel.other.write(piece)
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
      },
      close(socket) {
        socket.data?.other?.end()
      },
    },
  })
}
