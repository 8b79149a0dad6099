import { afterEach, describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { assertOrder } from '../../../src/core/assert-order.ts'
import { collect } from '../../../src/core/collect.ts'
import { GatewayError } from '../../../src/core/error.ts'
import type { Batch, ChatEvent } from '../../../src/core/event.ts'
import type { ChatRequest } from '../../../src/core/request.ts'
import { run } from '../../../src/core/run.ts'
import { createDemoDriver } from '../../../src/providers/demo/driver.ts'
import { chatRequest, planOf, textOf, userMessage } from '../../core/samples.ts'

const never = new AbortController().signal
const drivers: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const driver of drivers.splice(0)) await driver.close()
})

type Options = {
  model?: string
  driver?: ReturnType<typeof createDemoDriver>
  signal?: AbortSignal
} & Partial<ChatRequest>

function ask(prompt: string, { model = 'chat', driver, signal = never, ...changes }: Options = {}) {
  const demo = driver ?? createDemoDriver({ now: () => 1_700_000_000_000 })
  drivers.push(demo)
  const request = chatRequest({ messages: [userMessage(prompt)], ...changes })
  return demo.run({ id: 'turn', request, model }, signal)[Symbol.asyncIterator]()
}

async function batchesOf(iterator: AsyncIterator<Batch>): Promise<Batch[]> {
  const batches: Batch[] = []
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) batches.push(next.value)
  return batches
}

async function answer(prompt: string, options: Options = {}): Promise<ChatEvent[]> {
  const events = (await batchesOf(ask(prompt, options))).flat()
  assertOrder(events)
  return events
}

/** What the turn gave before it failed, and how it failed. */
async function failing(prompt: string, options: Options = {}) {
  const iterator = ask(prompt, options)
  const events: ChatEvent[] = []
  try {
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) events.push(...next.value)
  } catch (error) {
    return { events, error: error as GatewayError }
  }
  throw new Error('it did not fail')
}

const deltas = (events: ChatEvent[], kind: 'text' | 'reasoning' = 'text') =>
  events.filter((event) => event.type === `${kind}-delta`).length
const usageOf = (events: ChatEvent[]) => events.flatMap((event) => (event.type === 'usage' ? [event.usage] : [])).at(-1)
const finishOf = (events: ChatEvent[]) =>
  events.flatMap((event) => (event.type === 'finish' ? [event.reason] : [])).at(-1)

