// The API explorer in a real browser for which no host but 127.0.0.1 exists.
import { describe, expect, test } from 'bun:test'
import { eventually } from '../http/gate.ts'
import { CHAT, hello, listening } from '../http/world.ts'

const CHROME = {
  type: 'chrome' as const,
  path: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  argv: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  ],
}
/** A browser on a busy machine takes its time. */
const SLOW = 60_000

/** An open browser page, and what it asked for and complained about. */
async function openPage() {
  const view = new Bun.WebView({ backend: CHROME, width: 1200, height: 900 })
  const asked: string[] = []
  const complaints: string[] = []
  await view.navigate('about:blank')
  await view.cdp('Network.enable')
  await view.cdp('Log.enable')
  view.addEventListener<{ request: { url: string } }>('Network.requestWillBeSent', ({ data }) => {
    asked.push(data.request.url)
  })
  view.addEventListener<{ entry: { level: string; text: string; url?: string } }>('Log.entryAdded', ({ data }) => {
    if (data.entry.level === 'error') complaints.push(`${data.entry.text} ${data.entry.url ?? ''}`)
  })
  const shows = async (text: string) => {
    const holds = () => view.evaluate<boolean>(`document.body.innerText.includes(${JSON.stringify(text)})`)
    const end = performance.now() + SLOW / 2
    while (!(await holds())) {
      if (performance.now() > end) {
        throw new Error(`${text} is not shown: ${await view.evaluate<string>('document.body.innerText')}`)
      }
      await Bun.sleep(50)
    }
  }
  return { view, asked, complaints, shows }
}

describe('the explorer at /docs', () => {
  test(
    'renders every operation, asks only this gateway, and breaks no rule of its policy',
    async () => {
      await using world = listening()
      const { view, asked, complaints, shows } = await openPage()
      await view.navigate(new URL('/docs/', world.url).href)
      for (const name of [
        'Create a chat completion',
        'List the models',
        'Retrieve one model',
        'Create a message',
        'Whether the gateway runs',
      ]) {
        await shows(name)
      }
      expect(view.url).toBe(new URL('/docs', world.url).href)
      // Data URLs come with the script.
      const hosts = new Set(asked.filter((url) => !url.startsWith('data:')).map((url) => new URL(url).host))
      expect([...hosts]).toEqual([world.url.host])
      expect(complaints.filter((text) => !text.includes('favicon'))).toEqual([])

      // What its "Test Request" does: a request of the page's own origin.
      const answer = await view.evaluate<{ status: number; text: string }>(`fetch('/v1/chat/completions', {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: ${JSON.stringify(JSON.stringify(CHAT))},
      }).then(async (response) => ({ status: response.status, text: await response.text() }))`)
      expect(answer).toMatchObject({ status: 200, text: expect.stringContaining('Hello there') })
      view.close()
    },
    SLOW,
  )
})

describe('a page of another site', () => {
  test(
    'can neither read nor spend, whatever it tries without permission',
    async () => {
      let turns = 0
      await using world = listening({
        run: () => {
          turns += 1
          return hello()
        },
      })
      using evil = Bun.serve({
        hostname: '127.0.0.1',
        port: 0,
        fetch: () => new Response('<h1>evil</h1>', { headers: { 'content-type': 'text/html' } }),
      })
      const { view } = await openPage()
      await view.navigate(evil.url.href)
      const target = JSON.stringify(new URL('/v1/chat/completions', world.url).href)
      const body = JSON.stringify(JSON.stringify(CHAT))
      const attempts = [
        `fetch(${target}, { method: 'POST', mode: 'no-cors', body: ${body} })`,
        `fetch(${target}, { method: 'POST', mode: 'no-cors', body: new Blob([${body}]) })`,
        `fetch(${target}, { method: 'POST', headers: { 'content-type': 'application/json' }, body: ${body} })`,
        `Promise.resolve(navigator.sendBeacon(${target}, ${body}))`,
      ]
      for (const attempt of attempts) {
        expect(await view.evaluate<string>(`${attempt}.then((r) => r.type ?? 'sent', () => 'failed')`)).not.toBe('cors')
      }
      await eventually(() => world.lines.length >= attempts.length, SLOW / 2)
      expect(world.lines.map((line) => line.status)).toEqual(attempts.map(() => 403))
      expect(turns).toBe(0)
      view.close()
    },
    SLOW,
  )
})
