import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { processStart, processWorld } from '../../src/process/process-start.ts'
import { openSandbox, sweepSandboxes } from '../../src/process/sandbox.ts'
import { liveChildren } from '../../src/process/spawn.ts'
import { end, firstLine, gone, isRunning, rejection, startFake } from './fake.ts'

let base = ''
let root = ''
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'sandbox-')))
  root = join(base, 'run')
})
afterEach(async () => {
  await Promise.all(liveChildren().map(end))
  rmSync(base, { recursive: true, force: true })
})

const modeOf = (path: string) => lstatSync(path).mode & 0o777

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

describe('a sandbox', () => {
  test('is for its owner only, and so is all that is in it', async () => {
    const umask = process.umask(0)
    try {
      const sandbox = await openSandbox({ root })
      const folder = await sandbox.createFolder()
      const child = startFake(['hang'], { cwd: folder.path })
      await sandbox.adopt(child, folder)
      for (const path of [root, sandbox.path, folder.path]) expect(modeOf(path)).toBe(0o700)
      const files = filesBelow(sandbox.path)
      expect(files).toHaveLength(2)
      for (const path of files) expect(modeOf(path)).toBe(0o600)
      await sandbox.close()
    } finally {
      process.umask(umask)
    }
  })

  test('gives each call a folder of its own, whose name tells nothing', async () => {
    const sandbox = await openSandbox({ root })
    const folders = await Promise.all(Array.from({ length: 50 }, () => sandbox.createFolder()))
    expect(new Set(folders.map(({ path }) => path)).size).toBe(50)
    for (const { path } of folders) expect(path.slice(sandbox.path.length)).toMatch(/^\/chat-[A-Za-z0-9]+$/)
    expect((await sandbox.createFolder('tmp')).path).toMatch(/\/tmp-[A-Za-z0-9]+$/)
    for (const name of ['', '..', 'a/b', '../x', 'a b', '.x', 'x'.repeat(40)]) {
      expect(await rejection(sandbox.createFolder(name))).toBeInstanceOf(Error)
    }
    await sandbox.close()
  })

  test('a folder is removed with all that is in it, once or twice, and a link’s target is left alone', async () => {
    const outside = join(base, 'outside')
    mkdirSync(outside)
    writeFileSync(join(outside, 'precious'), 'x')
    const sandbox = await openSandbox({ root })
    const folder = await sandbox.createFolder()
    symlinkSync(outside, join(folder.path, 'link'))
    mkdirSync(join(folder.path, 'locked'))
    writeFileSync(join(folder.path, 'locked', 'file'), 'x', { mode: 0o000 })
    Bun.spawnSync(['chmod', '0500', join(folder.path, 'locked')])
    await Promise.all([folder.remove(), folder.remove()])
    await folder.remove()
    expect(existsSync(folder.path)).toBe(false)
    expect(existsSync(join(outside, 'precious'))).toBe(true)
    await sandbox.close()
  })

  test('forgets a child that has exited', async () => {
    const sandbox = await openSandbox({ root })
    const folder = await sandbox.createFolder()
    const child = startFake(['hang'])
    await sandbox.adopt(child, folder)
    expect(filesBelow(sandbox.path)).toHaveLength(2)
    await end(child)
    expect(filesBelow(sandbox.path)).toHaveLength(1)
    await sandbox.adopt(child, folder)
    expect(filesBelow(sandbox.path)).toHaveLength(1)
    await sandbox.close()
  })

  test('notes a child before anything is awaited', async () => {
    const sandbox = await openSandbox({ root })
    const folder = await sandbox.createFolder()
    const child = startFake(['hang'])
    void sandbox.adopt(child, folder)
    const note = filesBelow(sandbox.path).find((file) => file.endsWith(`/${child.pid}`))
    expect(JSON.parse(readFileSync(note!, 'utf8'))).toEqual({ pid: child.pid, start: processStart(child.pid) })
    await sandbox.close()
  })

  test('closes with its children, once or twice', async () => {
    const sandbox = await openSandbox({ root })
    const folder = await sandbox.createFolder()
    const child = startFake(['trap-term'], { cwd: folder.path })
    await sandbox.adopt(child, folder)
    await firstLine(child)
    await Promise.all([sandbox.close(), sandbox.close()])
    expect(isRunning(child.pid)).toBe(false)
    expect(readdirSync(root)).toEqual([])
  })
})

