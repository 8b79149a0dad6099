// With an empty or malformed Host, Bun gives a request's path in place of its URL. No check may be passed by that.
import { expect, test } from 'bun:test'
import { post, rawClient } from '../http/raw-client.ts'
import { startCligate } from '../support/cligate.ts'

test.each(['', ' ', 'a b', 'x@y', 'a/b', 'a?b', 'a#b', 'a\\b'])(
  'Host %j opens no door',
  async (host) => {
    const gate = await startCligate({
      config: { providers: { claude: { enabled: false } }, server: { api_keys: ['key-of-the-test-1'] } },
    })
    try {
      const chat = { model: 'demo/echo', messages: [{ role: 'user', content: 'in' }] }
      for (const path of [
        '/v/health/v1/chat/completions',
        '/v/health/chat/completions',
        '/health/v1/chat/completions',
      ]) {
        const client = rawClient(Number(new URL(gate.url).port))
        client.send(post(chat, { host, connection: 'close' }, path))
        const answer = await client.closed
        expect([path, answer.slice(9, 12)]).not.toEqual([path, '200'])
      }
    } finally {
      await gate.stop()
    }
  },
  30_000,
)
