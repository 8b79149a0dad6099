// A session whose load is begun before its turn: what the CLI is told, and what happens where it does not do as expected.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NamedPipe } from '../../../src/process/named-pipe.ts'
import { openSandbox, type Sandbox } from '../../../src/process/sandbox.ts'
import { AcpClient } from '../../../src/providers/acp-client.ts'
import { AcpProcess } from '../../../src/providers/acp-process.ts'
import { createHome, type WorkerHome } from '../../../src/providers/gemini/home.ts'
import { toBase } from '../../../src/providers/gemini/session-load.ts'
import { GeminiWorker, type Opening } from '../../../src/providers/gemini/worker.ts'
import { createMcpServer } from '../../../src/tools/mcp-server.ts'
import { eventually } from '../../support/cligate.ts'
import { answer, failure, type FakeChild, fakeChild, update } from '../acp/fake-child.ts'

const CHAT = toBase('chat', [])
const LIMITS = { turns: 100, memory: Number.MAX_SAFE_INTEGER }
const never = new AbortController().signal

const opening = (text: string, changes: Partial<Opening> = {}): Opening => ({
  base: CHAT,
  system: 'S',
  records: [{ type: 'user', content: [{ text }] }],
  modelId: 'gemini-2.5-pro',
  hook: '',
  ...changes,
})

let root: string
let sandbox: Sandbox
const mcp = createMcpServer()
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'cligate-test-'))
  sandbox = await openSandbox({ root })
})
afterAll(async () => {
  await Promise.all([sandbox.close(), mcp.close()])
  rmSync(root, { recursive: true, force: true })
})

/** How the CLI behaves at its n-th load: `waits` as the real one does, for ever, not at all, or with a failure. */
type Load = 'waits' | 'hurries' | 'reads at once' | 'fails' | 'hangs'

type Changes = { pipe?: NamedPipe; home?: Partial<WorkerHome> }

