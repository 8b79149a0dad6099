// Sessions that are opened before there is a turn for them: what the agent is told, and what happens where it does not do as expected.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChatEvent } from '../../../src/core/event.ts'
import { openSandbox, type Sandbox } from '../../../src/process/sandbox.ts'
import { NO_FUNCTIONS } from '../../../src/providers/acp/session-opening.ts'
import { TurnFunctions } from '../../../src/providers/acp/tools.ts'
import { type Progress, runTurn } from '../../../src/providers/acp/turn.ts'
import { AcpWorker } from '../../../src/providers/acp/worker.ts'
import { AcpClient } from '../../../src/providers/acp-client.ts'
import { AcpProcess } from '../../../src/providers/acp-process.ts'
import { createMcpServer } from '../../../src/tools/mcp-server.ts'
import { eventually } from '../../support/cligate.ts'
import { request } from '../claude/requests.ts'
import { answer, failure, type FakeChild, fakeChild, says, update } from './fake-child.ts'

const never = new AbortController().signal
const LIMITS = { turns: 100, memory: Number.MAX_SAFE_INTEGER }
const WEATHER = { name: 'get_weather', description: 'd', parameters: { type: 'object' }, strict: false }
const FUNCTIONS = new TurnFunctions([WEATHER], 'Agent').shown

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

/** As the agent would ask the MCP server that it was told of. */
async function rpc(url: string, method: string, params: object = {}): Promise<Response> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: crypto.randomUUID(), method, params })
  const headers = { accept: 'application/json', 'content-type': 'application/json' }
  return await fetch(url, { method: 'POST', headers, body })
}

/** What the agent does when it is asked for its n-th session: with a number, it opens one so many milliseconds later. */
type Opens = number | 'needs a login' | 'hangs'
type Setup = {
  opens?: Opens[]
  /** False: it asks for the functions no sooner than it is asked itself. */
  lists?: boolean
  /** What it knows of letting sessions go. */
  lets?: { close?: object; delete?: object }
  /** Sessions that it has forgotten, and how it says so. */
  forgets?: { ids: string[]; error: [code: number, message: string, data?: unknown] }
  /** Says this in a session before it says that it does not know it. */
  stutters?: boolean
}

/** A worker of an agent whose sessions are s1, s2, ..., and that answers with the name of the session. */
async function makeWorker({ opens = [], lists = true, lets, forgets, stutters = false }: Setup = {}) {
  const folder = await sandbox.createFolder('agent')
  const work = join(folder.path, 'work')
  mkdirSync(work)
  let count = 0
  const agent: FakeChild = fakeChild(({ id, method, params }, self) => void hear(self, { id, method, params }))
  async function hear(child: FakeChild, { id, method, params }: { id?: number; method?: string; params?: object }) {
    const sessionId = String((params as { sessionId?: string } | undefined)?.sessionId)
    switch (method) {
      case 'session/new': {
        count += 1
        const own = `s${count}`
        const way = opens.shift() ?? 0
        if (way === 'hangs') return
        if (way === 'needs a login') return child.say(failure(id, -32000, 'Authentication required'))
        if (way > 0) await Bun.sleep(way)
        const [server] = (params as { mcpServers: { url: string }[] }).mcpServers
        if (server && lists) await rpc(server.url, 'tools/list')
        // As agents do: what it can be told comes behind.
        return child.say(
          answer(id, {
            sessionId: own,
            models: { currentModelId: 'm', availableModels: [{ modelId: own, name: own }] },
          }),
          update(own, { sessionUpdate: 'available_commands_update', availableCommands: [] }),
        )
      }
      case 'session/prompt':
      case 'session/set_model': {
        if (forgets?.ids.includes(sessionId)) {
          if (stutters) child.say(says(sessionId, 'So '))
          const [code, message, data] = forgets.error
          return child.say(failure(id, code, message, data))
        }
        if (method === 'session/set_model') return child.say(answer(id, {}))
        return child.say(says(sessionId, `in ${sessionId}`), answer(id, { stopReason: 'end_turn' }))
      }
      case 'session/close':
      case 'session/delete':
        return child.say(answer(id, {}))
    }
  }
  const client = await AcpClient.connect(agent, { name: 'Agent' })
  const info = {
    protocolVersion: 1,
    agentCapabilities: { mcpCapabilities: { http: true }, ...(lets && { sessionCapabilities: lets }) },
  }
  const worker = new AcpWorker(new AcpProcess(agent, client, info, folder), { work, mcp, aheadWithin: 200 })
  const told = () =>
    agent.told
      .filter(({ method }) => method?.startsWith('session/'))
      .map(({ method, params }) => [method?.slice(8), params?.['sessionId']].filter(Boolean).join(' '))
  /** Runs a turn up to its clean-up, as the driver does. */
  async function turn(functions?: TurnFunctions, model = 'default', signal = never): Promise<string> {
    const progress: Progress = { opening: false, settled: false }
    const events: ChatEvent[] = []
    for await (const batch of runTurn(
      worker,
      { name: 'A', request: request('Hi'), model, functions },
      progress,
      signal,
    ))
      events.push(...batch)
    if (progress.open) await worker.clean(progress.open, never)
    progress.open?.opening.close()
    return events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : [])).join('')
  }
  return { worker, agent, work, told, turn }
}

