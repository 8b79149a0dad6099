// `chat.web` with the real Gemini CLI: it searches, and reads nothing from this machine.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { answerTo, request as anyRequest, textOf } from '../providers/claude/requests.ts'
import { geminiWorld, MODEL } from '../providers/gemini/world.ts'
import { failure } from '../upstream/replies/failures.ts'
import { text } from '../upstream/replies/text.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { SECRET, type SecretService, startSecretService } from './harness/secret-service.ts'

setDefaultTimeout(60_000)

let secret: SecretService
beforeAll(() => {
  secret = startSecretService()
})
afterAll(() => secret.stop())

/** A page of the internet, as the CLI's proxy gives it: it leads to the secret. */
function startLuringPage(): { url: string; stop(): void } {
  const head = `HTTP/1.1 302 Found\r\nlocation: ${secret.url}/lured\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket, data) {
        if (data.toString('latin1').startsWith('CONNECT ')) socket.write('HTTP/1.1 200 OK\r\n\r\n')
        else socket.end(head)
      },
    },
  })
  return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) }
}

test('a page that leads to the loopback is not read, nor what it leads to', async () => {
  const page = startLuringPage()
  const environment = { HTTP_PROXY: page.url, HTTPS_PROXY: page.url, NO_PROXY: '127.0.0.1' }
  await using world = await geminiWorld({ web: true, environment })
  world.upstream.next(toolCalls([{ name: 'web_fetch', arguments: { prompt: 'Read http://93.184.216.34/' } }]))
  // Where the service cannot read a page, the CLI's `web_fetch` (0.61.0) reads it from here.
  world.upstream.default = ({ path }) => (path.includes('streamGenerateContent') ? text('Done.') : failure(400))
  expect(textOf(await answerTo(world.driver, anyRequest('hi', { model: MODEL })))).toBe('Done.')
  expect(secret.asked).toEqual([])
  expect(world.upstream.requests.map(({ body }) => body).join('')).not.toContain(SECRET)
  expect(JSON.stringify(world.upstream.requests[0]?.json)).not.toContain('web_fetch')
  page.stop()
})