/** How often this process holds the pipe open (Linux). */
function heldBy({ pipe }: Pick<WorkerHome, 'pipe'>): number {
  const target = (descriptor: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`)
    } catch {
      return ''
    }
  }
  return readdirSync('/proc/self/fd').filter((descriptor) => target(descriptor) === pipe).length
}

/** A worker whose CLI loads conversations from its folder, as the real one does, and repeats them. */
async function makeWorker(loads: Load[] = [], changes: Changes = {}) {
  const home = { ...(await createHome(sandbox, '/nowhere', { settings: {}, policy: '' })), ...changes.home }
  const pipe = changes.pipe ?? (await NamedPipe.create(home.pipe))
  const chats = home.chats('w')
  const session = (id: string) => join(chats, `session-2000-01-01T00-00-${id.slice(0, 8)}.jsonl`)
  const said: string[] = []
  const policies: string[] = []

  async function load(child: FakeChild, id: unknown, sessionId: string): Promise<void> {
    const way = loads.shift() ?? 'waits'
    policies.push(readFileSync(home.policy, 'utf8'))
    expect(existsSync(session(sessionId))).toBe(true)
    if (way === 'hangs') return
    let lines = readFileSync(session(sessionId), 'utf8')
    if (way !== 'hurries') await eventually('it may go on', () => !existsSync(session('pipe')))
    if (way === 'fails') return child.say(failure(id, 500, 'no network'))
    // Its worker is gone.
    if (!existsSync(session(sessionId))) return
    if (way === 'waits') lines = readFileSync(session(sessionId), 'utf8')
    const { content } = JSON.parse(lines.split('\n')[1]!) as { content: { text: string }[] }
    said.push(content[0]!.text)
    child.say(
      answer(id, {}),
      update(sessionId, { sessionUpdate: 'user_message_chunk', content: { type: 'text', text: content[0]!.text } }),
    )
  }
  const child = fakeChild(({ id, method, params }, self) => {
    if (method === 'session/load') void load(self, id, String(params?.['sessionId']))
  })
  const client = await AcpClient.connect(child, { name: 'Gemini CLI' })
  const process = new AcpProcess(child, client, { protocolVersion: 1 }, home.folder)
  const failures: unknown[] = []
  const worker = new GeminiWorker(process, {
    home,
    pipe,
    mcp,
    login: '',
    policy: '',
    aheadWithin: 300,
    onUnprepared: (error) => failures.push(error),
  })
  const count = () => child.told.filter(({ method }) => method === 'session/load').length
  return { worker, child, home, chats, said, policies, count, failures }
}

test('one load serves the turn, with the conversation that came later', async () => {
  const { worker, said, count, home, chats } = await makeWorker()
  await worker.prepare(CHAT)
  expect(worker.isPreparedFor(toBase('chat', []))).toBe(true)
  expect(count()).toBe(1)
  await Bun.sleep(50)
  expect(said).toEqual([])
  const open = await worker.open(opening('the question'), never)
  expect(said).toEqual(['the question'])
  expect(count()).toBe(1)
  expect(worker.isPreparedFor(CHAT)).toBe(false)
  expect(readFileSync(home.system, 'utf8')).toBe('S')
  expect(await open.recorded()).toBe('')
  open.close()
  await worker.clean()
  expect(readdirSync(chats)).toEqual([])
  expect(worker.isWornOut(LIMITS)).toBe(false)
  await worker.dispose()
})

test.each([
  ['alike', ['a', 'a', 'a', 'a', 'a', 'a', 'a']],
  ['each unlike the one before', ['a', 'b', 'a', 'b', 'a', 'b', 'a']],
  ['of both kinds', ['a', 'a', 'b', 'b', 'a', 'b', 'b']],
])('no turn has the name of the one before, and there are three: turns %s', async (_, kinds) => {
  const { worker, child } = await makeWorker()
  const names: string[] = []
  let before = CHAT
  for (const kind of kinds) {
    await worker.prepare(before)
    before = toBase(kind, [])
    const open = await worker.open(opening(kind, { base: before }), never)
    names.push(open.session.id)
    open.close()
    await worker.clean()
  }
  for (const [position, name] of names.entries()) expect(name).not.toBe(names[position + 1]!)
  const all = child.told.filter(({ method }) => method === 'session/load').map(({ params }) => params?.['sessionId'])
  expect(new Set(all).size).toBe(3)
  await worker.dispose()
})

test('its memory is looked at whatever kinds of turns it has', async () => {
  const { worker } = await makeWorker()
  let looks = 0
  for (let turn = 0; turn < 20; turn += 1) {
    await worker.prepare(CHAT)
    const open = await worker.open(opening('x', { base: toBase(`${turn}`, []) }), never)
    open.close()
    await worker.clean()
    if (worker.isWornOut({ turns: 1000, memory: 0 })) looks += 1
  }
  expect(looks).toBe(2)
  expect(worker.isWornOut({ turns: 20, memory: Number.MAX_SAFE_INTEGER })).toBe(true)
  await worker.dispose()
})

test('a pipe that cannot be held costs time, and nothing else', async () => {
  const broken = { path: '/nowhere', hold: () => expect.unreachable(), letGo: () => {} } as unknown as NamedPipe
  const { worker, said, failures } = await makeWorker([], { pipe: broken })
  await worker.prepare(CHAT)
  expect(failures).toHaveLength(1)
  await worker.open(opening('the question'), never)
  expect(said).toEqual(['the question'])
  await worker.prepare(CHAT)
  expect(failures).toHaveLength(1)
  expect(worker.isWornOut(LIMITS)).toBe(false)
  await worker.dispose()
})

test('a turn that cannot be written at first is opened all the same', async () => {
  const failing = { writes: 0 }
  const home = Object.defineProperty({}, 'hook', {
    enumerable: true,
    get: () => ((failing.writes += 1) === 1 ? '/no/such/folder/hook' : join(root, 'hook')),
  })
  const { worker, said } = await makeWorker()
  const files = (worker as unknown as { files: { home: object } }).files
  Object.assign(files, { home: Object.create(files.home, Object.getOwnPropertyDescriptors(home)) })
  await worker.prepare(CHAT)
  await worker.open(opening('the question'), AbortSignal.timeout(4000))
  expect(failing.writes).toBe(2)
  expect(said.at(-1)).toBe('the question')
  await worker.dispose()
})

test('a turn on another base has a load of its own, behind the end of the other', async () => {
  const { worker, said, policies, count } = await makeWorker()
  await worker.prepare(CHAT)
  const base = toBase('other', [])
  expect(worker.isPreparedFor(base)).toBe(false)
  await worker.open(opening('the question', { base }), never)
  expect(count()).toBe(2)
  // What stood in for a conversation, and was asked about by nobody.
  expect(said[0]).toMatch(/^\([\da-f-]{36}\)$/)
  expect(said[1]).toBe('the question')
  expect(policies).toEqual(['chat', 'other'])
  expect(worker.isWornOut(LIMITS)).toBe(false)
  await worker.dispose()
})

test.each(['fails', 'hangs', 'reads at once'] as const)(
  'a load that %s is done anew, and the worker is not kept',
  async (way) => {
    const { worker, said, count } = await makeWorker([way])
    await worker.prepare(CHAT)
    await worker.open(opening('the question'), never)
    expect(said.at(-1)).toBe('the question')
    expect(count()).toBe(2)
    expect(worker.isWornOut(LIMITS)).toBe(true)
    await worker.dispose()
  },
)

test('a CLI that does not wait is not asked to again', async () => {
  const { worker, said, count } = await makeWorker(['hurries'])
  await worker.prepare(CHAT)
  await eventually('it is loaded', () => said.length === 1)
  await Bun.sleep(20)
  await worker.open(opening('the question'), never)
  expect(said[1]).toBe('the question')
  expect(count()).toBe(2)
  await worker.clean()
  await worker.prepare(CHAT)
  expect(count()).toBe(2)
  expect(worker.isWornOut(LIMITS)).toBe(false)
  await worker.dispose()
})

test('without a pipe nothing is begun', async () => {
  const { worker, home, count } = await makeWorker()
  const bare = new GeminiWorker(worker.process, {
    home,
    mcp,
    login: '',
    policy: '',
  })
  await bare.prepare(CHAT)
  expect(count()).toBe(0)
  await bare.open(opening('the question'), never)
  expect(count()).toBe(1)
  await worker.dispose()
})

test('who leaves meanwhile is let go at once', async () => {
  const { worker } = await makeWorker(['hangs'])
  await worker.prepare(CHAT)
  const stop = new AbortController()
  const opened = worker.open(opening('the question'), stop.signal).catch((error: unknown) => error)
  stop.abort(new Error('left'))
  expect(await opened).toMatchObject({ message: 'left' })
  await worker.dispose()
})

test('a worker that ends begins nothing, and holds nothing', async () => {
  const { worker, count, home, failures } = await makeWorker()
  const beginning = worker.prepare(CHAT)
  await worker.dispose()
  await beginning
  await worker.prepare(CHAT)
  expect(count()).toBe(0)
  expect(heldBy(home)).toBe(0)
  expect(failures).toEqual([])
})

test('the pipe is held while a session waits, and not behind the end of the worker', async () => {
  const { worker, home } = await makeWorker(['hangs'])
  await worker.prepare(toBase('chat', [{ name: 'f', description: '', parameters: {} }]))
  expect(heldBy(home)).toBe(1)
  const { url } = (worker as unknown as { ahead: { offer: { url: string } } }).ahead.offer
  expect((await fetch(url, { method: 'DELETE' })).status).toBe(204)
  await worker.dispose()
  expect(heldBy(home)).toBe(0)
  expect((await fetch(url, { method: 'DELETE' })).status).toBe(404)
})