describe('models', () => {
  test('every one that is listed answers, or fails as its name says; each says what it is', async () => {
    const listed = await createDemoDriver().models(never)
    expect(listed.map(({ id }) => id)).toEqual([
      'chat',
      'echo',
      'reasoning',
      'tools',
      'long',
      'slow',
      'unicode',
      'error-401',
      'error-429',
      'error-500',
      'error-503',
      'error-mid-stream',
      'hang',
    ])
    const instantly = createDemoDriver({ sleep: async () => {} })
    for (const { id } of listed) {
      if (id.startsWith('error'))
        expect((await failing('hi', { model: id, driver: instantly })).error).toBeInstanceOf(GatewayError)
      else if (id !== 'hang') expect(textOf(await answer('hi', { model: id, driver: instantly }))).not.toBe('')
    }
    const help = textOf(await answer('/help'))
    for (const { id } of listed) expect(help).toContain(`demo/${id}`)
  })

  test('chat says what it is and quotes the prompt', async () => {
    const text = textOf(await answer('What is  the\nweather?'))
    expect(text).toContain('demo model of cligate')
    expect(text).toContain('“What is the weather?”')
    expect(text).toContain('1 message.')
    expect(textOf(await answer('hi', { model: 'text' }))).toBe(textOf(await answer('hi')))
  })

  test('chat quotes the beginning of a long prompt only, and cuts no character in two', async () => {
    const text = textOf(await answer('😀'.repeat(500_000)))
    expect(text).toContain(`“${'😀'.repeat(80)}…”`)
    expect(text.isWellFormed()).toBe(true)
  })

  test('chat tells how many messages, images and documents it saw', async () => {
    const image = { type: 'image' as const, source: { kind: 'data' as const, mediaType: 'image/png', data: 'AA==' } }
    const text = textOf(
      await answer('', {
        messages: [
          { role: 'user', content: [{ type: 'text', text: 'look' }, image, image] },
          { role: 'assistant', content: [{ type: 'text', text: 'ok' }] },
          userMessage('again'),
        ],
      }),
    )
    expect(text).toContain('“again”, in a conversation of 3 messages with 2 images or documents.')
  })

  test('echo says the last user message again, to the letter', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.boolean(), async (words, stream) => {
        const prompt = `> ${words}`
        expect(textOf(await answer(prompt, { model: 'echo', stream }))).toBe(prompt)
      }),
    )
    const messages: ChatRequest['messages'] = [
      userMessage('first'),
      userMessage('last'),
      { role: 'assistant', content: [{ type: 'text', text: 'prefill' }] },
    ]
    expect(textOf(await answer('', { model: 'echo', messages }))).toBe('last')
  })

  test('reasoning thinks first, as long as the effort says', async () => {
    const thought = async (effort?: ChatRequest['reasoning']['effort']) =>
      deltas(await answer('hi', { model: 'reasoning', reasoning: { effort } }), 'reasoning')
    expect(await thought()).toBe(50)
    expect(await thought('none')).toBe(0)
    expect(await thought('high')).toBeGreaterThan(await thought('low'))
    const events = await answer('hi', { model: 'reasoning' })
    const order = events.filter((event) => event.type.endsWith('-start') || event.type.endsWith('-end'))
    expect(order.map((event) => event.type)).toEqual([
      'stream-start',
      'reasoning-start',
      'reasoning-end',
      'text-start',
      'text-end',
    ])
    expect(usageOf(events)?.reasoning).toBe(50)
  })

  test('long says 2,000 tokens', async () => {
    const events = await answer('go', { model: 'long' })
    expect([deltas(events), usageOf(events)?.output, finishOf(events)]).toEqual([2_000, 2_000, 'stop'])
  })

  test('unicode holds characters of two, three and four bytes, and emoji of several', async () => {
    const text = textOf(await answer('go', { model: 'unicode' }))
    for (const characters of ['κάθε', 'каждый', '字符', '👩‍👩‍👧‍👦', 'e\u0301', '𝔅']) expect(text).toContain(characters)
    expect(text.isWellFormed()).toBe(true)
  })

  test('one that is none is a 404 with the nearest', async () => {
    const { error } = await failing('hi', { model: 'ecko' })
    expect(error).toMatchObject({ code: 'model_not_found', param: 'model' })
    expect(error.message).toBe('There is no model "demo/ecko". Did you mean demo/echo?')
    expect((await failing('hi', { model: 'error-nonsense' })).error.code).toBe('model_not_found')
    expect((await failing('hi', { model: 'constructor' })).error.code).toBe('model_not_found')
    for (const name of ['constructor', 'toString', 'hasOwnProperty', '__proto__']) {
      expect((await failing('hi', { model: `error-${name}` })).error.code).toBe('model_not_found')
    }
  })
})

describe('failures', () => {
  test('what is none is a 400', async () => {
    for (const kind of ['nonsense', 'constructor']) {
      expect((await failing(`/error ${kind}`)).error).toMatchObject({ code: 'invalid_request', status: 400 })
    }
  })

  const cases: [string, string, number][] = [
    ['error-400', 'invalid_request', 400],
    ['error-401', 'provider_login_required', 401],
    ['error-429', 'rate_limit_exceeded', 429],
    ['error-500', 'provider_error', 500],
    ['error-503', 'overloaded', 503],
    ['error-529', 'overloaded', 529],
    ['error-usage_limit_reached', 'usage_limit_reached', 429],
    ['error-context_length_exceeded', 'context_length_exceeded', 400],
  ]
  test.each(cases)('%s', async (model, code, status) => {
    const { events, error } = await failing('hi', { model })
    expect(events).toEqual([])
    expect(error).toMatchObject({ code, status })
    expect(error.retryAfter).toBe(status === 429 ? 1 : (undefined as never))
  })

  test('error-mid-stream comes behind five tokens', async () => {
    const { events, error } = await failing('hi', { model: 'error-mid-stream' })
    expect(deltas(events)).toBe(5)
    expect(error.code).toBe('provider_error')
    assertOrder([...events, { type: 'error', error }])
  })

  test('asked for by the prompt: at once, behind some tokens, behind the last', async () => {
    expect((await failing('/error 429 hi')).events).toEqual([])
    for (const [after, seen] of [
      [0, 0],
      [3, 3],
      [10, 10],
      [99, 10],
    ]) {
      const { events, error } = await failing(`/tokens 10 /error overloaded after ${after}`)
      expect([deltas(events), error.code]).toEqual([seen!, 'overloaded'])
      expect(events[0]?.type).toBe('stream-start')
      expect(events.at(-1)?.type).not.toBe('finish')
    }
  })

  test('behind tokens of reasoning too, and in an answer that is not streamed', async () => {
    const { events } = await failing('/reasoning 4 /tokens 4 /error 500 after 6', { stream: false })
    expect([deltas(events, 'reasoning'), deltas(events)]).toEqual([4, 2])
  })

  test('of a kind that does not exist is a 400 that tells which do', async () => {
    const { error } = await failing('/error 418 hi')
    expect(error).toMatchObject({ code: 'invalid_request', param: 'messages' })
    expect(error.message).toContain('429')
  })
})

