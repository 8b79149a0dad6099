import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { examine } from '../../src/commands/examine.ts'
import { doctorText } from '../../src/commands/doctor-report.ts'
import { loadConfig } from '../../src/config/load.ts'
import { createLog } from '../../src/observe/log.ts'
import type { ProviderStatus } from '../../src/providers/driver.ts'
import { fakeGateway } from './fake-gateway.ts'

const folder = mkdtempSync(join(tmpdir(), 'cligate-doctor-'))
afterAll(() => rmSync(folder, { recursive: true }))

const log = createLog({ level: 'silent', format: 'json' })
const examineStates = async (states: ProviderStatus[]) => {
  const gateway = fakeGateway({ states })
  const loaded = loadConfig({ environment: { HOME: folder }, folder })
  return { report: await examine(loaded, gateway.createGateway, log), calls: gateway.calls }
}
const demo: ProviderStatus = { provider: 'demo', state: 'ready', notes: [] }

describe('ok means that a real CLI is ready', () => {
  test.each([
    ['ready', true],
    ['degraded', true],
    ['not-logged-in', false],
    ['not-installed', false],
    ['disabled', false],
  ] as const)('%s: %p', async (state, ok) => {
    const { report } = await examineStates([demo, { provider: 'claude', state, notes: [] }])
    expect(report.ok).toBe(ok)
  })

  test('the demo model alone is not enough', async () => {
    expect((await examineStates([demo])).report.ok).toBe(false)
  })
})

test('asks for states, starts nothing, and closes the gateway', async () => {
  expect((await examineStates([demo])).calls).toEqual(['create', 'status', 'close'])
})

test('the table, with what is wrong below its line', async () => {
  const { report } = await examineStates([
    { provider: 'claude', state: 'ready', version: '2.1.329', authMethod: 'api_key', path: '/bin/claude', notes: [] },
    { provider: 'gemini', state: 'not-installed', notes: ['Not on PATH.'], fix: 'npm install -g @google/gemini-cli' },
  ])
  const text = doctorText({ ...report, configFile: '/x/cligate.yaml', stateFolder: '/s', warnings: ['Mind the gap.'] })
  expect(text.slice(text.indexOf('\n') + 1)).toBe(`configuration  /x/cligate.yaml
state folder   /s

PROVIDER  STATE          VERSION  LOGIN    PATH
claude    ready          2.1.329  api_key  /bin/claude
gemini    not-installed  -        -        -
    Not on PATH.
    Run: npm install -g @google/gemini-cli

Warning: Mind the gap.

At least one CLI is ready.`)
})

test('a gateway that cannot be made is reported, without secrets', async () => {
  const loaded = loadConfig({ environment: { HOME: folder, API_KEY: 'SEEDED-key' }, folder })
  const failing = async () => Promise.reject(new Error('EACCES: /state for SEEDED-key'))
  const report = await examine(loaded, failing, log)
  expect(report).toMatchObject({
    ok: false,
    providers: [],
    warnings: ['The server would not start: EACCES: /state for [redacted]'],
  })
})
