// A machine without any CLI: what is not there is said once, where a person looks, and not in the log.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCligate } from '../support/cligate.ts'

setDefaultTimeout(30_000)

test('a start without any CLI logs that it listens, and nothing else; the first turn says what is missing', async () => {
  await using gate = await started()
  // What is started ahead would have failed by now.
  await Bun.sleep(500)
  const logged = gate
    .log()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { message: string })
  expect(
    logged.map(({ message }) => message).filter((message) => /cannot be used|did not start/.test(message)),
  ).toEqual([])

  for (const model of ['claude/claude-haiku-4-5', 'codex/gpt-5.5', 'gemini/gemini-2.5-pro', 'qwen/qwen3-coder-plus']) {
    const answer = await fetch(`${gate.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
    })
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('npm install -g') } })
  }
})

async function started() {
  const programs = mkdtempSync(join(tmpdir(), 'cligate-test-'))
  symlinkSync(process.execPath, join(programs, 'bun'))
  const gate = await startCligate({ environment: { PATH: programs } })
  return {
    ...gate,
    async [Symbol.asyncDispose]() {
      await gate.stop()
      rmSync(programs, { recursive: true, force: true })
    },
  }
}
