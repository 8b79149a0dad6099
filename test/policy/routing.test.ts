import { describe, expect, test } from 'bun:test'
import type { Timeouts } from '../../src/core/deadlines.ts'
import type { ChatEvent } from '../../src/core/event.ts'
import type { ChatRequest, Parameter } from '../../src/core/request.ts'
import { run } from '../../src/core/run.ts'
import type { Support, Turn } from '../../src/core/turn.ts'
import { createRouting } from '../../src/policy/routing.ts'
import type { Driver } from '../../src/providers/driver.ts'
import { createRegistry } from '../../src/providers/registry.ts'
import { call, finish, say, think } from '../content/scripted-turn.ts'
import { batchesOf, chatRequest, START, textAnswer, textOf, userMessage } from '../core/samples.ts'
import { fakeDriver } from '../providers/fake-driver.ts'

const timeouts: Timeouts = { firstEvent: 60_000, betweenEvents: 60_000, total: 60_000 }
const never = new AbortController().signal

function setUp(changes: Partial<Driver> = {}, aliases: Record<string, string> = {}) {
  const turns: Turn[] = []
  const driver = fakeDriver('claude', {
    run: (turn) => {
      turns.push(turn)
      return batchesOf(textAnswer('one two', ' three'))
    },
    ...changes,
  })
  const registry = createRegistry({ drivers: [driver], aliases })
  const routing = createRouting({ registry, timeouts, progressPace: { first: 0, factor: 1, longest: 0 } })
  const plan = (request: Partial<ChatRequest>) => routing.plan(chatRequest({ model: 'sonnet', ...request }))
  /** Runs the request as the HTTP layer does, with the request as the dialect decoded it. */
  const answer = async (request: Partial<ChatRequest>) => {
    const asked = chatRequest({ model: 'sonnet', ...request })
    const events = []
    for await (const batch of run(routing.plan(asked), asked, 'id', never)) events.push(...batch.events)
    return events
  }
  return { turns, driver, plan, answer }
}

describe('plan', () => {
  test('names the provider and its own name for the model, and carries the timeouts', () => {
    expect(setUp().plan({ model: 'claude/opus-progress' })).toMatchObject({
      provider: 'claude',
      model: 'opus',
      timeouts,
      ignored: [],
    })
  })

  test('an unknown model is a 404', () => {
    expect(() => setUp().plan({ model: 'gpt-5' })).toThrow(
      expect.objectContaining({ code: 'model_not_found', status: 404, param: 'model' }),
    )
  })

  test('the driver gets the turn with the provider’s own model name and the caller’s request', async () => {
    const { turns, answer } = setUp({}, { fast: 'haiku' })
    await answer({ model: 'fast', user: 'me', sampling: { stop: [], temperature: 0.5 } })
    expect(turns).toHaveLength(1)
    expect(turns[0]).toMatchObject({
      id: 'id',
      model: 'haiku',
      request: { model: 'fast', user: 'me', sampling: { temperature: 0.5 } },
    })
  })

  test('a request leaves as it came: the caller’s own object is not changed', () => {
    const request = chatRequest({ model: 'sonnet:high' })
    const before = structuredClone(request)
    setUp().plan(request)
    expect(request).toEqual(before)
  })
})

describe('effort in the model’s name', () => {
  test('reaches the driver where the caller gave none', async () => {
    const { turns, answer } = setUp({ support: () => ({ effort: 'native' }) })
    await answer({ model: 'sonnet:high', reasoning: { budgetTokens: 100 } })
    expect(turns[0]?.request.reasoning).toEqual({ effort: 'high', budgetTokens: 100 })
  })

  test('gives way to the caller’s own field, and the caller is told that it did', async () => {
    const { turns, plan, answer } = setUp({ support: () => ({ effort: 'native' }) })
    const request = {
      model: 'sonnet:high',
      reasoning: { effort: 'low' as const },
      given: { effort: 'reasoning_effort' },
    }
    await answer(request)
    expect(turns[0]?.request.reasoning.effort).toBe('low')
    expect(plan(request).ignored).toEqual(['model'])
    expect(plan({ ...request, model: 'sonnet:low' }).ignored).toEqual([])
    expect(plan({ ...request, model: 'sonnet' }).ignored).toEqual([])
  })

  test('is told as ignored where the model has no efforts', () => {
    expect(setUp().plan({ model: 'sonnet:high' }).ignored).toEqual(['model'])
    expect(setUp({ support: () => ({ effort: 'native' }) }).plan({ model: 'sonnet:high' }).ignored).toEqual([])
  })

  test('of the owner’s alias counts too, but is no word of the caller’s', async () => {
    const { turns, plan, answer } = setUp({}, { fast: 'haiku:low' })
    await answer({ model: 'fast' })
    expect(turns[0]?.request.reasoning.effort).toBe('low')
    expect(plan({ model: 'fast' }).ignored).toEqual([])
    expect(plan({ model: 'fast', reasoning: { effort: 'max' } }).ignored).toEqual([])
    expect(plan({ model: 'fast:high' }).ignored).toEqual(['model'])
  })

  test('is there when the driver says what it supports', () => {
    const seen: unknown[] = []
    const { plan } = setUp({
      support: (request, model) => {
        seen.push(model, request.reasoning.effort)
        return {}
      },
    })
    plan({ model: 'opus:max' })
    expect(seen).toEqual(['opus', 'max'])
  })
})

