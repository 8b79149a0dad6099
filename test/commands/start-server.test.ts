import { afterAll, afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Listen } from '../../src/commands/parts.ts'
import { type Started, startServer, type StartParts } from '../../src/commands/start-server.ts'
import { loadConfig } from '../../src/config/load.ts'
import { createLog } from '../../src/observe/log.ts'
import { fakeGateway } from './fake-gateway.ts'

const root = mkdtempSync(join(tmpdir(), 'cligate-start-'))
afterAll(() => rmSync(root, { recursive: true }))

let state = ''
beforeEach(() => {
  state = join(mkdtempSync(join(root, 'state-')), 'state')
})
const started: Started[] = []
afterEach(async () => {
  for (const { listening } of started.splice(0)) await listening.stop(0)
})

/** Real sockets, all on 127.0.0.1 whatever address was asked for. */
const listen: Listen = (app, { port }) => {
  const server = Bun.serve({ hostname: '127.0.0.1', port, reusePort: false, fetch: (request) => app.fetch(request) })
  return { url: server.url, port: server.port!, stop: () => server.stop(true) }
}

async function start(
  environment: Record<string, string>,
  options: Partial<StartParts> & { gateway?: ReturnType<typeof fakeGateway> } = {},
) {
  const printed: string[] = []
  const logged: { message: string; level: string }[] = []
  const gateway = options.gateway ?? fakeGateway()
  const loaded = loadConfig({ environment: { CLIGATE_STATE_DIR: state, ...environment }, folder: root })
  const server = await startServer(loaded, {
    version: '1.2.3',
    createGateway: gateway.createGateway,
    listen,
    createLog: () => createLog({ level: 'debug', format: 'json', write: (line) => logged.push(JSON.parse(line)) }),
    print: (text) => printed.push(text),
    withProgress: (work) => work(() => {}),
    color: false,
    ...options,
  })
  started.push(server)
  return { ...server, calls: gateway.calls, seen: gateway.seen, printed, text: () => printed.join(''), logged }
}

const failure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'it started',
    (error: Error) => error.message,
  )

const take = (port: number) =>
  Bun.serve({ hostname: '127.0.0.1', port, reusePort: false, fetch: () => new Response('taken') })

describe('the port', () => {
  test('the next free one when it is taken, and it says so', async () => {
    const taken = take(0)
    const port = taken.port!
    try {
      const server = await start({ PORT: String(port) })
      expect(server.listening.port).toBeGreaterThan(port)
      expect(server.listening.port).toBeLessThan(port + 10)
      expect(server.text()).toContain(`Port ${port} is taken; this is the next free one.`)
      expect(server.text()).toContain(`http://127.0.0.1:${server.listening.port}`)
      expect(server.logged).toContainEqual(expect.objectContaining({ level: 'warn', asked: port }))
      expect(await (await fetch(server.listening.url)).text()).toBe('ok')
    } finally {
      await taken.stop(true)
    }
  })

  test('ten are tried, then the gateway is closed and the error is clear', async () => {
    const tried: number[] = []
    const gateway = fakeGateway()
    const failing: Listen = (_, { port }) => {
      tried.push(port)
      throw Object.assign(new Error('in use'), { code: 'EADDRINUSE' })
    }
    expect(await failure(start({}, { listen: failing, gateway }))).toContain(
      'No free port: 8000 to 8009 are all taken.',
    )
    expect(tried).toEqual([8000, 8001, 8002, 8003, 8004, 8005, 8006, 8007, 8008, 8009])
    expect(gateway.calls).toEqual(['create', 'close'])
  })

  test('the last port has no next one', async () => {
    const tried: number[] = []
    const failing: Listen = (_, { port }) => {
      tried.push(port)
      throw Object.assign(new Error('in use'), { code: 'EADDRINUSE' })
    }
    expect(await failure(start({ PORT: '65534' }, { listen: failing }))).toContain('65534 to 65535')
    expect(tried).toEqual([65534, 65535])
  })

  test('another reason not to listen is told at once', async () => {
    const tried: number[] = []
    const failing: Listen = (_, { port }) => {
      tried.push(port)
      throw Object.assign(new Error('not allowed'), { code: 'EACCES' })
    }
    expect(await failure(start({}, { listen: failing }))).toContain('not allowed')
    expect(tried).toEqual([8000])
  })

  test('0 is any free one, and no warning', async () => {
    const server = await start({ PORT: '0' })
    expect(server.listening.port).toBeGreaterThan(0)
    expect(server.text()).not.toContain('taken')
  })
})

describe('the banner', () => {
  test('the server listens before the providers have told anything', async () => {
    const gate = Promise.withResolvers<void>()
    const server = await start({ PORT: '0' }, { gateway: fakeGateway({ statusGate: gate.promise }) })
    expect(server.text()).toContain('cligate 1.2.3 is listening on http://127.0.0.1:')
    expect(server.calls).toEqual(['create'])
    const introduced = server.introduce()
    expect(await (await fetch(server.listening.url)).text()).toBe('ok')
    expect(server.calls).toEqual(['create', 'start', 'status'])
    expect(server.text()).not.toContain('Providers')
    gate.resolve()
    await introduced
    expect(server.text()).toContain('Providers')
    expect(server.text()).toContain('"model":"demo/hello"')
  })

  test('a failing status costs the list, not the server', async () => {
    const server = await start({ PORT: '0' }, { gateway: fakeGateway({ statusError: new Error('broken') }) })
    await server.introduce()
    expect(server.text()).toContain('none is enabled')
    expect(server.logged).toContainEqual(expect.objectContaining({ level: 'warn' }))
  })
})

describe('beyond the loopback', () => {
  test('a key is made, used, shown once, and read from its file by the first request', async () => {
    const first = await start({ PORT: '0', HOST: '0.0.0.0' })
    await first.introduce()
    const key = readFileSync(join(state, 'api-key'), 'utf8').trim()
    expect(first.seen.config?.server.api_keys).toEqual([key])
    expect(first.text().split(key).length - 1).toBe(1)
    expect(first.text()).toContain(`authorization: Bearer $(cat '${join(state, 'api-key')}')`)
    expect(first.text()).toContain(`http://127.0.0.1:${first.listening.port}/v1`)
    expect(JSON.stringify(first.logged)).not.toContain(key)

    const second = await start({ PORT: '0', HOST: '0.0.0.0' })
    await second.introduce()
    expect(second.seen.config?.server.api_keys).toEqual([key])
    expect(second.text()).not.toContain(key)
  })

  test('without any key only when asked for, and with a warning', async () => {
    const server = await start({ PORT: '0', HOST: '0.0.0.0', CLIGATE_SERVER__INSECURE: 'true' })
    expect(server.seen.config?.server.api_keys).toEqual([])
    expect(server.logged).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('without any key') }),
    )
  })

  test('a configured key is never printed', async () => {
    const server = await start({ PORT: '0', API_KEY: 'SEEDED-key-1' })
    await server.introduce()
    expect(server.text()).toContain('Bearer YOUR_KEY')
    expect(server.text() + JSON.stringify(server.logged)).not.toContain('SEEDED')
  })
})