const functions = () => new TurnFunctions([WEATHER], 'Agent')
/** Where the functions of the last session are shown. */
const url = (agent: FakeChild): string => {
  const opened = agent.told.findLast(({ method }) => method === 'session/new')!
  return (opened.params!['mcpServers'] as { url: string }[])[0]!.url
}

describe('a turn', () => {
  test('has the session that was opened ahead, and there is one each', async () => {
    const { worker, told, turn } = await makeWorker()
    await worker.prepare(NO_FUNCTIONS)
    expect(told()).toEqual(['new'])
    expect(worker.isPreparedFor(NO_FUNCTIONS)).toBe(true)
    expect(worker.isPreparedFor(FUNCTIONS)).toBe(false)
    for (const own of ['s1', 's2', 's3']) {
      expect(await turn()).toBe(`in ${own}`)
      expect(worker.isPrepared).toBe(false)
      expect(await worker.prepare(NO_FUNCTIONS)).toBe(true)
      expect(await worker.prepare(NO_FUNCTIONS)).toBe(false)
    }
    expect(told()).toEqual(['new', 'prompt s1', 'new', 'prompt s2', 'new', 'prompt s3', 'new'])
    expect(worker.models.map(({ name }) => name)).toEqual(['s4'])
    expect(worker.opened).toBe(4)
    await worker.dispose()
  })

  test('that comes while it opens waits for that very one', async () => {
    const { worker, told, turn } = await makeWorker({ opens: [50] })
    void worker.prepare(NO_FUNCTIONS)
    expect(worker.isPreparedFor(NO_FUNCTIONS)).toBe(true)
    expect(await turn()).toBe('in s1')
    expect(told()).toEqual(['new', 'prompt s1'])
    await worker.dispose()
  })

  test('without one opens one', async () => {
    const { worker, told, turn } = await makeWorker()
    expect(await turn()).toBe('in s1')
    expect(told()).toEqual(['new', 'prompt s1'])
    await worker.dispose()
  })

  test('chooses its model in it', async () => {
    const { worker, told, turn } = await makeWorker()
    await worker.prepare(NO_FUNCTIONS)
    await turn(undefined, 's1')
    expect(told()).toEqual(['new', 'set_model s1', 'prompt s1'])
    await worker.dispose()
  })

  test('with other functions opens its own, and the other one is let go of before', async () => {
    const { worker, work, told, turn } = await makeWorker({ lets: { close: {}, delete: {} } })
    await worker.prepare(NO_FUNCTIONS)
    writeFileSync(join(work, 'left'), 'by the agent')
    expect(await turn(functions())).toBe('in s2')
    expect(told()).toEqual(['new', 'close s1', 'delete s1', 'new', 'prompt s2', 'close s2', 'delete s2'])
    expect(readdirSync(work)).toEqual([])
    await worker.dispose()
  })

  test('with other functions does not wait for one that is on its way, which is let go of when it is there', async () => {
    const { worker, work, told, turn } = await makeWorker({ opens: [150], lets: { close: {}, delete: {} } })
    const ahead = worker.prepare(NO_FUNCTIONS)
    expect(await turn(functions())).toBe('in s2')
    const own = ['new', 'new', 'prompt s2', 'close s2', 'delete s2']
    expect(told()).toEqual(own)
    writeFileSync(join(work, 'file'), 'of the next turn')
    await ahead
    await eventually('it is let go of', () => told().length === 7)
    expect(told()).toEqual([...own, 'close s1', 'delete s1'])
    expect(readdirSync(work)).toEqual(['file'])
    expect(worker.isPrepared).toBe(false)
    expect(worker.isWornOut(LIMITS)).toBe(false)
    await worker.dispose()
  })

  test('with other functions: one that never comes is not waited for, and the worker is not kept', async () => {
    const { worker, told, turn } = await makeWorker({ opens: ['hangs'], lets: { close: {} } })
    const ahead = worker.prepare(NO_FUNCTIONS)
    expect(await turn(functions())).toBe('in s2')
    await eventually('it is too late', () => worker.isWornOut(LIMITS))
    await worker.dispose()
    expect(await ahead).toBe(false)
    expect(told()).toEqual(['new', 'new', 'prompt s2', 'close s2'])
  })

  test('that is over before its own session is asked for asks for none, and lets go of the other one', async () => {
    const { worker, told, turn } = await makeWorker({ lets: { close: {}, delete: {} } })
    await worker.prepare(NO_FUNCTIONS)
    const stop = new AbortController()
    const leaving = turn(functions(), 'default', stop.signal).catch((error: unknown) => error)
    stop.abort(new Error('left'))
    expect(await leaving).toMatchObject({ message: 'left' })
    expect(told()).toEqual(['new', 'close s1', 'delete s1'])
    await worker.dispose()
  })

  test.each<[string, Partial<typeof WEATHER>]>([
    ['another name', { name: 'other' }],
    ['another description', { description: 'e' }],
    ['keys in another order', { parameters: { type: 'object', properties: {} } as never }],
  ])('one difference is enough: %s', async (_, changes) => {
    const { worker } = await makeWorker()
    await worker.prepare(FUNCTIONS)
    const shown = new TurnFunctions([{ ...WEATHER, ...changes }], 'Agent').shown
    expect(worker.isPreparedFor(shown)).toBe(false)
    expect(worker.isPreparedFor(functions().shown)).toBe(true)
    await worker.dispose()
  })
})

