// Which sessions are opened ahead, and which turns get one; without the CLI.
import { describe, expect, test } from 'bun:test'
import type { AcpClient, AcpSession } from '../../../src/providers/acp-client.ts'
import { toConversation } from '../../../src/providers/qwen/history.ts'
import { blankEntries, countTurns, hasAllResults, toHistory } from '../../../src/providers/qwen/live-history.ts'
import { isToldTurns } from '../../../src/providers/qwen/service.ts'
import type { SessionRequest } from '../../../src/providers/qwen/session.ts'
import { SpareSessions } from '../../../src/providers/qwen/spare-sessions.ts'
import type { OpenSession } from '../../../src/providers/qwen/worker.ts'
import { assistant, call, result, system, user } from '../claude/requests.ts'

const { signal } = new AbortController()
const IMAGE = { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'AAAA' } } as const
const entriesOf = (...messages: Parameters<typeof toConversation>[1]) => toConversation([], messages).entries

function wanted(kind: string, changes: Partial<SessionRequest> = {}): SessionRequest {
  const conversation = toConversation([{ type: 'text', text: 'Be.' }], [user('one'), assistant('two'), user('three')])
  return { conversation, model: 'm', settings: (logFolder) => ({ kind, logFolder }), ...changes }
}

/** Sessions of nobody; `refuses` what is asked of the client. */
function world(
  options: { opens?: () => Promise<void>; refuses?: boolean; isBusy?: () => boolean; stopReason?: string } = {},
) {
  const opened: SessionRequest[] = []
  const closed: string[] = []
  const given: { sessionId: string; history: unknown }[] = []
  /** Those that will read their system prompt behind the next prompt. */
  const reading = new Set<string>()
  /** What was read, by whom. */
  const prompts: string[] = []
  let file = 'of another turn'
  const client = {
    async request(method: string, params: { sessionId: string; history: unknown }) {
      if (method !== 'restoreSessionHistory') return
      if (options.refuses) throw new Error('method not found')
      given.push(params)
    },
  }
  async function open(request: SessionRequest) {
    opened.push(request)
    const id = `${opened.length}`
    reading.add(id)
    await options.opens?.()
    const acp = {
      id,
      async *prompt() {
        prompts.push(`${id}: ${reading.delete(id) ? file : 'nothing'}`)
        yield [{ type: 'stop', response: { stopReason: options.stopReason ?? 'end_turn' } }]
      },
    }
    return { acp: acp as unknown as AcpSession, logFolder: '', close: async () => void closed.push(id) } as OpenSession
  }
  const withSystem = async (system: string, action: () => Promise<void>) => {
    file = system
    await action()
    file = 'of another turn'
  }
  const isBusy = options.isBusy ?? (() => false)
  const spares = new SpareSessions(client as unknown as AcpClient, open, withSystem, isBusy)
  spares.reminders = ['Mind.']
  /** Turns of these kinds that are over, one after the other. */
  async function prepareAll(kinds: readonly string[]) {
    for (const kind of kinds) {
      spares.prepare(wanted(kind))
      await Bun.sleep(1)
    }
  }
  const kinds = () => opened.map(({ settings }) => (settings('') as { kind: string }).kind).join('')
  return { spares, opened, closed, given, prompts, prepareAll, kinds }
}

