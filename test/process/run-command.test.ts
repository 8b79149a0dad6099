// Short commands: what they say, and that they end.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, realpathSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { residentMemory } from '../../src/process/memory.ts'
import { runCommand } from '../../src/process/run-command.ts'
import { openSandbox, type Sandbox, type SandboxFolder } from '../../src/process/sandbox.ts'
import { processesUnder } from '../real/harness/processes.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'cligate-test-')))
const never = new AbortController().signal
let sandbox: Sandbox
let folder: SandboxFolder
beforeAll(async () => {
  sandbox = await openSandbox({ root })
  folder = await sandbox.createFolder()
})
afterAll(async () => {
  await sandbox.close()
  await rm(root, { recursive: true })
})

const shell = (script: string, signal = never, timeout?: number) =>
  runCommand(
    {
      command: '/bin/sh',
      args: ['-c', script],
      env: {},
      cwd: folder.path,
      sandbox,
      folder,
      ...(timeout === undefined ? {} : { timeout }),
    },
    signal,
  )

describe('runCommand', () => {
  test('gives what the command says, and how it ended', async () => {
    const { output, exit } = await shell('echo one; echo two; exit 3')
    expect({ output, exit }).toEqual({ output: 'one\ntwo', exit: { code: 3, signal: null } })
  })

  test('stdin is closed: a command that asks gets no answer', async () => {
    expect((await shell('read answer; echo "got $answer"')).output).toBe('got ')
  })

  test('a command that hangs is killed with all it started, and what it said is kept', async () => {
    const { output, exit } = await shell('echo begun; sleep 60 & sleep 60', never, 200)
    expect({ output, signal: exit.signal }).toEqual({ output: 'begun', signal: 'SIGKILL' })
    expect(processesUnder(root)).toEqual([])
  })

  test('whoever leaves gets the reason, and the command is gone', async () => {
    const caller = new AbortController()
    const running = shell('sleep 60', caller.signal)
    setTimeout(() => caller.abort(new Error('left')), 50)
    await expect(running).rejects.toThrow('left')
    expect(processesUnder(root)).toEqual([])
    await expect(shell('echo never', caller.signal)).rejects.toThrow('left')
  })

  test('a program that is not there is told by its name', async () => {
    const missing = { command: '/nowhere/thing', args: [], env: {}, cwd: folder.path, sandbox, folder }
    await expect(runCommand(missing, never)).rejects.toMatchObject({ code: 'provider_unavailable' })
  })
})

describe('residentMemory', () => {
  test('is what a process holds, in bytes', () => {
    const before = residentMemory(process.pid)!
    expect(before).toBeGreaterThan(10 * 1024 * 1024)
    const held = new Uint8Array(64 * 1024 * 1024).fill(1)
    expect(residentMemory(process.pid)! - before).toBeGreaterThan(32 * 1024 * 1024)
    expect(held).toHaveLength(64 * 1024 * 1024)
  })

  test('of nobody is unknown', () => {
    expect(residentMemory(2 ** 22 + 1)).toBeUndefined()
  })
})