describe('functions that are shown ahead', () => {
  test('are listed before the turn, and their calls are those of the turn that has the session', async () => {
    const { worker, agent } = await makeWorker()
    await worker.prepare(FUNCTIONS)
    const listed = await (await rpc(url(agent), 'tools/list')).json()
    expect(listed).toMatchObject({ result: { tools: [{ name: 'get_weather' }] } })
    // Before there is a turn there is nobody to call for.
    const early = await (await rpc(url(agent), 'tools/call', { name: 'get_weather', arguments: {} })).json()
    expect(early).toMatchObject({ error: { message: 'The call failed.' } })
    const open = await worker.open(FUNCTIONS, never)
    const own = functions()
    open.opening.bind(own)
    const since = performance.now()
    await open.opening.listed(never)
    expect(performance.now() - since).toBeLessThan(100)
    const waiting = rpc(url(agent), 'tools/call', { name: 'get_weather', arguments: { n: 1 } })
    await eventually('it is called', () => own.begun)
    open.opening.close()
    expect(await (await waiting).json()).toMatchObject({ error: { message: 'The call was dropped.' } })
    expect((await rpc(url(agent), 'tools/list')).status).toBe(404)
    await worker.dispose()
  })

  test('of a session that was let go of are shown no more', async () => {
    const { worker, agent, turn } = await makeWorker()
    await worker.prepare(FUNCTIONS)
    const before = url(agent)
    await turn()
    expect((await rpc(before, 'tools/list')).status).toBe(404)
    await worker.dispose()
  })

  test('an agent that lists them when it is asked holds up no turn whose session has waited', async () => {
    const { worker } = await makeWorker({ lists: false })
    await worker.prepare(FUNCTIONS)
    await Bun.sleep(1600)
    const { opening } = await worker.open(FUNCTIONS, never)
    const since = performance.now()
    await opening.listed(never)
    expect(performance.now() - since).toBeLessThan(200)
    await worker.dispose()
  })

  test('a permission is asked for in the session of the turn, or refused', async () => {
    const { worker } = await makeWorker()
    const open = await worker.open(FUNCTIONS, never)
    const own = functions()
    open.opening.bind(own)
    const toolCall = { toolCallId: '1', title: 'client/get_weather', rawInput: {} }
    const refused = { outcome: { outcome: 'cancelled' as const } }
    expect(await worker.permission({ sessionId: 's9', options: [], toolCall })).toEqual(refused)
    expect(own.begun).toBe(false)
    const held = worker.permission({ sessionId: 's1', options: [], toolCall })
    expect(own.begun).toBe(true)
    own.refuse()
    expect(await held).toEqual(refused)
    await worker.clean(open, never)
    expect(await worker.permission({ sessionId: 's1', options: [], toolCall })).toEqual(refused)
    await worker.dispose()
  })
})

