import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { createOutputCheck } from '../../src/content/output-check.ts'
import { checkOutput, formOutput, mendOutput } from '../../src/content/structured-output.ts'
import type { ChatEvent } from '../../src/core/event.ts'
import type { ChatRequest, Output } from '../../src/core/request.ts'
import { batchSizes, orderedEvents, textOf } from '../core/samples.ts'
import { call, finish, outline, play, say, scripted, think } from './scripted-turn.ts'

const SCHEMA = { type: 'object', properties: { a: { type: 'number' } }, required: ['a'], additionalProperties: false }
const structured: Exclude<Output, { type: 'text' }> = { type: 'json-schema', name: 'n', schema: SCHEMA, strict: true }
const json: Output = { type: 'json' }
const wanted = (output: Output): Partial<ChatRequest> => ({ output, given: { output: 'response_format' } })
const check = createOutputCheck(structured, 'response_format')

const formed = async (answers: ChatEvent[][], sizes?: number[]) => {
  const provider = scripted(answers, sizes)
  return { ...(await play(formOutput(provider.run, check), wanted(structured))), asked: provider.asked }
}
const checked = async (answer: ChatEvent[], sizes?: readonly number[], output = structured) =>
  await play(checkOutput(scripted([answer], sizes).run, createOutputCheck(output, 'f')), wanted(output))

describe('a form that the gateway sees to', () => {
  test('is told to the model by the schema, behind all other instructions, and to the provider as a wish', async () => {
    const { asked } = await formed([[...say(0, '{"a":1}'), ...finish()]])
    expect(asked[0]!.output).toEqual(structured)
    expect(asked[0]!.system.at(-1)!.text).toContain(JSON.stringify(SCHEMA))
    const plain = scripted([[...say(0, '{}'), ...finish()]])
    await play(formOutput(plain.run, createOutputCheck({ type: 'json' }, 'f')), wanted(json))
    expect(plain.asked[0]!.system.at(-1)!.text).toContain('It must be an object')
  })

  test.each([
    ['{"a": 1}', '{"a": 1}'],
    [' \n{"a":1}\n', '{"a":1}'],
    ['```json\n{"a":1}\n```', '{"a":1}'],
    ['Sure! Here it is:\n\n```\n{"a":1}\n```\n\nAnything else?', '{"a":1}'],
    ['The answer is {"a":1}.', '{"a":1}'],
    ['First {"b":1}, no: {"a":1}', '{"a":1}'],
  ])('%j is taken for %j', async (said, answer) => {
    const { events, asked } = await formed([[...think(0), ...say(1, ...said), ...finish()]], [3])
    expect(textOf(events)).toBe(answer)
    expect(outline(events)).toEqual(['stream-start', 'reasoning-start', 'text-start', 'usage', 'finish'])
    expect(asked).toHaveLength(1)
  })

  test('what does not fit is mended once, by what is wrong with it, and costs what both cost', async () => {
    const { events, asked } = await formed([
      [...say(0, 'I say ', '{"a":"x"}'), ...finish()],
      [...say(0, '{"a":2}'), ...finish()],
    ])
    expect(textOf(events)).toBe('{"a":2}')
    expect(events.at(-2)).toMatchObject({ type: 'usage', usage: { input: 6, output: 10 } })
    expect(asked[1]!.messages.slice(1)).toMatchObject([
      { role: 'assistant', content: [{ text: 'I say {"a":"x"}' }] },
      { role: 'user', content: [{ text: expect.stringContaining('/a: ') }] },
    ])
  })

  test('what still does not fit is an error that names the first violation, before anything is shown', async () => {
    const { events, error } = await formed([
      [...say(0, 'no'), ...finish()],
      [...say(0, '{"a":1,"b":2}'), ...finish()],
    ])
    expect(events).toEqual([])
    expect(error).toMatchObject({ code: 'provider_error', status: 502, param: 'response_format' })
    expect(error!.message).toContain('"b"')
  })

  test.each(['length', 'content-filter'] as const)('what ends with %s passes as it is', async (reason) => {
    const { events, asked } = await formed([[...say(0, '{"a":'), ...finish(reason)]])
    expect(textOf(events)).toBe('{"a":')
    expect(events.at(-1)).toEqual({ type: 'finish', reason })
    expect(asked).toHaveLength(1)
  })

  test('a call of a function passes, with what was said before it', async () => {
    const answer = [...say(0, 'I look.'), ...call(1), ...finish('tool-calls')]
    const { events, asked } = await formed([answer])
    expect(events.slice(1)).toEqual(answer)
    expect(asked).toHaveLength(1)
  })

  test('any JSON object is right where no schema is given', async () => {
    const objects = createOutputCheck({ type: 'json' }, 'f')
    const answer = async (...said: string[]) => {
      const provider = scripted(said.map((text) => say(0, text).concat(finish())))
      return await play(formOutput(provider.run, objects), wanted(json))
    }
    expect(textOf((await answer('{"x":[1]}')).events)).toBe('{"x":[1]}')
    expect(textOf((await answer('[1]', '{}')).events)).toBe('{}')
    expect((await answer('[1]', '"x"')).error?.message).toContain('no object')
  })
})