describe('a session', () => {
  test('is opened with the settings of a turn alone, and gets the words of the next one', async () => {
    const { spares, opened, given, prompts } = world()
    spares.prepare(wanted('a'))
    expect(opened).toEqual([
      { ...wanted('a'), settings: expect.any(Function), conversation: { system: '', entries: blankEntries(0) } },
    ])
    const { entries } = wanted('a').conversation
    const taken = await spares.take(wanted('a', { conversation: { system: 'New.', entries } }), signal)
    expect(taken?.acp.id).toBe('1')
    expect(prompts).toEqual(['1: New.'])
    expect(given).toEqual([{ sessionId: '1', history: toHistory(['Mind.'], entries) }])
    expect(await spares.take(wanted('a'), signal)).toBeUndefined()
  })

  test('is for turns with the same settings only', async () => {
    const { spares } = world()
    spares.prepare(wanted('a'))
    const others = [wanted('b'), wanted('a', { settings: () => ({ kind: 'a', more: 1 }) })]
    for (const other of others) expect(await spares.take(other, signal)).toBeUndefined()
    expect(await spares.take(wanted('a'), signal)).toBeDefined()
  })

  test('is not opened where no self-test has shown what it begins with', async () => {
    const { spares, opened } = world()
    spares.reminders = undefined
    spares.prepare(wanted('a'))
    expect(opened).toEqual([])
    expect(await spares.take(wanted('a'), signal)).toBeUndefined()
  })

  test('is closed when it does not take the conversation', async () => {
    const { spares, closed } = world({ refuses: true })
    spares.prepare(wanted('a'))
    expect(await spares.take(wanted('a'), signal)).toBeUndefined()
    expect(closed).toEqual(['1'])
  })

  test('that does not open is missed by nobody', async () => {
    const { spares } = world({ opens: () => Promise.reject(new Error('no')) })
    spares.prepare(wanted('a'))
    expect(await spares.take(wanted('a'), signal)).toBeUndefined()
  })

  test('is closed when the turn is given up that waits for it', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { spares, closed } = world({ opens: () => promise })
    spares.prepare(wanted('a'))
    const leaving = new AbortController()
    const taking = spares.take(wanted('a'), leaving.signal)
    leaving.abort(new Error('left'))
    await expect(taking).rejects.toThrow('left')
    resolve()
    await Bun.sleep(1)
    expect(closed).toEqual(['1'])
  })

  test('is closed when there are too many of other kinds', async () => {
    const { closed, prepareAll } = world()
    await prepareAll(['a', 'b', 'c', 'd', 'e'])
    expect(closed).toEqual(['1'])
  })

  test('is closed when it does not skip the turn that is empty', async () => {
    const { spares, closed } = world({ stopReason: 'cancelled' })
    spares.prepare(wanted('a'))
    expect(await spares.take(wanted('a'), signal)).toBeUndefined()
    expect(closed).toEqual(['1'])
  })

  test('is not opened while another one is, nor while turns wait', async () => {
    let busy = false
    const { promise, resolve } = Promise.withResolvers<void>()
    const { prepareAll, kinds } = world({ opens: () => promise, isBusy: () => busy })
    await prepareAll(['a', 'b'])
    expect(kinds()).toBe('a')
    resolve()
    await Bun.sleep(1)
    busy = true
    await prepareAll(['c'])
    expect(kinds()).toBe('a')
    busy = false
    await prepareAll(['d'])
    expect(kinds()).toBe('ad')
  })

  test('is opened only for a turn like the one before it, after four that no turn has used', async () => {
    const { spares, prepareAll, kinds } = world()
    await prepareAll([...'abcdefghij'])
    expect(kinds()).toBe('abcdefgh')
    await prepareAll([...'ij'])
    expect(kinds()).toBe('abcdefgh')
    await prepareAll(['j'])
    expect(kinds()).toBe('abcdefghj')
    expect(await spares.take(wanted('j'), signal)).toBeDefined()
    await prepareAll(['k'])
    expect(kinds()).toBe('abcdefghjk')
  })

  test('that was refused is one that no turn has used', async () => {
    const { spares, prepareAll, kinds } = world({ refuses: true })
    for (const kind of 'abcd') {
      await prepareAll([kind])
      expect(await spares.take(wanted(kind), signal)).toBeUndefined()
    }
    await prepareAll(['a', 'b'])
    expect(kinds()).toBe('abcd')
  })

  test('is not waited for by a turn that is given up meanwhile', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    const session = { acp: { id: '1' }, logFolder: '', close: async () => closed.resolve() }
    const ran: unknown[] = []
    const spares = new SpareSessions(
      {} as AcpClient,
      async () => session as unknown as OpenSession,
      (_, action) => promise.then(action).catch((error: unknown) => void ran.push(error)),
      () => false,
    )
    spares.reminders = []
    spares.prepare(wanted('a'))
    const leaving = new AbortController()
    const taking = spares.take(wanted('a'), leaving.signal)
    await Bun.sleep(1)
    const reason = new Error('left')
    leaving.abort(reason)
    await expect(taking).rejects.toThrow('left')
    await closed.promise
    resolve()
    await Bun.sleep(1)
    expect(ran).toEqual([reason])
  })
})