describe('a session that cannot be opened ahead', () => {
  test('is opened anew', async () => {
    const { worker, told, turn } = await makeWorker({ opens: ['needs a login'] })
    await expect(worker.prepare(NO_FUNCTIONS)).rejects.toThrow('Authentication required')
    expect(worker.isPrepared).toBe(false)
    expect(await turn()).toBe('in s2')
    expect(told()).toEqual(['new', 'new', 'prompt s2'])
    expect(worker.isWornOut(LIMITS)).toBe(false)
    await worker.dispose()
  })

  test('while a turn waits for it, too; and where it fails again, with that error', async () => {
    const { worker, agent, told, turn } = await makeWorker({ opens: ['needs a login', 'needs a login'] })
    const ahead = worker.prepare(NO_FUNCTIONS).catch(() => 'failed')
    await expect(turn()).rejects.toMatchObject({ code: -32000 })
    expect(await ahead).toBe('failed')
    expect(told()).toEqual(['new', 'new'])
    agent.end()
    await worker.dispose()
  })

  test('that hangs is given up after a while, and the worker is not kept', async () => {
    const { worker, agent, told, turn } = await makeWorker({ opens: ['hangs'] })
    void worker.prepare(FUNCTIONS).catch(() => {})
    await Bun.sleep(100)
    const before = url(agent)
    const since = performance.now()
    expect(await turn(functions())).toBe('in s2')
    // The time before the turn counts.
    expect(performance.now() - since).toBeLessThan(190)
    expect(told()).toEqual(['new', 'new', 'prompt s2'])
    expect((await rpc(before, 'tools/list')).status).toBe(404)
    expect(worker.isWornOut(LIMITS)).toBe(true)
    await worker.dispose()
  })

  test('who leaves meanwhile leaves it to the next turn', async () => {
    const { worker, told, turn } = await makeWorker({ opens: [60] })
    void worker.prepare(NO_FUNCTIONS)
    const stop = new AbortController()
    const leaving = turn(undefined, 'default', stop.signal).catch((error: unknown) => error)
    stop.abort(new Error('left'))
    expect(await leaving).toMatchObject({ message: 'left' })
    expect(worker.isPreparedFor(NO_FUNCTIONS)).toBe(true)
    expect(await turn()).toBe('in s1')
    expect(told()).toEqual(['new', 'prompt s1'])
    await worker.dispose()
  })

  test('of an agent that is gone', async () => {
    const { worker, agent, turn } = await makeWorker({ opens: ['hangs'] })
    const ahead = worker.prepare(NO_FUNCTIONS).catch((error: unknown) => error)
    const asked = turn().catch((error: unknown) => error)
    agent.end({ code: 1 })
    expect(await ahead).toMatchObject({ code: 'provider_error' })
    expect(await asked).toMatchObject({ code: 'provider_error', message: expect.stringContaining('exit code 1') })
    await worker.dispose()
  })
})

