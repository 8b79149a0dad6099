// Processes that are started as agents, and are good ones or not.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GatewayError } from '../../../src/core/error.ts'
import { openSandbox, type Sandbox, type SandboxFolder } from '../../../src/process/sandbox.ts'
import { type AcpLaunch, startAcp } from '../../../src/providers/acp-process.ts'
import { processesUnder } from '../../real/harness/processes.ts'
import { eventually } from '../../support/cligate.ts'

let root: string
let sandbox: Sandbox
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'cligate-test-'))
  sandbox = await openSandbox({ root })
})
afterAll(async () => {
  await sandbox.close()
  rmSync(root, { recursive: true, force: true })
})

const HELLO = `read line; echo '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":1,"agentInfo":{"name":"a","version":"2"}}}'`
const never = new AbortController().signal

/** Starts a shell script as an agent. */
async function start(script: string, changes: Partial<AcpLaunch> = {}, signal = never) {
  const folder: SandboxFolder = await sandbox.createFolder('agent')
  const launch = {
    name: 'Test agent',
    command: '/bin/sh',
    args: ['-c', script],
    env: { PATH: process.env['PATH'] ?? '' },
  }
  const started = startAcp({ ...launch, cwd: folder.path, sandbox, folder, ...changes }, signal)
  const error = await started.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return { folder, error, agent: error === undefined ? await started : undefined }
}

const isGone = (folder: SandboxFolder) => eventually('it is gone', () => !existsSync(folder.path))

test('a good one says who it is, and goes with all it has when it is not wanted any more', async () => {
  const { folder, agent } = await start(`${HELLO}; sleep 60 & cat > heard; wait`)
  expect(agent?.info.agentInfo?.version).toBe('2')
  expect(agent?.alive).toBe(true)
  await agent?.dispose()
  expect(agent?.alive).toBe(false)
  expect(existsSync(folder.path)).toBe(false)
  expect(processesUnder(folder.path)).toEqual([])
})

test('one that is deaf to signals goes too', async () => {
  const { folder, agent } = await start(`trap '' TERM; ${HELLO}; while :; do sleep 1; done`)
  await agent?.dispose({ endInputMs: 0, termMs: 50 })
  expect(processesUnder(folder.path)).toEqual([])
})

const BAD: [string, string, Partial<AcpLaunch>][] = [
  ['that ends at once', 'echo oops >&2; exit 3', {}],
  ['that says nothing', 'cat > /dev/null', { bootTimeout: 200 }],
  ['that closes its output', 'exec >&-; cat > /dev/null', {}],
  [
    'that refuses',
    `read line; echo '{"jsonrpc":"2.0","id":0,"error":{"code":-32603,"message":"no"}}'; cat > /dev/null`,
    {},
  ],
  ['that is not there', '', { command: '/nowhere/agent' }],
]
test.each(BAD)('one %s is unavailable, and leaves nothing', async (_, script, changes) => {
  const { folder, error } = await start(script, changes)
  expect(error).toMatchObject({ code: 'provider_unavailable', status: 503 })
  expect((error as Error).message).not.toContain('oops')
  await isGone(folder)
  expect(processesUnder(folder.path)).toEqual([])
})

test('one that waits for a person is given up as soon as it says so', async () => {
  const login = new GatewayError('provider_login_required', 'Log in.')
  const since = performance.now()
  const { folder, error } = await start('echo "Enter the code:" >&2; cat > /dev/null', {
    giveUp: (stderr) => (stderr.includes('Enter the code') ? login : undefined),
  })
  expect(error).toBe(login)
  expect(performance.now() - since).toBeLessThan(5000)
  await isGone(folder)
})

test('who gives up while it boots is told so, and nothing is left', async () => {
  const stop = new AbortController()
  setTimeout(() => stop.abort(new Error('left')), 50)
  const { folder, error } = await start('cat > /dev/null', {}, stop.signal)
  expect(error).toEqual(new Error('left'))
  await isGone(folder)
})
