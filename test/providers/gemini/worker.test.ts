// One process of the CLI, as whoever lends it out sees it.
import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSandbox } from '../../../src/process/sandbox.ts'
import { AcpClient } from '../../../src/providers/acp-client.ts'
import { AcpProcess } from '../../../src/providers/acp-process.ts'
import { createHome } from '../../../src/providers/gemini/home.ts'
import { GeminiWorker } from '../../../src/providers/gemini/worker.ts'
import { createMcpServer } from '../../../src/tools/mcp-server.ts'
import { fakeChild } from '../acp/fake-child.ts'

test('a worker that was killed is nobody’s any more, before its end is noticed', async () => {
  const root = mkdtempSync(join(tmpdir(), 'cligate-test-'))
  const sandbox = await openSandbox({ root })
  try {
    const child = fakeChild()
    const client = await AcpClient.connect(child, { name: 'Gemini CLI' })
    const home = await createHome(sandbox, '/nowhere', { settings: {}, policy: '' })
    // The system is late with the news.
    const late = { ...child, kill: () => {}, exited: new Promise<never>(() => {}) }
    const worker = new GeminiWorker(new AcpProcess(late, client, { protocolVersion: 1 }, home.folder), {
      home,
      mcp: createMcpServer(),
      login: '',
      policy: '',
    })
    expect(worker.alive).toBe(true)
    worker.kill()
    expect(worker.alive).toBe(false)
    child.end()
  } finally {
    await sandbox.close()
    rmSync(root, { recursive: true, force: true })
  }
})