describe('one in vain', () => {
  const CLOSES = { close: {} }

  test('is the last, where the agent cannot close sessions: there is one more than turns at most', async () => {
    const { worker, turn } = await makeWorker({ lets: { delete: {} } })
    let turns = 0
    for (const own of [undefined, functions(), undefined, undefined, functions(), functions(), functions()]) {
      await turn(own)
      turns += 1
      await worker.prepare(own?.shown ?? NO_FUNCTIONS)
      expect(worker.opened).toBeLessThanOrEqual(turns + 1)
    }
    expect(worker.isPrepared).toBe(false)
    await worker.dispose()
  })

  test('else the next one is opened behind two turns that were alike', async () => {
    const { worker, turn } = await makeWorker({ lets: CLOSES })
    const guessed: boolean[] = []
    for (const own of [undefined, functions(), undefined, functions(), functions(), functions(), undefined]) {
      await turn(own)
      guessed.push(await worker.prepare(own?.shown ?? NO_FUNCTIONS))
    }
    expect(guessed).toEqual([true, false, false, false, true, true, false])
    await worker.dispose()
  })

  test('a guess that was right makes up for it', async () => {
    const { worker, turn } = await makeWorker({ lets: CLOSES })
    await worker.prepare(NO_FUNCTIONS)
    await turn(functions())
    await turn(functions())
    expect(await worker.prepare(FUNCTIONS)).toBe(true)
    await turn(functions())
    await turn()
    expect(await worker.prepare(NO_FUNCTIONS)).toBe(true)
    await worker.dispose()
  })

  test('before the first turn it is only opened where it can be closed', async () => {
    const keeps = await makeWorker()
    expect(await keeps.worker.prepare(undefined)).toBe(false)
    const closes = await makeWorker({ lets: CLOSES })
    expect(await closes.worker.prepare(undefined)).toBe(true)
    expect(closes.worker.isPreparedFor(NO_FUNCTIONS)).toBe(true)
    await Promise.all([keeps.worker.dispose(), closes.worker.dispose()])
  })

  test('that told whether the agent is ready is not counted', async () => {
    const { worker, told, turn } = await makeWorker()
    await worker.tryOut(never)
    await worker.tryOut(never)
    expect(worker.isPreparedFor(NO_FUNCTIONS)).toBe(true)
    await turn(functions())
    expect(told()).toEqual(['new', 'new', 'prompt s2'])
    expect(await worker.prepare(FUNCTIONS)).toBe(true)
    await worker.dispose()
  })

  test('no functions are shown to an agent that connects to no server', async () => {
    const { worker } = await makeWorker()
    worker.process.info.agentCapabilities = {}
    expect(await worker.prepare(FUNCTIONS)).toBe(false)
    await worker.dispose()
  })
})

describe('whether the agent is ready', () => {
  test('a session that was opened ahead tells, also one that is on its way', async () => {
    const { worker, told } = await makeWorker({ opens: [30] })
    void worker.prepare(NO_FUNCTIONS)
    await worker.tryOut(never)
    expect(told()).toEqual(['new'])
    expect(worker.models.map(({ name }) => name)).toEqual(['s1'])
    await worker.dispose()
  })

  test('where that failed, another one does', async () => {
    const { worker, told } = await makeWorker({ opens: ['needs a login', 'needs a login'] })
    void worker.prepare(NO_FUNCTIONS).catch(() => {})
    await expect(worker.tryOut(never)).rejects.toMatchObject({ code: -32000 })
    expect(told()).toEqual(['new', 'new'])
    expect(worker.isPrepared).toBe(false)
    await worker.dispose()
  })
})

