import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reloadable } from '../../src/commands/reload.ts'
import type { Parts } from '../../src/commands/parts.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { createDrain } from '../../src/http/drain.ts'
import { eventually, startCligate } from '../support/cligate.ts'

const root = mkdtempSync(join(tmpdir(), 'cligate-reload-'))
afterAll(() => rmSync(root, { recursive: true }))
let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(root, 'home-'))
  file = join(folder, 'cligate.yaml')
  writeFileSync(file, 'strict: false\n', { mode: 0o600 })
})

const load = () => loadConfig({ file, environment: { HOME: folder }, folder })

/** A gateway that answers with its configuration, and notes what happens to it. */
function fake(name: string, events: string[]): Parts {
  return {
    app: { fetch: () => new Response(name) },
    drivers: [],
    drain: createDrain(),
    start: () => void events.push(`start ${name}`),
    status: () => Promise.resolve([]),
    close: () => Promise.resolve(void events.push(`close ${name}`)),
  }
}

function world() {
  const events: string[] = []
  const logged: { level: string; fields: object; message: string }[] = []
  const at = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message })
  const log = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    request: () => {},
    close: () => Promise.resolve(),
  }
  const loaded = load()
  const first = fake('first', events)
  const configs: Config[] = []
  const gateway = reloadable({
    loaded,
    config: loaded.config,
    gateway: first,
    log,
    load,
    createGateway: async (config) => fake(`gateway ${configs.push(config)}`, events),
  })
  const answer = async () => await (await gateway.app.fetch(new Request('http://localhost/'))).text()
  return { gateway, first, events, logged, configs, config: loaded.config, answer }
}

describe('a changed configuration', () => {
  test('takes effect, and the old gateway ends what it has begun', async () => {
    const { gateway, first, events, answer } = world()
    first.drain.enter()
    writeFileSync(file, 'strict: true\n')
    await gateway.reload()
    expect(await answer()).toBe('gateway 1')
    expect(events).toEqual(['start gateway 1'])
    await Bun.sleep(250)
    expect(events).not.toContain('close first')
    first.drain.leave()
    await eventually('the old one is closed', () => events.includes('close first'))
    await gateway.close()
    expect(events.at(-1)).toBe('close gateway 1')
  })

  test.each(['strict: maybe\n', 'nonsense: 1\n', '{', 'aliases: 7\n'])(
    '%j is refused; the last good one stays',
    async (text) => {
      const { gateway, events, logged, answer } = world()
      writeFileSync(file, text)
      await gateway.reload()
      expect(await answer()).toBe('first')
      expect(events).toEqual([])
      expect(logged).toMatchObject([{ level: 'error', fields: { problems: [expect.anything()] } }])
    },
  )

  test('that says the same changes nothing; what counts at the start only is told', async () => {
    const { gateway, logged, answer } = world()
    writeFileSync(file, '# a comment\nstrict: false\n')
    await gateway.reload()
    expect(await answer()).toBe('first')
    writeFileSync(file, 'server: { port: 9 }\n')
    await gateway.reload()
    expect(logged[0]).toMatchObject({ level: 'warn', fields: { keys: ['server.port'] } })
  })

  test('what counts from the next start on is as it was at this one, whatever else takes effect', async () => {
    const { gateway, logged, configs, config } = world()
    // A host that others can reach gets a key in the state folder: in neither of them now.
    const elsewhere = join(folder, 'elsewhere')
    const fixed = { server: { host: '0.0.0.0', port: 9 }, state_dir: elsewhere, log: { level: 'debug' } }
    writeFileSync(file, Bun.YAML.stringify(fixed))
    await gateway.reload()
    expect(configs).toEqual([])
    expect(logged).toMatchObject([
      { level: 'warn', fields: { keys: ['server.host', 'server.port', 'state_dir', 'log'] } },
    ])
    writeFileSync(file, Bun.YAML.stringify({ ...fixed, strict: true }))
    await gateway.reload()
    expect(configs).toEqual([{ ...config, strict: true }])
    expect([existsSync(elsewhere), existsSync(join(config.state_dir, 'api-key'))]).toEqual([false, false])
  })

  test('a shutdown meanwhile waits for nobody’s answer twice', async () => {
    const { gateway, first, events } = world()
    first.drain.enter()
    writeFileSync(file, 'strict: true\n')
    await gateway.reload()
    gateway.drain.close()
    await gateway.close()
    expect(events).toEqual(['start gateway 1', 'close gateway 1', 'close first'])
  })
})

