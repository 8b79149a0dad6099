// A Codex that does what it should not: a script in its place, or between it and the gateway.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findCodex } from '../../src/providers/codex/executable.ts'
import { answerTo, failureOf, request as requestOf, textOf } from '../providers/claude/requests.ts'
import { codexWorld, MODEL, type World } from '../providers/codex/world.ts'
import { text, ticks } from '../upstream/replies/text.ts'
import { processesUnder } from './harness/processes.ts'
import { realCli, temporaryHome } from './harness/real-cli.ts'

setDefaultTimeout(30_000)

const request = () => requestOf('hi', { model: MODEL })
const signal = new AbortController().signal
const REAL = findCodex({ configured: realCli('codex'), path: undefined })!

/** A world whose Codex is a script; `server` is what it does as an app-server, `$REAL` the real one. */
async function scripted(server: string, models = `exec "$REAL" "$@"`): Promise<World & AsyncDisposable> {
  const folder = await temporaryHome()
  mkdirSync(join(folder.path, 'bin'))
  const path = join(folder.path, 'bin/codex')
  const script = `#!/bin/sh
REAL=${REAL}
case "$1" in
  --version) echo 'codex-cli 0.169.0' ;;
  debug) ${models} ;;
  app-server) ${server} ;;
esac
`
  writeFileSync(path, script, { mode: 0o755 })
  const world = await codexWorld({ executable: path })
  return {
    ...world,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

describe('at its start', () => {
  test.each([
    ['ends', 'exit 3'],
    ['ends after a complaint', 'echo "Error loading configuration: no" >&2; exit 1'],
    ['writes what is no message', 'echo "Welcome to Codex!"; exec sleep 60'],
    ['writes half a message', 'printf "{\\"id\\":1,"; exit 0'],
    ['says everything back', 'exec cat'],
  ])('%s: the turn is refused, with what to do, and nothing stays', async (_, server) => {
    await using world = await scripted(server)
    const error = await failureOf(world.driver, request())
    expect(error).toMatchObject({ code: 'provider_unavailable', message: 'Codex did not start. Run: cligate doctor' })
    expect(await world.driver.status(signal)).toMatchObject({ state: 'degraded', version: '0.169.0' })
    await world.driver.close()
    expect(processesUnder(world.home)).toEqual([])
    expect(world.upstream.requests).toEqual([])
  })

  test('says nothing: the caller can leave, and it goes with the gateway', async () => {
    await using world = await scripted('exec sleep 60')
    const caller = new AbortController()
    setTimeout(() => caller.abort(), 300)
    const begun = performance.now()
    await failureOf({ ...world.driver, run: (turn) => world.driver.run(turn, caller.signal) }, request())
    expect(performance.now() - begun).toBeLessThan(600)
    await world.driver.close()
    expect(processesUnder(world.home)).toEqual([])
  })

  test('prints no models', async () => {
    await using world = await scripted('exec "$REAL" "$@"', 'echo "{}"')
    expect(await failureOf(world.driver, request())).toMatchObject({ code: 'provider_error' })
  })

  test.each([
    ['a shell', 'features.shell_tool=true', /shell_tool/],
    ['web search', 'web_search=live', /web search/],
    ['an MCP server', 'mcp_servers.x.command=cat', /MCP servers/],
    ['plugins', 'features.plugins=true', /plugins/],
  ])('has %s after all: no word is sent', async (_, setting, expected) => {
    await using world = await scripted(`exec "$REAL" "$@" -c ${setting}`)
    const error = await failureOf(world.driver, request())
    expect(error).toMatchObject({ code: 'internal_error' })
    expect((error as Error).message).toMatch(expected)
    expect(world.upstream.requests).toEqual([])
  })
})

describe('in a turn', () => {
  test.each([
    ['writes what is no message', '"item.agentMessage.delta".*', 'garbage'],
    ['asks its host for something', '"method":"item.agentMessage.delta"', '"id":99,"method":"item\\/tool\\/call"'],
    ['runs a command', '"type":"agentMessage"', '"type":"commandExecution"'],
  ])('%s: the turn fails, the service is let go, the next turn is answered', async (_, said, instead) => {
    // The first time of the first process only.
    const first = `"$REAL" "$@" | sed -u '0,/${said}/s/${said}/${instead}/'`
    await using world = await scripted(`if mkdir "$0.first"; then ${first}; else exec "$REAL" "$@"; fi`)
    world.upstream.default = text('fine')
    world.upstream.next(ticks({ between: 20 }))
    const error = await failureOf(world.driver, request())
    expect(['provider_error', 'internal_error']).toContain((error as { code: string }).code)
    const turn = await world.upstream.turn(0)
    await turn.closed
    expect(turn.outcome).toBe('dropped')
    expect(textOf(await answerTo(world.driver, request()))).toBe('fine')
  })

  test('talks without end on stderr: nobody minds', async () => {
    await using world = await scripted('(yes >&2) & "$REAL" "$@"')
    expect(textOf(await answerTo(world.driver, request()))).toBe('Hello from the simulated model.')
    await world.driver.close()
    expect(processesUnder(world.home)).toEqual([])
  })
})