describe('the end of a worker', () => {
  test('lets go of a session that nobody had', async () => {
    const { worker, told } = await makeWorker({ opens: [20], lets: { close: {}, delete: {} } })
    void worker.prepare(NO_FUNCTIONS)
    await Promise.all([worker.dispose(), worker.dispose()])
    expect(told()).toEqual(['new', 'close s1', 'delete s1'])
    expect(worker.alive).toBe(false)
    expect(await worker.prepare(NO_FUNCTIONS)).toBe(false)
  })

  test('shows its functions no more', async () => {
    const { worker, agent } = await makeWorker()
    await worker.prepare(FUNCTIONS)
    await worker.dispose()
    expect((await rpc(url(agent), 'tools/list')).status).toBe(404)
  })

  test('waits for none where the agent knows no way', async () => {
    const { worker, agent, told } = await makeWorker({ opens: ['hangs'] })
    void worker.prepare(NO_FUNCTIONS).catch(() => {})
    await agent.hears('session/new')
    const since = performance.now()
    await worker.dispose()
    expect(performance.now() - since).toBeLessThan(500)
    expect(told()).toEqual(['new'])
  })

  test('does not wait for ever', async () => {
    const { worker, told } = await makeWorker({ opens: ['hangs'], lets: { close: {} } })
    void worker.prepare(NO_FUNCTIONS).catch(() => {})
    const since = performance.now()
    await worker.dispose()
    expect(performance.now() - since).toBeLessThan(1500)
    expect(told()).toEqual(['new'])
  })

  test('of one that was killed comes at once', async () => {
    const { worker, told } = await makeWorker({ lets: { close: {} } })
    await worker.prepare(NO_FUNCTIONS)
    worker.kill()
    await worker.dispose()
    expect(told()).toEqual(['new'])
  })
})

describe('a session that the agent has forgotten meanwhile', () => {
  const forgets: Setup['forgets'] = { ids: ['s1'], error: [-32002, 'Resource not found', { sessionId: 's1' }] }

  test('is replaced, and the question asked once more', async () => {
    const { worker, told, turn } = await makeWorker({ forgets })
    await worker.prepare(NO_FUNCTIONS)
    expect(await turn()).toBe('in s2')
    expect(told()).toEqual(['new', 'prompt s1', 'new', 'prompt s2'])
    expect(worker.isWornOut(LIMITS)).toBe(false)
    await worker.dispose()
  })

  test('also where the choice of the model finds it out, and with functions', async () => {
    const { worker, told, turn } = await makeWorker({ forgets, lets: { close: {} } })
    await worker.prepare(FUNCTIONS)
    expect(await turn(functions(), 'm')).toBe('in s2')
    expect(told()).toEqual(['new', 'set_model s1', 'close s1', 'new', 'set_model s2', 'prompt s2', 'close s2'])
    await worker.dispose()
  })

  test('not where a function was called already', async () => {
    const { worker, told, turn } = await makeWorker({ forgets })
    await worker.prepare(FUNCTIONS)
    const own = functions()
    own.take('get_weather', {})
    await expect(turn(own)).rejects.toMatchObject({ code: -32002 })
    expect(told()).toEqual(['new', 'prompt s1'])
    await worker.dispose()
  })

  test('once, and no more', async () => {
    const { worker, told, turn } = await makeWorker({ forgets: { ...forgets, ids: ['s1', 's2'] } })
    await worker.prepare(NO_FUNCTIONS)
    await expect(turn()).rejects.toMatchObject({ code: -32002 })
    expect(told()).toEqual(['new', 'prompt s1', 'new', 'prompt s2'])
    await worker.dispose()
  })

  test.each<[string, Setup, boolean]>([
    ['one that was opened just now', { forgets }, false],
    ['one in which something was said', { forgets, stutters: true }, true],
    ['any other error', { forgets: { ids: ['s1'], error: [-32603, 'Internal error'] } }, true],
  ])('not %s', async (_, setup, isAhead) => {
    const { worker, told, turn } = await makeWorker(setup)
    if (isAhead) await worker.prepare(NO_FUNCTIONS)
    await expect(turn()).rejects.toMatchObject({ name: 'AcpError' })
    expect(told()).toEqual(['new', 'prompt s1'])
    await worker.dispose()
  })
})
