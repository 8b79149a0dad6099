import { expect, test } from 'bun:test'
import { processStart, processStat, processWorld } from '../../src/process/process-start.ts'
import { commandOutput } from '../../src/process/spawn.ts'
import { end, firstLine, startFake } from './fake.ts'

test('is the same each time for one process, and nothing for none', async () => {
  const own = processStart(process.pid)
  expect(own).toMatch(/\d/)
  expect(processStart(process.pid)).toBe(own)
  const child = startFake(['hang'])
  await firstLine(child)
  expect(processStart(child.pid)).toMatch(/\d/)
  expect(processStart(child.pid)).not.toBe(own)
  await end(child)
  expect(processStart(child.pid)).toBeUndefined()
  expect(processStart(2 ** 22 + 1)).toBeUndefined()
})

test('a zombie counts as gone', async () => {
  // The shell's child ends, and the program that the shell becomes never asks how.
  const shell = Bun.spawn(['sh', '-c', 'sleep 0.1 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const { value } = await shell.stdout.getReader().read()
  const zombie = Number(new TextDecoder().decode(value))
  const state = () => commandOutput('ps', ['-o', 'stat=', '-p', String(zombie)])?.trim() ?? ''
  try {
    const deadline = Date.now() + 3000
    while (!state().startsWith('Z') && Date.now() < deadline) await Bun.sleep(5)
    expect(state()).toStartWith('Z')
    if (process.platform === 'linux') expect(processStart(zombie)).toBeUndefined()
  } finally {
    shell.kill('SIGKILL')
    await shell.exited
  }
})

test('reads the fields behind a name with brackets and spaces', async () => {
  const child = startFake(['hang'])
  await firstLine(child)
  const stat = processStat(child.pid)
  // Leader of its own group and session.
  if (process.platform === 'linux') expect(stat).toMatchObject({ pid: child.pid, group: child.pid, session: child.pid })
  await end(child)
})

test('the world is one and the same in here', () => {
  expect(processWorld()).toBe(processWorld())
  expect(processWorld().length).toBeGreaterThan(3)
})

test('what a command says, or nothing when it fails', () => {
  expect(commandOutput('echo', ['hello'])).toBe('hello\n')
  expect(commandOutput('false', [])).toBeUndefined()
  expect(commandOutput('/no/such/program', [])).toBeUndefined()
})