describe('directives', () => {
  test('are taken off the prompt, in any order, and beat the model', async () => {
    expect(textOf(await answer('/delay 0 /reasoning 0\n/wait 0   hello /tokens 5', { model: 'echo' }))).toBe(
      'hello /tokens 5',
    )
    expect(deltas(await answer('/tokens 7 hi', { model: 'long' }))).toBe(7)
    expect(deltas(await answer('/reasoning 3 hi'), 'reasoning')).toBe(3)
  })

  test.each([
    '/unknown 5',
    '/tokens',
    '/tokens many',
    '/tokens -1',
    '/tokensx 5',
    'say /tokens 5',
    '/delay 5ms',
    '//help',
  ])('%s is no directive but words', async (prompt) =>
    expect(textOf(await answer(prompt, { model: 'echo' }))).toBe(prompt),
  )

  test.each(['/tokens 100001', '/delay 60001', '/wait 600001', '/reasoning 999999999'])(
    '%s is too much',
    async (prompt) => {
      expect((await failing(prompt)).error).toMatchObject({ code: 'invalid_request', status: 400, param: 'messages' })
    },
  )

  test('a prompt of a megabyte of directives and slashes costs no time', async () => {
    const begin = performance.now()
    await answer(`${'/tokens 1 '.repeat(20_000)}${'/ '.repeat(400_000)}`, { model: 'chat' })
    expect(performance.now() - begin).toBeLessThan(2_000)
  })
})

describe('tokens', () => {
  test('usage is counted and not estimated, and the same whether streamed or not', async () => {
    const request = {
      system: [{ type: 'text' as const, text: 'Be kind.' }],
      messages: [
        userMessage('one two  three\n'),
        {
          role: 'assistant' as const,
          content: [{ type: 'tool-call' as const, id: 'x', name: 'look', arguments: '{"a": 1}' }],
        },
        {
          role: 'tool' as const,
          content: [
            {
              type: 'tool-result' as const,
              id: 'x',
              content: [{ type: 'text' as const, text: 'done' }],
              isError: false,
            },
          ],
        },
      ],
    }
    const streamed = await answer('', { model: 'echo', ...request })
    expect(usageOf(streamed)).toEqual({
      input: 2 + 4 + 1 + 2 + 1,
      output: 4,
      cachedRead: 0,
      cacheWrite: 0,
      reasoning: 0,
    })
    expect(usageOf(await answer('', { model: 'echo', ...request, stream: false }))).toEqual(usageOf(streamed)!)
  })

  test('max tokens cut exactly, reasoning included, and the finish says so', async () => {
    const cut = async (maxTokens: number, stream = true) => {
      const events = await answer('/reasoning 5 /tokens 10', { sampling: { stop: [], maxTokens }, stream })
      return { events, output: usageOf(events)?.output, finish: finishOf(events) }
    }
    for (const [maxTokens, reasoning, text, finish] of [
      [1, 1, 0, 'length'],
      [5, 5, 0, 'length'],
      [8, 5, 3, 'length'],
      [14, 5, 9, 'length'],
      [15, 5, 10, 'stop'],
      [99, 5, 10, 'stop'],
    ] as const) {
      const { events, ...rest } = await cut(maxTokens)
      expect([deltas(events, 'reasoning'), deltas(events)]).toEqual([reasoning, text])
      expect(rest).toEqual({ output: reasoning + text, finish })
      const whole = await cut(maxTokens, false)
      expect({ output: whole.output, finish: whole.finish, text: textOf(whole.events) }).toEqual({
        ...rest,
        text: textOf(events),
      })
    }
    const echoed = await answer('one two three', { model: 'echo', sampling: { stop: [], maxTokens: 2 }, stream: false })
    expect([textOf(echoed), finishOf(echoed)]).toEqual(['one two', 'length'])
  })

  test('an answer that is not streamed is one delta', async () => {
    expect(deltas(await answer('hi', { stream: false }))).toBe(1)
    expect(await batchesOf(ask('hi', { model: 'long', stream: false }))).toHaveLength(1)
  })

  test('no batch is endless, and an answer without a word has no block', async () => {
    const batches = await batchesOf(ask('go', { model: 'long' }))
    for (const batch of batches) expect(batch.length).toBeLessThan(70)
    expect((await answer('/delay 0', { model: 'echo' })).map((event) => event.type)).toEqual([
      'stream-start',
      'usage',
      'finish',
    ])
  })
})

