// The simulated service under the name of the real one: a proxy on the loopback that a CLI reaches api.anthropic.com through, with
// a certificate that only the CLI under test is told to trust. Some of what Claude Code does depends on that name.
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import type { Upstream } from '../../upstream/upstream.ts'

const FIXTURES = join(import.meta.dir, '../fixtures/official-host')

/** `environment`: what the CLI needs to get there. */
export async function officialHost(
  upstream: Upstream,
): Promise<{ environment: Record<string, string | undefined> } & AsyncDisposable> {
  const certificate = join(FIXTURES, 'certificate.pem')
  const host = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    tls: { key: Bun.file(join(FIXTURES, 'key.pem')), cert: Bun.file(certificate) },
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      const { method, headers } = request
      const body = method === 'GET' ? null : await request.text()
      return await fetch(`${upstream.url}${pathname}${search}`, { method, headers, body })
    },
  })
  const proxy = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', (head) => {
      if (!head.toString().startsWith('CONNECT api.anthropic.com:443 ')) return socket.destroy()
      const there = connect(host.port!, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.pipe(there).pipe(socket)
      })
      there.on('error', () => socket.destroy())
    })
  })
  await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve))
  const { port } = proxy.address() as { port: number }
  return {
    environment: {
      ANTHROPIC_BASE_URL: undefined,
      HTTPS_PROXY: `http://127.0.0.1:${port}`,
      NODE_EXTRA_CA_CERTS: certificate,
    },
    async [Symbol.asyncDispose]() {
      proxy.close()
      await host.stop(true)
    },
  }
}