describe('a form that the provider promises', () => {
  test('streams as it comes', async () => {
    const answer = [...think(0), ...say(1, '{"a"', ':1}'), ...finish()]
    const { events, batches } = await checked(answer, [1])
    expect(events.slice(1)).toEqual(answer)
    expect(batches).toHaveLength(answer.length + 1)
  })

  test.each(['no', '{"a":"x"}', '```\n{"a":1}\n```', ''])('%j is an error at its end', async (said) => {
    const { events, error } = await checked([...say(0, said), ...finish()])
    expect(error).toMatchObject({ code: 'provider_error', param: 'response_format' })
    expect(textOf(events)).toBe(said)
  })

  test('is mended like any other where nobody sees the answer before its end, without an instruction', async () => {
    const provider = scripted([
      [...say(0, '{"a":"x"}'), ...finish()],
      [...say(0, '```\n{"a":2}\n```'), ...finish()],
    ])
    const { events } = await play(mendOutput(provider.run, check), wanted(structured))
    expect(textOf(events)).toBe('{"a":2}')
    expect(provider.asked.map(({ output, system }) => ({ output, system }))).toEqual([
      { output: structured, system: [] },
      { output: structured, system: [] },
    ])
    expect(provider.asked[1]!.messages.slice(1)).toMatchObject([
      { role: 'assistant', content: [{ text: '{"a":"x"}' }] },
      { role: 'user', content: [{ text: expect.stringContaining('/a: ') }] },
    ])
  })

  test('calls, cuts and refusals pass', async () => {
    expect((await checked([...say(0, 'x'), ...call(1), ...finish('tool-calls')])).error).toBeUndefined()
    expect((await checked([...say(0, '{'), ...finish('length')])).error).toBeUndefined()
    expect((await checked([...say(0, 'no'), ...finish('content-filter')])).error).toBeUndefined()
    const stopped: ChatEvent = { type: 'finish', reason: 'stop', stopSequence: '}' }
    expect((await checked([...say(0, '{"a":1'), stopped])).error).toBeUndefined()
  })
})

test('text that does not fit never passes as an answer that ended by itself', async () => {
  const words = fc.oneof(
    fc.constantFrom(
      '{"a":1}',
      '{"a":"1"}',
      '{"a":1',
      '```json\n{"a":1}\n```',
      'so: {"a":2}',
      '[{"a":1}]',
      '{} {"a":3}',
    ),
    fc.json(),
    fc.string(),
  )
  const answer = fc.oneof(
    words.chain((text) => fc.nat(text.length).map((at) => say(0, text.slice(0, at), text.slice(at)).concat(finish()))),
    orderedEvents.map((events) => events.slice(1)),
  )
  let fitting = 0
  await fc.assert(
    fc.asyncProperty(answer, answer, batchSizes, fc.boolean(), async (first, second, sizes, native) => {
      const { events, error } = native ? await checked(first, sizes) : await formed([first, second], sizes)
      const last = events.at(-1)
      expect(error !== undefined || last?.type === 'finish').toBe(true)
      if (error || last?.type !== 'finish' || last.reason === 'length') return
      if (events.some(({ type }) => type === 'tool-call-start')) return
      const { a, ...more } = JSON.parse(textOf(events)) as Record<string, unknown>
      expect([typeof a, more]).toEqual(['number', {}])
      fitting += 1
    }),
    { numRuns: 500 },
  )
  expect(fitting).toBeGreaterThan(20)
})
