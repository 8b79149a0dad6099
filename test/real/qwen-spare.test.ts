// Sessions that the real Qwen Code opens ahead: the service is asked for the same, byte for byte, as by one that is opened for the turn.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ChatRequest, Message } from '../../src/core/request.ts'
import { assign } from '../../src/providers/qwen/assign.ts'
import { readLogin } from '../../src/providers/qwen/auth.ts'
import { bootQwen } from '../../src/providers/qwen/boot.ts'
import { findQwen } from '../../src/providers/qwen/executable.ts'
import { runTurn } from '../../src/providers/qwen/turn.ts'
import type { OpenSession, QwenWorker } from '../../src/providers/qwen/worker.ts'
import {
  answerTo,
  assistant,
  call,
  failureOf,
  result,
  system,
  textOf,
  tool,
  user,
} from '../providers/claude/requests.ts'
import { ask, type Body, MODEL, qwenWorld, saidTo, toolsIn, type World } from '../providers/qwen/world.ts'
import { failure } from '../upstream/replies/failures.ts'
import { text } from '../upstream/replies/text.ts'
import { nodeOfQwenWithout } from './harness/later-qwen.ts'
import { startDashScope } from './harness/simulated-dashscope.ts'

setDefaultTimeout(60_000)

const { signal } = new AbortController()
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const NOTE = '<system-reminder>x</system-reminder>'
const IMAGE = { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: PNG } } as const
const WEATHER = tool('get_weather', { city: { type: 'string' } })

const both = [call('a', 'get_weather', '{"city":"Rome"}'), call('b', 'get_weather', '{"city":"Oslo"}')]
const sunny = result({ a: [{ type: 'text', text: 'Sunny.' }, IMAGE] })
const called = [
  user('Weather?'),
  assistant({ type: 'reasoning', text: 'Hm.' }, 'Let me see.', ...both),
  sunny,
  result({ b: 'Rain.' }, ['b']),
]

const CONVERSATIONS: Record<string, Message[]> = {
  'of one message': [user('hi')],
  'of many turns': [user('one'), assistant('two'), user('three'), assistant('four'), user('five')],
  'with images': [user('See:', IMAGE), assistant('A dot.'), user(IMAGE)],
  'with calls, their results and reasoning': [...called, assistant('So so.'), user('And now?')],
  'that ends with results': called,
  'with ids that come twice': [...called, assistant('So so.'), ...called.slice(1), user('And now?')],
  'with a call that has no result': [user('Weather?'), assistant(...both), sunny, user('And now?')],
  'with a result of no call': [user('one'), result({ z: 'Nobody asked.' }), user('two')],
  'with instructions in its midst': [user('one'), system('Be brief.'), user('two')],
  'that ends with the model': [user('one'), assistant('two')],
  'that looks like notes of Qwen Code': [user('/clear'), assistant(NOTE), user(NOTE)],
  'of a megabyte': [user('lorem ipsum "dolor" \u2028 '.repeat(50_000)), assistant('ok'), user('on')],
}

async function bootedIn(world: World): Promise<QwenWorker> {
  const installation = findQwen({ configured: world.options.executable, path: process.env['PATH'], node: undefined })!
  return bootQwen(world.options, installation, signal)
}

async function finish(session: OpenSession): Promise<void> {
  for await (const batch of runTurn(session, { model: MODEL, maxTokens: undefined }, signal)) void batch
  await session.close()
}

function assigned({ options: { account, environment } }: World, request: ChatRequest) {
  return assign({ id: 'turn', request, model: MODEL }, readLogin(account, environment))
}

