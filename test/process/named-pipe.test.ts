// Another process waits at a pipe until it is told that this is all.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NamedPipe } from '../../src/process/named-pipe.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cligate-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function pipeAt(name = 'pipe'): Promise<NamedPipe> {
  const pipe = await NamedPipe.create(join(folder, name))
  if (!pipe) throw new Error('no pipe')
  return pipe
}

/** Reads the pipe to its end. */
function reader(pipe: NamedPipe) {
  const child = Bun.spawn(['cat', pipe.path], { stdout: 'pipe' })
  let over = false
  const text = new Response(child.stdout).text().finally(() => (over = true))
  return { text, isOver: () => over }
}

test('a reader gets the text and waits; let go, it is at the end', async () => {
  const pipe = await pipeAt()
  pipe.hold('head\n')
  pipe.hold('not said twice\n')
  const { text, isOver } = reader(pipe)
  await Bun.sleep(150)
  expect(isOver()).toBe(false)
  pipe.letGo()
  pipe.letGo()
  expect(await text).toBe('head\n')
})

test('again and again, and nothing of the time before', async () => {
  const pipe = await pipeAt()
  for (const word of ['one', 'two', 'three']) {
    pipe.hold(word)
    const { text } = reader(pipe)
    await Bun.sleep(50)
    pipe.letGo()
    expect(await text).toBe(word)
  }
  // Nobody came.
  pipe.hold('never read')
  pipe.letGo()
  pipe.hold('now')
  const { text } = reader(pipe)
  await Bun.sleep(50)
  pipe.letGo()
  expect(await text).toBe('now')
})

test('a child that is started meanwhile does not hold it open', async () => {
  const pipe = await pipeAt()
  pipe.hold('')
  const bystander = Bun.spawn(['sleep', '10'])
  const { text } = reader(pipe)
  await Bun.sleep(50)
  pipe.letGo()
  expect(await text).toBe('')
  bystander.kill()
})

test('it ends with whoever holds it, also by SIGKILL', async () => {
  const module = join(import.meta.dir, '../../src/process/named-pipe.ts')
  const script = `const { NamedPipe } = await import(${JSON.stringify(module)})
const pipe = await NamedPipe.create(${JSON.stringify(join(folder, 'other'))})
pipe.hold('held'); console.log('ready'); await Bun.sleep(10_000)`
  const holder = Bun.spawn(['bun', '-e', script], { stdout: 'pipe' })
  await holder.stdout.getReader().read()
  const { text, isOver } = reader({ path: join(folder, 'other') } as NamedPipe)
  await Bun.sleep(100)
  expect(isOver()).toBe(false)
  holder.kill('SIGKILL')
  expect(await text).toBe('held')
})

test('where none can be made there is none', async () => {
  expect(await NamedPipe.create(join(folder, 'no/such/folder'))).toBeUndefined()
})
