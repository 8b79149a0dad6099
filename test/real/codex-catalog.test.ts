// The models of the account with the real Codex: however its answer and a start of the process fall together, they are not lost.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Catalog, parseCatalog, readCatalog } from '../../src/providers/codex/catalog.ts'
import { findCodex } from '../../src/providers/codex/executable.ts'
import { CodexWorkers } from '../../src/providers/codex/workers.ts'
import { codexWorld, type World } from '../providers/codex/world.ts'
import { eventually } from '../support/cligate.ts'
import { realCli, temporaryHome } from './harness/real-cli.ts'

setDefaultTimeout(60_000)

const signal = new AbortController().signal
const REAL = findCodex({ configured: realCli('codex'), path: undefined })!

/** A Codex that waits, each time it is called for `command`, until it is let go. */
async function waiting(command: string) {
  const folder = await temporaryHome()
  mkdirSync(join(folder.path, 'bin'))
  const path = join(folder.path, 'bin/codex')
  const waits = join(folder.path, 'waits')
  const go = join(folder.path, 'go')
  const script = `#!/bin/sh
if [ "$1" = '${command}' ]; then
  : > '${waits}'
  while [ ! -e '${go}' ]; do /bin/sleep 0.02; done
fi
exec '${REAL}' "$@"
`
  writeFileSync(path, script, { mode: 0o755 })
  const world = await codexWorld({ executable: path })
  const workers = new CodexWorkers(world.options)
  return {
    workers,
    waits: () => eventually('it waits', () => Bun.file(waits).exists()),
    go: () => Bun.write(go, ''),
    account: await catalogOfAccount(world),
    async [Symbol.asyncDispose]() {
      await workers.close()
      await world[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function catalogOfAccount({ options }: World): Promise<Catalog> {
  const [known] = (await readCatalog(options, REAL, 'bundled', signal)).models
  return parseCatalog(JSON.stringify({ models: [{ ...known, slug: 'gpt-account' }] }))
}

const slugsOf = (catalog: Catalog | undefined) => catalog?.models.map(({ slug }) => slug)

test('they come while a start looks for the version', async () => {
  await using codex = await waiting('--version')
  const ready = codex.workers.ready(signal)
  await codex.waits()
  codex.workers.useCatalog(codex.account)
  await codex.go()
  await ready
  expect(slugsOf(codex.workers.catalog)).toEqual(['gpt-account'])
})

test('they come while a process starts with those of the CLI: it is replaced behind its turn', async () => {
  await using codex = await waiting('app-server')
  const turn = codex.workers.acquire('1', signal)
  await codex.waits()
  codex.workers.useCatalog(codex.account)
  await codex.go()
  const first = await turn
  codex.workers.release(first, '1', true)
  await eventually('it is replaced', () => first.stopping)
  const next = await codex.workers.ready(signal)
  expect(await Bun.file(join(next.folder.sandbox.path, 'models.json')).text()).toContain('gpt-account')
})