describe('the sweep', () => {
  /** An instance whose owner is dead, unless the record says otherwise. */
  function instance(name: string, owner: object | string | undefined, children: object[] = []): string {
    const path = join(root, name)
    mkdirSync(join(path, '.children'), { recursive: true, mode: 0o700 })
    mkdirSync(join(path, 'chat-x'), { recursive: true })
    if (owner !== undefined) {
      const text =
        typeof owner === 'string'
          ? owner
          : JSON.stringify({ pid: process.pid, start: '1', world: processWorld(), ...owner })
      writeFileSync(join(path, '.owner.json'), text)
    }
    children.forEach((child, index) => writeFileSync(join(path, '.children', String(index)), JSON.stringify(child)))
    return path
  }
  const age = (path: string) => utimesSync(path, new Date(Date.now() - 3_600_000), new Date(Date.now() - 3_600_000))

  test('removes the instance of a dead owner, though its number lives on', async () => {
    const path = instance('run-dead', { pid: process.pid, start: '1' })
    expect(await sweepSandboxes(root)).toEqual({ folders: 1, processes: 0 })
    expect(existsSync(path)).toBe(false)
  })

  test('runs when a sandbox is opened', async () => {
    const path = instance('run-dead', {})
    const sandbox = await openSandbox({ root })
    expect(existsSync(path)).toBe(false)
    await sandbox.close()
  })

  test('leaves the living alone, itself and others', async () => {
    const [one, two] = [await openSandbox({ root }), await openSandbox({ root })]
    expect(await sweepSandboxes(root)).toEqual({ folders: 0, processes: 0 })
    expect(existsSync(one.path) && existsSync(two.path)).toBe(true)
    await one.close()
    expect(existsSync(two.path)).toBe(true)
    await two.close()
  })

  test('kills a recorded child that is the one recorded, and no other that has its number', async () => {
    const path = join(root, 'run-dead/chat-x')
    mkdirSync(path, { recursive: true })
    // The foreign one even works in the instance's folder, as somebody's shell could.
    const [ours, foreign] = [startFake(['trap-term']), startFake(['hang'], { cwd: path })]
    await Promise.all([firstLine(ours), firstLine(foreign)])
    instance('run-dead', {}, [
      { pid: ours.pid, start: processStart(ours.pid) },
      { pid: foreign.pid, start: '12345' },
    ])
    expect(await sweepSandboxes(root)).toEqual({ folders: 1, processes: 1 })
    expect((await ours.exited).signal).toBe('SIGKILL')
    expect(isRunning(foreign.pid)).toBe(true)
  })

  test('kills nobody by a note that is garbage', async () => {
    const path = instance('run-dead', {}, [
      { pid: 0, start: '' },
      { pid: 1, start: '1' },
      { pid: -1, start: '1' },
      [],
      { pid: '7' },
    ])
    writeFileSync(join(path, '.children', 'torn'), '{"pid":12')
    mkdirSync(join(path, '.children', 'folder'))
    expect(await sweepSandboxes(root)).toEqual({ folders: 1, processes: 0 })
  })

  test('touches nothing that is not an instance', async () => {
    mkdirSync(root, { recursive: true })
    const outside = join(base, 'outside')
    mkdirSync(outside)
    writeFileSync(join(outside, '.owner.json'), JSON.stringify({ pid: 999_999, start: '1', world: processWorld() }))
    age(join(outside, '.owner.json'))
    symlinkSync(outside, join(root, 'run-link'))
    writeFileSync(join(root, 'run-file'), '')
    mkdirSync(join(root, 'other'))
    const foreign = join(root, 'run-foreign')
    mkdirSync(foreign)
    writeFileSync(join(foreign, 'file'), 'x')
    age(foreign)
    mkdirSync(join(root, 'run-new'))
    const linked = join(root, 'run-linked-note')
    mkdirSync(linked)
    symlinkSync(join(outside, '.owner.json'), join(linked, '.owner.json'))
    lutimesSync(join(linked, '.owner.json'), 1, 1)
    age(linked)
    expect(await sweepSandboxes(root)).toEqual({ folders: 0, processes: 0 })
    expect(readdirSync(root).toSorted()).toEqual([
      'other',
      'run-file',
      'run-foreign',
      'run-link',
      'run-linked-note',
      'run-new',
    ])
    expect(readdirSync(outside)).toEqual(['.owner.json'])
  })

  test('of another world: left while its owner gives signs of life, removed later, and no process is touched', async () => {
    const child = startFake(['hang'])
    await firstLine(child)
    const path = instance('run-else', { world: 'elsewhere' }, [{ pid: child.pid, start: processStart(child.pid) }])
    expect(await sweepSandboxes(root)).toEqual({ folders: 0, processes: 0 })
    age(join(path, '.owner.json'))
    expect(await sweepSandboxes(root)).toEqual({ folders: 1, processes: 0 })
    expect(isRunning(child.pid)).toBe(true)
  })

  test('a torn owner’s note counts once it is old', async () => {
    const path = instance('run-torn', '{"pid":1')
    expect(await sweepSandboxes(root)).toEqual({ folders: 0, processes: 0 })
    age(join(path, '.owner.json'))
    expect(await sweepSandboxes(root)).toEqual({ folders: 1, processes: 0 })
  })

  test('an instance that got no further than its folder goes when it is old and empty', async () => {
    const path = join(root, 'run-empty')
    mkdirSync(path, { recursive: true })
    await sweepSandboxes(root)
    expect(existsSync(path)).toBe(true)
    age(path)
    await sweepSandboxes(root)
    expect(existsSync(path)).toBe(false)
  })

  test('of a root that is not there finds nothing', async () => {
    expect(await sweepSandboxes(join(base, 'none'))).toEqual({ folders: 0, processes: 0 })
  })

  test('two at once do not disturb each other', async () => {
    for (let index = 0; index < 10; index++) instance(`run-${index}`, {})
    await Promise.all([sweepSandboxes(root), sweepSandboxes(root), openSandbox({ root }).then((box) => box.close())])
    expect(readdirSync(root)).toEqual([])
  })
})

