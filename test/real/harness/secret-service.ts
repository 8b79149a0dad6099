/** A service on the loopback that is nobody else's business; `asked` are the paths that somebody read all the same. */
export type SecretService = { url: string; port: number; asked: string[]; stop(): void }

export const SECRET = 'hush-4711'

export function startSecretService(): SecretService {
  const asked: string[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    development: false,
    fetch({ url }) {
      asked.push(new URL(url).pathname)
      return new Response(SECRET, { headers: { 'content-type': 'text/plain' } })
    },
  })
  const port = server.port ?? 0
  return { url: `http://127.0.0.1:${port}`, port, asked, stop: () => void server.stop(true) }
}