describe('what nobody honours', () => {
  test('is named as the caller named it, and what somebody honours is not', () => {
    const { plan } = setUp({
      support: () => ({ maxTokens: 'native', temperature: 'ignored', seed: 'emulated', stop: 'ignored' }),
    })
    const given = {
      maxTokens: 'max_completion_tokens',
      temperature: 'temperature',
      topP: 'top_p',
      seed: 'seed',
      stop: 'stop',
      count: 'n',
      user: 'user',
    }
    expect(plan({ given, unsupported: ['logit_bias', 'foo.bar'] }).ignored).toEqual([
      'logit_bias',
      'foo.bar',
      'temperature',
      'top_p',
      'user',
    ])
  })

  test('is not named where the caller did not set it', () => {
    expect(setUp().plan({}).ignored).toEqual([])
  })
})

describe('what an answer cannot do without', () => {
  const tool = { name: 'look', description: '', parameters: { type: 'object' }, strict: false }

  test('tools at a model without them: a 400 that names the field', () => {
    const { plan } = setUp()
    expect(() => plan({ tools: [tool], given: { tools: 'functions' } })).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', status: 400, param: 'functions' }),
    )
    expect(() => plan({ tools: [tool] })).toThrow(expect.objectContaining({ param: 'tools' }))
  })

  test('a format at a model without it: the same', () => {
    expect(() => setUp().plan({ output: { type: 'json' }, given: { output: 'response_format' } })).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', param: 'response_format' }),
    )
  })

  test('both pass where the driver can', () => {
    const { plan } = setUp({ support: () => ({ tools: 'native', output: 'emulated' }) })
    expect(plan({ tools: [tool], output: { type: 'json' }, given: { tools: 'tools', output: 'x' } }).ignored).toEqual(
      [],
    )
  })
})