describe('a service that is told the number of the turn', () => {
  const numbered = (turns: number) =>
    wanted('a', { numbered: true, conversation: { system: 'Be.', entries: blankEntries(turns).slice(0, -1) } })

  test('has those skipped that lie between', async () => {
    const { spares, opened, prompts, given } = world()
    spares.prepare(numbered(3))
    expect(opened[0]?.conversation.entries).toEqual(blankEntries(2))
    expect(await spares.take(numbered(4), signal)).toBeDefined()
    expect(prompts).toEqual(['1: Be.', '1: nothing'])
    expect(given).toHaveLength(1)
  })

  test('gets a new session where they are fewer, or many more', async () => {
    const { spares, closed, given } = world()
    for (const turns of [2, 8]) {
      spares.prepare(numbered(3))
      expect(await spares.take(numbered(turns), signal)).toBeUndefined()
    }
    expect(closed).toHaveLength(2)
    expect(given).toEqual([])
  })
})

test.each([
  ['https://api.openai.com/v1', 'openai', false],
  ['https://dashscope.aliyuncs.com/compatible-mode/v1', 'openai', true],
  ['https://llm.of.alibaba-inc.com/v1', 'openai', true],
  [undefined, 'openai', true],
  ['https://api.openai.com/v1', 'qwen-oauth', true],
  ['https://api.openai.com/v1', 'anthropic', true],
])('the service at %s, of %s, is told the number of the turn: %p', (baseUrl, provider, expected) => {
  const entry = baseUrl === undefined ? {} : { baseUrl }
  const user = { authType: undefined, models: [{ id: 'm', provider, entry }] }
  expect(isToldTurns('m', { user, hasKey: false, baseUrl: undefined, defaultModel: 'm' })).toBe(expected)
})

describe('a conversation', () => {
  test('goes behind the reminders, where there are any', () => {
    const entries = entriesOf(user('one'), assistant('two'))
    const [first, second] = toHistory([], entries)
    expect([first, second]).toEqual([
      { role: 'user', parts: [{ text: 'one' }] },
      { role: 'model', parts: [{ text: 'two' }] },
    ])
    expect(toHistory(['x', 'y'], entries)[0]).toEqual({ role: 'user', parts: [{ text: 'x' }, { text: 'y' }] })
  })

  test('has as many turns as messages of the user with words', () => {
    expect(countTurns(entriesOf(user('one'), assistant('two'), user(IMAGE), system('three')))).toBe(2)
    expect(countTurns(blankEntries(7))).toBe(7)
    expect(countTurns(blankEntries(0))).toBe(0)
  })

  test('is only given where each call has one result, right behind it', () => {
    const calls = assistant(call('a', 'f', '{}'), call('b', 'f', '{}'))
    const [a, b] = [result({ a: '1' }), result({ b: '2' })]
    expect(hasAllResults(entriesOf(user('?'), calls, b, a, user('?')))).toBe(true)
    expect(hasAllResults(entriesOf(user('?'), calls, result({ a: '1', b: '2' })))).toBe(true)
    expect(hasAllResults(entriesOf(user('?'), result({ z: '1' }), user('?')))).toBe(true)
    for (const others of [[a], [a, user('?'), b], [a, assistant('!'), b], [a, a, b], []]) {
      expect(hasAllResults(entriesOf(user('?'), calls, ...others, user('?')))).toBe(false)
    }
  })
})