describe('a gateway that dies', () => {
  function startGateway(ending: string, ...modes: string[]) {
    return Bun.spawn([process.execPath, join(import.meta.dir, 'gateway/main.ts'), root, ending, ...modes], {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'ignore',
    })
  }
  async function pidsOf(gateway: ReturnType<typeof startGateway>): Promise<number[]> {
    const { value } = await gateway.stdout.getReader().read()
    return JSON.parse(new TextDecoder().decode(value)) as number[]
  }
  const MODES = ['hang', 'trap-term', 'grandchild', 'grandchild --detached']

  test('of SIGKILL leaves processes and folders, and the sweep leaves none', async () => {
    // The grandchild's parent exits when its stdin ends, and leaves a group without a leader.
    const gateway = startGateway('hang', 'hang', 'trap-term', 'grandchild')
    const pids = await pidsOf(gateway)
    expect(pids).toHaveLength(4)
    const [hanging, trapping, parent, grandchild] = pids as [number, number, number, number]
    gateway.kill('SIGKILL')
    await gateway.exited
    await gone(parent)
    expect([hanging, trapping, grandchild].filter(isRunning)).toHaveLength(3)
    expect(await sweepSandboxes(root)).toEqual({ folders: 1, processes: 3 })
    expect(pids.filter(isRunning)).toEqual([])
    expect(readdirSync(root)).toEqual([])
  })

  test('and the next start does the same by itself', async () => {
    const gateway = startGateway('hang', 'hang')
    const pids = await pidsOf(gateway)
    gateway.kill('SIGKILL')
    await gateway.exited
    const sandbox = await openSandbox({ root })
    expect(pids.filter(isRunning)).toEqual([])
    expect(readdirSync(root)).toEqual([sandbox.path.slice(root.length + 1)])
    await sandbox.close()
  })

  test.each(['exit', 'throw'])(
    'of %s takes its children with it, and the sweep finds a folder only',
    async (ending) => {
      const gateway = startGateway(ending, ...MODES)
      const pids = await pidsOf(gateway)
      expect(pids).toHaveLength(6)
      expect(await gateway.exited).not.toBe(0)
      await gone(...pids)
      expect(await sweepSandboxes(root)).toEqual({ folders: 1, processes: 0 })
    },
  )
})