describe('what the provider cannot be made to', () => {
  const tools = ['look', 'hear'].map((name) => ({
    name,
    description: '',
    parameters: { type: 'object' },
    strict: false,
  }))
  const EMULATED = {
    tools: 'native',
    toolChoice: 'emulated',
    parallelToolCalls: 'emulated',
    output: 'emulated',
  } as const
  const NATIVE = { tools: 'native', toolChoice: 'native', parallelToolCalls: 'native', output: 'native' } as const

  /** A provider that gives these answers, one a turn. */
  function provider(support: Partial<Record<Parameter, Support>>, ...answers: ChatEvent[][]) {
    const turns: Turn[] = []
    const world = setUp({
      support: () => support,
      run: (turn) => batchesOf([START, ...(answers[turns.push(turn) - 1] ?? [])]),
    })
    return { ...world, turns }
  }
  const kinds = (events: ChatEvent[]) => events.map(({ type }) => type).filter((type) => type.endsWith('-start'))

  test('is done around it: a call is insisted on, and only the first one comes through', async () => {
    const { answer, turns } = provider(
      EMULATED,
      [...say(0, 'No.'), ...finish()],
      [...call(0, 'look'), ...call(1, 'look'), ...finish('tool-calls')],
    )
    const request = { tools, toolChoice: { type: 'named', name: 'look' }, parallelToolCalls: false } as const
    const events = await answer(request)
    expect(kinds(events)).toEqual(['stream-start', 'tool-call-start'])
    expect(turns.map((turn) => [turn.request.toolChoice.type, turn.request.tools.length])).toEqual([
      ['auto', 1],
      ['auto', 1],
    ])
  })

  test('and what it can be made to is left to it', async () => {
    const { answer, turns } = provider(NATIVE, [...call(0), ...call(1), ...finish('tool-calls')])
    const output = { type: 'json' } as const
    const request = { tools, toolChoice: { type: 'required' }, parallelToolCalls: false, output } as const
    expect(kinds(await answer(request))).toHaveLength(3)
    expect(turns[0]!.request).toMatchObject({ ...request, system: [] })
  })

  test('a form is seen to, or only checked, and in any case no answer ends without it', async () => {
    const form = { output: { type: 'json' }, given: { output: 'response_format' } } as const
    const seen = provider(EMULATED, [...say(0, 'Sure: {}'), ...finish()])
    expect(textOf(await seen.answer(form))).toBe('{}')
    expect(seen.turns[0]!.request.system).toHaveLength(1)
    const checked = provider(NATIVE, [...say(0, 'Sure: {}'), ...finish()])
    expect((await checked.answer({ ...form, stream: true })).at(-1)).toMatchObject({
      error: { code: 'provider_error', param: 'response_format' },
    })
    expect(checked.turns[0]!.request).toMatchObject({ output: form.output, system: [] })
    expect(checked.turns).toHaveLength(1)
  })

  test('a schema that cannot be used is a 400 before anything runs', () => {
    const { plan, turns } = provider(NATIVE)
    const output = { type: 'json-schema', name: 'n', schema: { type: 'text' }, strict: false } as const
    expect(() => plan({ output, given: { output: 'text.format' } })).toThrow(
      expect.objectContaining({ code: 'invalid_request', status: 400, param: 'text.format' }),
    )
    const huge = { enum: Array.from({ length: 100_001 }, () => 0) }
    expect(() =>
      plan({ tools: [tools[0]!, { ...tools[1]!, parameters: huge }], given: { tools: 'functions' } }),
    ).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'functions[1]' }))
    expect(turns).toEqual([])
  })

  test('what was thought before a call is there again with its result', async () => {
    const { answer, turns } = provider(
      EMULATED,
      [...say(0, 'no'), ...finish()],
      [...think(0, 'hm', 'signed'), ...call(1), ...finish('tool-calls')],
      [...say(0, 'done'), ...finish()],
    )
    const asked = { tools, messages: [userMessage('look')] }
    await answer({ ...asked, toolChoice: { type: 'required' } })
    await answer({
      tools,
      messages: [
        userMessage('look'),
        { role: 'assistant', content: [{ type: 'tool-call', id: 'call_1', name: 'look', arguments: '{}' }] },
        { role: 'tool', content: [{ type: 'tool-result', id: 'call_1', content: [], isError: false }] },
      ],
    })
    expect(turns[2]!.request.messages[1]!.content[0]).toEqual({ type: 'reasoning', text: 'hm', signature: 'signed' })
  })
})

describe('filters', () => {
  test('none where nothing asks for one', () => {
    expect(setUp().plan({}).filters).toEqual([])
  })

  test('stop strings are cut here, also where the provider honours them', async () => {
    for (const support of ['native', 'ignored'] as const) {
      const { turns, answer } = setUp({ support: () => ({ stop: support }) })
      const events = await answer({ sampling: { stop: [' th'] } })
      expect(textOf(events)).toBe('one two')
      expect(events.at(-1)).toEqual({ type: 'finish', reason: 'stop', stopSequence: ' th' })
      expect(turns[0]?.request.sampling.stop).toEqual([' th'])
    }
  })

  test('each of several answers is cut by itself', async () => {
    const { turns, answer } = setUp()
    const events = await answer({ count: 3, sampling: { stop: ['two'] } })
    expect(turns).toHaveLength(3)
    expect(textOf(events)).toBe('one one one ')
  })

  test('markers come with the suffix and on a stream only', async () => {
    const silent = Promise.withResolvers<void>()
    const { answer, plan } = setUp({
      run: async function* () {
        await silent.promise
        yield textAnswer('done')
      },
    })
    setTimeout(silent.resolve, 30)
    expect(textOf(await answer({ model: 'sonnet-progress' }))).toMatch(/^⏳[·◐◓◑◒]*\n\ndone$/)
    expect(plan({ model: 'sonnet-progress', stream: false }).filters).toEqual([])
    expect(plan({ model: 'sonnet' }).filters).toEqual([])
  })

  test('no marker gets into an answer that shall be JSON, and the caller is told', () => {
    const { plan } = setUp({ support: () => ({ output: 'native' }) })
    const asked = { model: 'sonnet-progress', output: { type: 'json' } } as const
    expect(plan(asked)).toMatchObject({ filters: [], ignored: ['model'] })
    expect(plan({ ...asked, model: 'sonnet' }).ignored).toEqual([])
  })

  test('no marker is taken for a stop string', async () => {
    const { answer } = setUp({
      run: async function* () {
        await Bun.sleep(20)
        yield textAnswer('a·b')
      },
    })
    expect(textOf(await answer({ model: 'sonnet-progress', sampling: { stop: ['·', '⏳'] } }))).toMatch(/\n\na$/)
  })
})
