// Started by shutdown.test.ts: a server with one child and one answer that lasts, told by lines on stdin what to do.
import { createLog } from '../../../src/observe/log.ts'
import { spawnChild } from '../../../src/process/spawn.ts'
import { installShutdown } from '../../../src/shutdown.ts'

const options = JSON.parse(process.argv[2] ?? '{}') as { graceMs?: number; close?: 'hangs' | 'fails' }
const log = createLog({ level: 'info', format: 'json' })
const held = Promise.withResolvers<void>()
// A child that does not end by itself, nor by SIGTERM, and has a child of its own.
const child = spawnChild({
  command: '/bin/sh',
  args: ['-c', "trap '' TERM; sleep 1000 & echo $!; while :; do sleep 1; done"],
  env: { PATH: process.env['PATH'] ?? '' },
  cwd: '/',
})
const [grandchild] = (await child.lines.next()).value ?? []

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  idleTimeout: 0,
  fetch(request) {
    if (!request.url.endsWith('/held')) return new Response('ok')
    const body = async function* () {
      yield 'begin '
      await held.promise
      yield 'end'
    }
    return new Response(body())
  },
})
installShutdown({
  server: {
    async stop(graceMs) {
      await Promise.race([server.stop(), Bun.sleep(graceMs)])
      await server.stop(true)
    },
  },
  gateway: {
    drain: { close: () => log.info({}, 'draining') },
    async close() {
      log.info({}, 'closing')
      if (options.close === 'hangs') await new Promise(() => {})
      if (options.close === 'fails') throw new Error('no way')
    },
  },
  log,
  graceMs: options.graceMs ?? 10_000,
  closeMs: 1500,
})
console.log(JSON.stringify({ url: server.url.href, children: [child.pid, Number(grandchild)] }))

for await (const line of console) {
  if (line === 'release') held.resolve()
  if (line === 'throw') setTimeout(() => raise('thrown sk-SEEDED0123456789'))
  if (line === 'reject') void Promise.reject(new Error('rejected sk-SEEDED0123456789'))
}

function raise(message: string): never {
  throw new Error(message)
}
