// A session whose load is begun before its turn: what the CLI is told, and what happens where it does not do as expected.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSandbox, type Sandbox } from '../../../src/process/sandbox.ts'
import { AcpClient } from '../../../src/providers/acp-client.ts'
import { AcpProcess } from '../../../src/providers/acp-process.ts'
import { createHome } from '../../../src/providers/gemini/home.ts'
import { GeminiWorker, type Opening } from '../../../src/providers/gemini/worker.ts'
import { createMcpServer } from '../../../src/tools/mcp-server.ts'
import { eventually } from '../../support/cligate.ts'
import { answer, failure, type FakeChild, fakeChild, update } from '../acp/fake-child.ts'

const CHAT = { policy: 'chat', tools: [] }
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

/** A worker whose CLI loads conversations from its folder, as the real one does, and repeats them. */
async function makeWorker(loads: Load[] = []) {
  const home = await createHome(sandbox, '/nowhere', { settings: {}, policy: '' })
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
  const worker = new GeminiWorker(process, { home, mcp, login: '', policy: '', aheadWithin: 300 })
  const count = () => child.told.filter(({ method }) => method === 'session/load').length
  return { worker, child, home, chats, said, policies, count }
}

test('one load serves the turn, with the conversation that came later', async () => {
  const { worker, said, count, home, chats } = await makeWorker()
  await worker.prepare(CHAT)
  expect(worker.isPreparedFor({ ...CHAT })).toBe(true)
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

test('each session has another name than the one before, and the third has the first one’s', async () => {
  const { worker, child } = await makeWorker()
  for (const text of ['one', 'two', 'three']) {
    await worker.prepare(CHAT)
    const open = await worker.open(opening(text), never)
    open.close()
    await worker.clean()
  }
  const names = child.told.filter(({ method }) => method === 'session/load').map(({ params }) => params?.['sessionId'])
  expect(names[0]).not.toBe(names[1])
  expect(names[2]).toBe(names[0])
  await worker.dispose()
})

test('a turn on another base has a load of its own, behind the end of the other', async () => {
  const { worker, said, policies, count } = await makeWorker()
  await worker.prepare(CHAT)
  const base = { policy: 'other', tools: [] }
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
    home: { ...home, pipe: undefined },
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

test('a worker that ends begins nothing', async () => {
  const { worker, count } = await makeWorker()
  const beginning = worker.prepare(CHAT)
  await worker.dispose()
  await beginning.catch(() => {})
  expect(count()).toBe(0)
})
