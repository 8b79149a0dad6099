// Claude Code is updated while the gateway runs.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { eventually } from '../../support/cligate.ts'
import { answerTo, failureOf, request, run } from './requests.ts'
import { claudeWorld } from './world.ts'

setDefaultTimeout(20_000)

test('the new version is tested before a turn relies on it, and running turns end in peace', async () => {
  await using world = await claudeWorld()
  const versionFile = join(world.home, 'version')
  await Bun.write(versionFile, '2.1.329')
  const executable = join(import.meta.dir, 'fake/main.ts')
  const account = { env: { FAKE_MODE: 'slow', FAKE_VERSION_FILE: versionFile } }
  await using updated = await claudeWorld({ executable, account, pool: { warm: 0, maxWarm: 0 } })
  const warnings = () => updated.logged.filter(({ level }) => level === 'warn')

  const running = run(updated.driver, request('hi'), new AbortController().signal)[Symbol.asyncIterator]()
  await running.next()
  await Bun.write(versionFile, '2.2.0')
  // The first process of the new version still takes a turn the old way.
  await answerTo(updated.driver, request('hi'))
  expect(warnings()).toEqual([])
  // The fake asks no service, so that it cannot pass.
  expect(await failureOf(updated.driver, request('hi'))).toMatchObject({ code: 'provider_unavailable' })
  expect(warnings()).toHaveLength(1)
  expect(await updated.driver.status(new AbortController().signal)).toMatchObject({ state: 'disabled' })

  let finish: unknown
  for (let next = await running.next(); !next.done; next = await running.next()) finish = next.value.at(-1)
  expect(finish).toMatchObject({ type: 'finish' })
  await eventually('nothing of the old version is left', () => updated.driver.processes().length === 0, 5000)
})