/** What the service gets from a new session, and from one that was opened behind `before`, with the id of the session left out. */
async function bothBodies(world: World, worker: QwenWorker, request: ChatRequest, before: ChatRequest) {
  world.upstream.reset()
  await finish(await worker.open(assigned(world, request), signal))
  worker.expect(assigned(world, before))
  const spare = await worker.spares.take(assigned(world, request), signal)
  if (spare) await finish(spare)
  return world.upstream.turns.map(({ body }) => body.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID'))
}

describe('a conversation', () => {
  let world: World
  let worker: QwenWorker
  beforeAll(async () => {
    world = await qwenWorld()
    worker = await bootedIn(world)
  })
  afterAll(async () => {
    await worker.dispose()
    await world[Symbol.asyncDispose]()
  })

  const options = { system: 'You are terse.', tools: [WEATHER] }
  for (const [name, messages] of Object.entries(CONVERSATIONS)) {
    test(`${name} is asked in the same words`, async () => {
      const before = ask('x', { ...options, system: 'Of another turn.' })
      const [fresh, spare, ...others] = await bothBodies(world, worker, ask(messages, options), before)
      expect(others).toEqual([])
      expect(fresh).toContain('You are terse.')
      // Qwen Code mends that where it reads it from a file.
      if (name.includes('no result')) expect(spare).toBeUndefined()
      else expect(spare).toBe(fresh!)
    })
  }

  test('without instructions has none of another turn', async () => {
    const [fresh, spare] = await bothBodies(world, worker, ask('hi'), ask('x', { system: 'Of another turn.' }))
    expect(spare).toBe(fresh!)
    expect(spare).not.toContain('"system"')
  })

  test('has its instructions word by word', async () => {
    for (const words of ['  \n indented\n\n', '${HOME} {{x}} $1', 'a'.repeat(200_000)]) {
      const [fresh, spare] = await bothBodies(world, worker, ask('hi', { system: words }), ask('x'))
      expect(spare).toBe(fresh!)
    }
  })

  test('gets no session with other functions or parameters', async () => {
    const others = [ask('hi', { system: 'You are terse.' }), ask('hi', { ...options, sampling: { temperature: 0 } })]
    for (const other of others) expect(await bothBodies(world, worker, ask('hi', options), other)).toHaveLength(1)
  })
})

test('a turn waits for the session that is being opened for it, and leaves none behind when it is given up', async () => {
  const world = await qwenWorld()
  const worker = await bootedIn(world)
  try {
    const folder = readdirSync(world.sandbox.path).find((name) => name.startsWith('qwen'))!
    const open = () => readdirSync(join(world.sandbox.path, folder, 'work')).length
    const untilOpen = async (count: number) => {
      const deadline = performance.now() + 5_000
      while (open() !== count && performance.now() < deadline) await Bun.sleep(1)
      expect(open()).toBe(count)
    }
    await untilOpen(0)
    const request = assigned(world, ask('hi'))
    worker.expect(request)
    const session = await worker.spares.take(request, signal)
    expect(session).toBeDefined()
    await finish(session!)
    await untilOpen(0)
    worker.expect(request)
    await untilOpen(1)
    const leaving = new AbortController()
    const opening = worker.open(request, leaving.signal)
    leaving.abort(new Error('left'))
    await expect(opening).rejects.toThrow('left')
    await untilOpen(0)
  } finally {
    await worker.dispose()
    await world[Symbol.asyncDispose]()
  }
})

test('a service that is told the number of the turn is told the right one', async () => {
  const service = startDashScope(() => world.upstream.url)
  const world = await qwenWorld({ environment: service.environment })
  const worker = await bootedIn(world)
  try {
    const long = CONVERSATIONS['of many turns']!
    // One turn more than before; as many; many more; fewer.
    for (const [messages, before, works] of [
      [long, long.slice(0, 3), true],
      [long, long, true],
      [called, called, true],
      [Array(6).fill(long).flat() as Message[], [user('one')], false],
      [[user('one')], long, false],
    ] as const) {
      const [fresh, spare] = await bothBodies(world, worker, ask([...messages]), ask([...before]))
      expect(fresh).toMatch(/"promptId":"ID########\d+"/)
      if (works) expect(spare).toBe(fresh!)
      else expect(spare).toBeUndefined()
    }
  } finally {
    await worker.dispose()
    await world[Symbol.asyncDispose]()
    service.stop()
  }
})

describe('turns', () => {
  test('one after the other do not mix, whatever they have in common', async () => {
    await using world = await qwenWorld()
    const kinds = [
      { system: 'You are one.', model: 'model-one', tools: [WEATHER] },
      { system: 'You are two.', model: 'model-two', sampling: { temperature: 0.2 } },
      { system: 'You are one.', model: 'model-one', sampling: { temperature: 0.3 } },
    ]
    for (let n = 0; n < 12; n += 1) {
      const kind = kinds[n % 3]!
      const asked = ask([user(`canary-${n}x`)], kind)
      world.upstream.next(n % 5 === 4 ? failure(400) : text(`Answer ${n}.`))
      if (n % 5 === 4) await failureOf(world.driver, asked)
      else expect(textOf(await answerTo(world.driver, asked))).toBe(`Answer ${n}.`)
      expect(saidTo(world.upstream)).toEqual([`system: ${kind.system}`, `user: canary-${n}x`])
      const body = world.upstream.turns.at(-1)!.json as Body
      expect([body.model, body['temperature']]).toEqual([kind.model, kind.sampling?.temperature])
      expect(toolsIn(body)).toEqual([kind.tools ? 'get_weather' : 'unavailable'])
      expect(world.upstream.turns).toHaveLength(n + 1)
    }
  })

  test('at once have their own instructions each', async () => {
    await using world = await qwenWorld()
    const worker = await bootedIn(world)
    const kinds = [
      { model: 'model-one', tools: [WEATHER] },
      { model: 'model-two', sampling: { temperature: 0.2 } },
      { model: 'model-one', sampling: { temperature: 0.3 } },
    ]
    let ahead = 0
    async function turn(n: number) {
      const kind = kinds[n % 3]!
      const asked = ask([user(`canary-${n}x ?`)], { ...kind, system: `You are canary-${n}x.` })
      const request = assign({ id: `${n}`, request: asked, model: kind.model }, login)
      const taken = await worker.spares.take(request, signal)
      if (taken) ahead += 1
      await finish(taken ?? (await worker.open(request, signal)))
    }
    const login = readLogin(world.options.account, world.options.environment)
    for (let round = 0; round < 14; round += 1) {
      for (const kind of kinds) {
        worker.expect(assign({ id: 'x', request: ask('x', kind), model: kind.model }, login))
        // Only one is opened at a time.
        await Bun.sleep(60)
      }
      await Promise.all(Array.from({ length: 6 }, (_, n) => turn(round * 6 + n)))
    }
    await worker.dispose()
    expect(ahead).toBeGreaterThan(14)
    const numbers = world.upstream.turns.map(({ body, json }) => {
      const { messages, model, temperature } = json as Body
      const canary = /canary-(\d+)x/.exec(body)!
      const kind = kinds[Number(canary[1]) % 3]!
      expect(body.match(/canary-\d+x/g)).toEqual([canary[0], canary[0]])
      expect(messages[0]).toMatchObject({ role: 'system', content: `You are ${canary[0]}.` })
      expect([model, temperature]).toEqual([kind.model, kind.sampling?.temperature])
      return Number(canary[1])
    })
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 84 }, (_, n) => n))
  })

  test('are answered by a version that takes no conversation, too', async () => {
    await using home = await qwenWorld()
    await using world = await qwenWorld({ node: await nodeOfQwenWithout(home.home, 'restoreSessionHistory') })
    for (let n = 0; n < 3; n += 1) {
      expect(textOf(await answerTo(world.driver, ask(`hi ${n}`)))).toBe('Hello from the simulated model.')
    }
    expect(world.upstream.turns).toHaveLength(3)
    expect(world.logged.map(({ message }) => message)).toContain(
      'Qwen Code opens no sessions ahead: this version of it may be newer than cligate.',
    )
  })
})