test('a running server takes what an editor saved, in the middle of a stream, and keeps it when the next is wrong', async () => {
  const gate = await startCligate({ config: { providers: { demo: { enabled: true } } } })
  try {
    const ask = (model: string, text: string) =>
      fetch(`${gate.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: text }] }),
      })
    const stream = (await ask('demo/chat', '/tokens 40 /delay 100 go')).body!.getReader()
    await stream.read()
    const path = join(gate.home, 'cligate.yaml')
    const save = (config: object) => {
      writeFileSync(`${path}~`, Bun.YAML.stringify(config), { mode: 0o600 })
      renameSync(`${path}~`, path)
    }
    const config = { state_dir: join(gate.home, 'state'), aliases: { mine: 'demo/echo' } }
    save(config)
    const works = async () => (await ask('mine', 'hi')).status === 200
    await eventually('the alias', works)
    save({ ...config, strict: 'maybe' })
    await eventually('the mistake is logged', () => gate.log().includes('the last good one stays'))
    expect(await works()).toBe(true)
    let rest = ''
    for (let part = await stream.read(); !part.done; part = await stream.read())
      rest += new TextDecoder().decode(part.value)
    expect(rest).toEndWith('data: [DONE]\n\n')
  } finally {
    await gate.stop()
  }
}, 60_000)

test('a reload closes idle sockets, and keeps what runs in the background within reach', async () => {
  const gate = await startCligate({ config: { providers: { demo: { enabled: true } } } })
  try {
    const respond = async (path: string, body?: object) => {
      const method = body ? 'POST' : 'GET'
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${gate.url}/v1/responses${path}`, { method, headers, body: JSON.stringify(body) })
      return (await answer.json()) as { id: string; status: string }
    }
    const begin = (input: string) => respond('', { model: 'demo/chat', input, background: true })
    const [hanging, slow] = [await begin('/hang after 2'), await begin('/tokens 30 /delay 100 go')]
    const socket = new WebSocket(`${gate.url.replace('http', 'ws')}/v1/responses`)
    await new Promise((resolve) => socket.addEventListener('open', resolve))
    const closed = new Promise<number>((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)))
    const path = join(gate.home, 'cligate.yaml')
    const config = { state_dir: join(gate.home, 'state'), aliases: { mine: 'demo/echo' } }
    writeFileSync(`${path}~`, Bun.YAML.stringify(config), { mode: 0o600 })
    renameSync(`${path}~`, path)
    expect(await closed).toBe(1001)
    // Longer than the old gateway would wait if it had nothing to do.
    await Bun.sleep(500)
    expect((await respond(`/${hanging.id}`)).status).toBe('in_progress')
    expect((await respond(`/${hanging.id}/cancel`, {})).status).toBe('cancelled')
    const seen = new Set<string>()
    await eventually('the slow one is completed', async () => {
      const { status } = await respond(`/${slow.id}`)
      seen.add(status)
      return status === 'completed'
    })
    expect(seen).not.toContain('failed')
  } finally {
    await gate.stop()
  }
}, 60_000)

test('after a reload requests are counted on, and an answer that has ended is found at once', async () => {
  const limits = { enabled: true, chat_per_minute: 3, session_per_minute: 1000, health_per_minute: 1000 }
  const gate = await startCligate({ config: { rate_limit: limits } })
  try {
    const respond = (input: string) =>
      fetch(`${gate.url}/v1/responses`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'demo/chat', input, stream: true }),
      })
    let reloads = 0
    const reload = async (rate_limit: object, aliases: object) => {
      const path = join(gate.home, 'cligate.yaml')
      writeFileSync(`${path}~`, Bun.YAML.stringify({ state_dir: join(gate.home, 'state'), rate_limit, aliases }), {
        mode: 0o600,
      })
      renameSync(`${path}~`, path)
      reloads += 1
      await eventually('the reload', () => gate.log().split('has taken effect').length > reloads)
    }
    const left = async () => {
      const answer = await respond('hi')
      await answer.text()
      return [answer.status, answer.headers.get('x-ratelimit-remaining-requests')]
    }

    const begun = await respond('/tokens 20 /delay 150 go')
    const text = begun.text()
    await reload(limits, { one: 'demo/echo' })
    const id = /"id":"(resp_\w+)"/.exec(await text)?.[1]
    expect((await fetch(`${gate.url}/v1/responses/${id}`)).status).toBe(200)
    expect([await left(), await left(), await left()]).toEqual([
      [200, '1'],
      [200, '0'],
      [429, null],
    ])
    await reload({ ...limits, chat_per_minute: 10 }, {})
    expect(await left()).toEqual([200, '5'])
  } finally {
    await gate.stop()
  }
}, 60_000)