test('the same request gets the same answer, from any driver', async () => {
  const [one, two] = [await answer('hello', { model: 'reasoning' }), await answer('hello', { model: 'reasoning' })]
  expect(one).toEqual(two)
})

describe('pace', () => {
  test('each token but the first waits its delay, in a batch of its own', async () => {
    const slept: number[] = []
    const driver = createDemoDriver({
      sleep: async (milliseconds) => {
        slept.push(milliseconds)
      },
    })
    const batches = await batchesOf(ask('/tokens 4 /delay 30', { driver }))
    expect(batches.map((batch) => deltas(batch))).toEqual([1, 1, 1, 1])
    expect(slept).toEqual([30, 30, 30])
    slept.length = 0
    await batchesOf(ask('/wait 700 /tokens 2', { driver, model: 'slow' }))
    expect(slept).toEqual([700, 50])
  })

  test('really waits, about as long as it says', async () => {
    const begin = performance.now()
    await answer('/tokens 6 /delay 20')
    expect(performance.now() - begin).toBeGreaterThan(90)
  })

  for (const prompt of ['/wait 60000 hi', '/hang', '/hang after 2', '/tokens 5 /delay 60000']) {
    test(`${prompt}: ends at once when the caller leaves, and leaves no timer`, async () => {
      const caller = new AbortController()
      const iterator = ask(prompt, { signal: caller.signal })
      let next = iterator.next()
      if (prompt.includes('after') || prompt.includes('delay')) {
        await next
        next = iterator.next()
      }
      const begin = performance.now()
      setTimeout(() => caller.abort(new Error('left')), 1)
      await expect(next).rejects.toThrow('left')
      expect(performance.now() - begin).toBeLessThan(1_000)
    })
  }

  test('closing the driver ends what waits', async () => {
    const driver = createDemoDriver()
    const next = ask('/hang', { driver }).next()
    await driver.close()
    await expect(next).rejects.toMatchObject({ code: 'provider_unavailable' })
    await driver.close()
  })

  test('an unpaced long answer stops when the caller leaves', async () => {
    const caller = new AbortController()
    const iterator = ask('/tokens 100000', { signal: caller.signal })
    await iterator.next()
    caller.abort(new Error('left'))
    await expect(iterator.next()).rejects.toThrow('left')
  })
})

describe('as a driver', () => {
  test('says honestly what it honours', () => {
    const driver = createDemoDriver()
    const support = (model: string) => driver.support(chatRequest(), model)
    expect(support('chat')).toMatchObject({
      maxTokens: 'native',
      stop: 'emulated',
      count: 'emulated',
      effort: 'ignored',
    })
    expect(support('reasoning').effort).toBe('native')
    expect(support('chat')).not.toHaveProperty('temperature')
    const offered = ['tools', 'toolChoice', 'parallelToolCalls', 'output'] as const
    for (const parameter of offered) expect(support('chat')[parameter]).toBe('native')
    expect(support('echo')).toMatchObject({ tools: 'native', toolChoice: 'emulated', output: 'emulated' })
  })

  test('is ready, has no processes', async () => {
    const driver = createDemoDriver()
    expect(await driver.status(never)).toMatchObject({ provider: 'demo', state: 'ready' })
    expect(driver.processes()).toEqual([])
  })

  test('is cheap enough for thousands of requests a second', async () => {
    const driver = createDemoDriver()
    const plan = planOf(driver.run, { model: 'chat' })
    const request = chatRequest({ stream: false })
    const rounds = 2_000
    const time = async () => {
      const begin = performance.now()
      for (let round = 0; round < rounds; round += 1) await collect(run(plan, request, 'id', never))
      return (performance.now() - begin) / rounds
    }
    await time()
    // Some 0.012 ms on an idle machine; the bound is for a loaded one.
    expect(await time()).toBeLessThan(0.5)
  })
})
