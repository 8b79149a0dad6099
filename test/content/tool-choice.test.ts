import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { firstCallOnly } from '../../src/content/single-call.ts'
import { insistOnCall } from '../../src/content/tool-choice.ts'
import { GatewayError } from '../../src/core/error.ts'
import type { ChatRequest, Tool } from '../../src/core/request.ts'
import { batchSizes, orderedEvents, textOf, USAGE } from '../core/samples.ts'
import { call, finish, outline, play, say, scripted, think } from './scripted-turn.ts'

const tool = (name: string): Tool => ({ name, description: '', parameters: { type: 'object' }, strict: false })
const required: Partial<ChatRequest> = {
  tools: [tool('look'), tool('hear')],
  toolChoice: { type: 'required' },
  given: { toolChoice: 'tool_choice' },
}

describe('a call that the caller wants', () => {
  test('is told to the model, behind all other instructions, and not to the provider', async () => {
    const { run, asked } = scripted([[...call(0), ...finish('tool-calls')]])
    const system = [{ type: 'text' as const, text: 'Be kind.' }]
    await play(insistOnCall(run), { ...required, system })
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({ toolChoice: { type: 'auto' }, tools: required.tools })
    expect(asked[0]!.system[0]).toEqual(system[0]!)
    expect(asked[0]!.system[1]!.text).toContain('calling one of your tools')
  })

  test('of a certain function: no other is offered', async () => {
    const { run, asked } = scripted([[...call(0), ...finish('tool-calls')]])
    await play(insistOnCall(run), { ...required, toolChoice: { type: 'named', name: 'hear' } })
    expect(asked[0]!.tools.map(({ name }) => name)).toEqual(['hear'])
  })

  test('comes through as it comes, with the text before it', async () => {
    const answer = [...think(0), ...say(1, 'I ', 'look'), ...call(2), ...call(3), ...finish('tool-calls')]
    const { run } = scripted([answer], [1])
    const { events, batches } = await play(insistOnCall(run), required)
    expect(events.slice(1)).toEqual(answer)
    // Thinking is shown while the text waits, the text as soon as there is a call.
    const firsts = batches.filter((batch) => batch.length > 0).map(([first]) => first!.type)
    expect(firsts.slice(0, 4)).toEqual(['stream-start', 'reasoning-delta', 'reasoning-end', 'text-start'])
    // While nothing is shown there still are signs of life.
    expect(batches.filter((batch) => batch.length === 0).length).toBeGreaterThan(3)
  })

  test('that did not come is asked for once more, with the answer, and costs what both cost', async () => {
    const { run, asked } = scripted([
      [...think(0), ...say(1, 'I would rather talk.'), ...finish()],
      [...think(0), ...call(1), ...finish('tool-calls')],
    ])
    const { events } = await play(insistOnCall(run), required)
    expect(outline(events)).toEqual([
      'stream-start',
      'reasoning-start',
      'reasoning-start',
      'tool-call-start',
      'usage',
      'finish',
    ])
    expect(textOf(events)).toBe('')
    expect(events.at(-2)).toEqual({
      type: 'usage',
      usage: { input: 6, output: 10, cachedRead: 2, cacheWrite: 4, reasoning: 2 },
    })
    expect(asked[1]!.messages.slice(1)).toMatchObject([
      { role: 'assistant', content: [{ text: 'I would rather talk.' }] },
      { role: 'user', content: [{ text: expect.stringContaining('no tool call') }] },
    ])
    expect(asked[1]!.system).toEqual(asked[0]!.system)
  })

  test('a failure that is an event comes alone: no text that nobody has checked goes before it', async () => {
    const failure = { type: 'error', error: new GatewayError('overloaded', 'Busy.') } as const
    const { run } = scripted([[...say(0, 'I would'), failure]])
    expect((await play(insistOnCall(run), required)).events).toEqual([failure])
  })

  test('that never comes is an error before anything is shown', async () => {
    const { run, asked } = scripted([
      [...say(0, 'No.'), ...finish()],
      [...say(0, ''), ...finish()],
    ])
    const { events, error } = await play(insistOnCall(run), required)
    expect(events).toEqual([])
    expect(error).toMatchObject({ code: 'provider_error', status: 502, param: 'tool_choice' })
    expect(asked).toHaveLength(2)
  })

  test.each(['length', 'content-filter'] as const)('an answer that ends with %s is one', async (reason) => {
    const { run } = scripted([[...say(0, 'I look at'), ...finish(reason)]])
    const { events } = await play(insistOnCall(run), required)
    expect(textOf(events)).toBe('I look at')
    expect(events.at(-1)).toEqual({ type: 'finish', reason })
  })

  test('an answer without end stays one, and other choices are not touched', async () => {
    const { run } = scripted([say(0, 'x')])
    expect((await play(insistOnCall(run), required).catch((error: Error) => error.message)) as unknown).toBe(
      'no events',
    )
    for (const type of ['auto', 'none'] as const) {
      const plain = scripted([[...say(0, 'x'), ...finish()]])
      const { events } = await play(insistOnCall(plain.run), { ...required, toolChoice: { type } })
      expect(textOf(events)).toBe('x')
      expect(plain.asked[0]).toMatchObject({ toolChoice: { type }, system: [] })
    }
  })

  test('whatever comes, and however it is cut, the order is kept and calls come through whole', async () => {
    await fc.assert(
      fc.asyncProperty(orderedEvents, orderedEvents, batchSizes, async (first, second, sizes) => {
        const { run } = scripted([first.slice(1), second.slice(1)], sizes)
        const { events, error } = await play(insistOnCall(run), required)
        const last = events.at(-1)
        const isCut = last?.type === 'finish' && last.reason === 'length'
        expect(error !== undefined || isCut || events.some(({ type }) => type === 'tool-call-start')).toBe(true)
        const calls = (all: typeof events) =>
          all
            .filter(({ type }) => type.startsWith('tool-call'))
            .map((event) => JSON.stringify(event, (key, value: unknown) => (key === 'block' ? 0 : value)))
        const source = calls(first).length > 0 || isCut ? first : second
        if (!error && !isCut) expect(calls(events)).toEqual(calls(source))
      }),
    )
  })
})

describe('one call only', () => {
  test('drops those behind the first, and reads on for the usage', async () => {
    const { run } = scripted([
      [...say(0, 'a'), ...call(1, 'look'), ...call(2, 'hear'), ...say(3, 'b'), ...finish('tool-calls')],
    ])
    const { events } = await play(firstCallOnly(run))
    expect(outline(events)).toEqual(['stream-start', 'text-start', 'tool-call-start', 'text-start', 'usage', 'finish'])
    expect(textOf(events)).toBe('ab')
    expect(events.at(-2)).toEqual({ type: 'usage', usage: USAGE })
  })

  test('however they overlap', async () => {
    await fc.assert(
      fc.asyncProperty(orderedEvents, batchSizes, async (answer, sizes) => {
        const { events } = await play(firstCallOnly(scripted([answer.slice(1)], sizes).run))
        const starts = (all: typeof events, type: string) => all.filter((event) => event.type === type).length
        expect(starts(events, 'tool-call-start')).toBe(Math.min(1, starts(answer, 'tool-call-start')))
        expect(textOf(events)).toBe(textOf(answer))
      }),
    )
  })
})
