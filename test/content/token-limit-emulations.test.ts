// The limit of tokens together with what else is done around a turn: form, tool choice, single calls, several answers, stop texts.
import { describe, expect, test } from 'bun:test'
import { stopSequences } from '../../src/content/stop-sequences.ts'
import { limitTokens } from '../../src/content/token-limit.ts'
import { collect } from '../../src/core/collect.ts'
import type { ChatEvent } from '../../src/core/event.ts'
import type { ChatRequest, Tool } from '../../src/core/request.ts'
import { run } from '../../src/core/run.ts'
import type { RunTurn, Support } from '../../src/core/turn.ts'
import { asked } from '../../src/policy/asked.ts'
import { batchesOf, chatRequest, eventsOf, planOf, textAnswer, textOf } from '../core/samples.ts'
import { call, finish, oneByOne, outline, play, reasonOf, say, scripted, turn, usageOf } from './scripted-turn.ts'

describe('beside the other emulations', () => {
  const EMULATED: Partial<Record<'maxTokens' | 'output' | 'toolChoice' | 'parallelToolCalls', Support>> = {
    maxTokens: 'emulated',
    output: 'emulated',
    toolChoice: 'emulated',
    parallelToolCalls: 'emulated',
  }
  const LOOK: Tool = { name: 'look', description: '', parameters: { type: 'object' }, strict: false }
  const askedFor = (answers: ChatEvent[][], most: number, changes: Partial<ChatRequest>) => {
    const { run, asked: requests } = scripted(answers, [1])
    const request = chatRequest({ sampling: { stop: [], maxTokens: most }, ...changes })
    return { played: play(asked(run, request, EMULATED), request), requests }
  }

  test('a provider that honours the limit, and a request without one, are left alone', async () => {
    const { run } = scripted([say(0, 'one two three')])
    const request = chatRequest({ sampling: { stop: [], maxTokens: 1 } })
    expect(asked(run, request, { maxTokens: 'native' })).toBe(run)
    expect(asked(run, request, {})).toBe(run)
    expect(asked(run, chatRequest(), EMULATED)).toBe(run)
  })

  test('JSON that is cut comes as far as it is, and is not asked for again', async () => {
    const { played, requests } = askedFor([[...say(0, '{"city": ', '"Oslo", ', '"days": 3}'), ...finish()]], 4, {
      output: { type: 'json' },
    })
    const { events, error } = await played
    expect(error).toBeUndefined()
    expect([textOf(events), reasonOf(events)]).toEqual(['{"city": "Oslo",', 'length'])
    expect(requests).toHaveLength(1)
  })

  test.each(['native', 'emulated'] as const)('the schema of an answer that is cut counts once: %s', async (support) => {
    const schema = { type: 'object', description: 'x'.repeat(3600) }
    const request = chatRequest({
      sampling: { stop: [], maxTokens: 1 },
      output: { type: 'json-schema', name: 'answer', schema, strict: true },
    })
    const { run } = scripted([[...say(0, 'one ', 'two ', 'three'), ...finish()]], [1])
    const { events } = await play(asked(run, request, { ...EMULATED, output: support }), request)
    expect(reasonOf(events)).toBe('length')
    expect(usageOf(events)?.input).toBeWithin(1000, 1200)
  })

  test('JSON that has to be mended has the whole limit again', async () => {
    const wrong = [...say(0, 'one two three four'), ...finish()]
    const { played, requests } = askedFor([wrong, [...say(0, '{"a": "b", "c": 1}'), ...finish()]], 6, {
      output: { type: 'json' },
    })
    const { events } = await played
    expect([textOf(events), reasonOf(events)]).toEqual(['{"a": "b", "c": 1}', 'stop'])
    expect(requests).toHaveLength(2)
  })

  test('a text where a call was demanded, cut: it is shown, and not asked for again', async () => {
    const { played, requests } = askedFor([[...say(0, 'one two ', 'three four'), ...finish()]], 2, {
      tools: [LOOK],
      toolChoice: { type: 'required' },
    })
    const { events } = await played
    expect([textOf(events), reasonOf(events)]).toEqual(['one two', 'length'])
    expect(requests).toHaveLength(1)
  })

  test('each of several answers has the whole limit', async () => {
    const request = chatRequest({ count: 2, sampling: { stop: [], maxTokens: 3 } })
    const answer: RunTurn = ({ choice }) =>
      batchesOf(...oneByOne(textAnswer(choice === 0 ? 'one two three four five' : 'six seven')))
    const plan = planOf(asked(answer, request, EMULATED))
    const answers = await collect(run(plan, request, 'id', new AbortController().signal))
    expect(answers.map(({ finish: reason }) => reason)).toEqual(['length', 'stop'])
    expect(answers.map(({ content }) => content)).toMatchObject([[{ text: 'one two three' }], [{ text: 'six seven' }]])
  })

  test('calls that are dropped do not count', async () => {
    const calls = [...call(0, 'look', 'a', '{"city":"Oslo"}'), ...call(1, 'look', 'b', '{"city":"Rome"}')]
    const { played } = askedFor([[...calls, ...finish('tool-calls')]], 2, { tools: [LOOK], parallelToolCalls: false })
    const { events } = await played
    expect(outline(events)).toEqual(['stream-start', 'tool-call-start', 'usage', 'finish'])
    expect(reasonOf(events)).toBe('tool-calls')
  })

  test.each([
    ['in front of the limit counts', 'one STOP two three four five', 'one ', 'stop'],
    ['behind it does not', 'one two three four five STOP', 'one two three', 'length'],
    ['that the limit cuts in two does not', 'one two STO P', 'one two STO', 'length'],
  ])('a stop text %s', async (_, text, said, reason) => {
    const run = limitTokens(() => batchesOf(...oneByOne(textAnswer(text))), 3)
    const events = await eventsOf(stopSequences(['STOP', 'STO P'])(run(...turn())))
    expect([textOf(events), reasonOf(events)]).toEqual([said, reason as 'stop' | 'length'])
  })
})
