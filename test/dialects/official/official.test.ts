// Whether what we send is what the official SDKs have types for, judged by the compiler.
import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { ResponsesStreamEvent } from '../../../src/dialects/openai-responses/schema-events.ts'
import { has, judge, withoutExtras } from './program.ts'
import { record, type Recorded } from './recorded.ts'
import { EXTRAS, type Kind, TYPES } from './types.ts'

setDefaultTimeout(120_000)

let recorded: Recorded[] = []
beforeAll(async () => {
  recorded = await record()
})

const typeOf = (json: unknown): unknown => Reflect.get(Object(json), 'type')
const bare = (kind: Kind) =>
  recorded.filter((value) => value.kind === kind).map((value) => withoutExtras(value, EXTRAS))

test('every answer, event, error and list is of the type that the SDK has for it', async () => {
  const found = await judge(recorded.map((value) => withoutExtras(value, EXTRAS)))
  const wrong = recorded.flatMap((value, index) =>
    found[index] === undefined ? [] : [`${value.kind} (${value.from}): ${found[index]}`],
  )
  expect([...new Set(wrong)]).toEqual([])
})

describe('the recording', () => {
  test('has everything that there is a type for', () => {
    expect([...new Set(recorded.map(({ kind }) => kind))].toSorted()).toEqual((Object.keys(TYPES) as Kind[]).toSorted())
  })

  test('has every event of a stream', () => {
    const responses = bare('response.event').map(({ json }) => typeOf(json) as string)
    const documented = ResponsesStreamEvent.pipe[0].options.map((option) => option.entries.type.literal as string)
    expect([...new Set(responses)].toSorted()).toEqual(documented.toSorted())
    expect([...new Set(bare('anthropic.event').map(({ json }) => typeOf(json) as string))].toSorted()).toEqual([
      'content_block_delta',
      'content_block_start',
      'content_block_stop',
      'message_delta',
      'message_start',
      'message_stop',
      'ping',
    ])
  })
})

describe('the judge', () => {
  test('finds each extra wrong, so that none is listed without need', async () => {
    const values = EXTRAS.map((extra) => {
      const others = EXTRAS.filter((other) => other !== extra)
      const example = recorded.find((value) => has(extra, value))
      if (!example) throw new Error(`Nothing has ${extra.paths.join(' or ')}.`)
      return withoutExtras(example, others)
    })
    const found = await judge(values)
    const useless = EXTRAS.filter((_, index) => found[index] === undefined).map(({ paths }) => paths)
    expect(useless).toEqual([])
  })

  test('finds wrong values, missing fields and strange ones in every kind', async () => {
    const changes: Partial<Record<Kind, Record<string, unknown>>> = {
      'chat.completion': { object: 'chat.completion.chunk' },
      'chat.completion.chunk': { choices: [{ index: 0, delta: { content: 4 }, finish_reason: null }] },
      text_completion: { choices: [{ text: 'x', index: 0, logprobs: null, finish_reason: 'tool_calls' }] },
      'openai.error': { error: { message: 'x', type: 'y', code: null } },
      response: { status: 'done' },
      'response.event': { sequence_number: '1' },
      'response.item_list': { has_more: null },
      'anthropic.message': { stop_reason: 'stop' },
      'anthropic.event': { type: 'pong' },
      'anthropic.error': { request_id: 4 },
      'anthropic.model': { lifecycle: 'new' },
      'gemini.response': { candidates: [{ finishReason: 'DONE' }] },
      'gemini.count': { totalTokens: '4' },
    }
    const values = Object.entries(changes).flatMap(([kind, change]) => {
      const [first] = bare(kind as Kind)
      const json = first!.json as Record<string, unknown>
      return [
        { ...first!, json: { ...json, ...change } },
        { ...first!, json: { ...json, none_such: 1 } },
      ]
    })
    const found = await judge(values)
    const missed = values.filter((_, index) => found[index] === undefined).map(({ kind, json }) => ({ kind, json }))
    expect(missed).toEqual([])
  })
})
