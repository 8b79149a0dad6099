// The caller's parameters through the real Claude Code: what the service got of each.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { answerTo, request } from '../providers/claude/requests.ts'
import { claudeWorld, SUBSCRIPTION, type World } from '../providers/claude/world.ts'

setDefaultTimeout(30_000)

type Changes = Parameters<typeof request>[1]

/** Model, what is asked for, what the body of the service's request holds; undefined where it must hold nothing. */
const CASES: [string, string, Changes, Record<string, unknown>][] = [
  [
    'max_tokens',
    'claude-haiku-4-5',
    { sampling: { maxTokens: 4321 } },
    { max_tokens: 4321, thinking: { type: 'enabled' } },
  ],
  [
    'a small max_tokens',
    'claude-haiku-4-5',
    { sampling: { maxTokens: 17 } },
    { max_tokens: 17, thinking: { type: 'disabled' } },
  ],
  [
    'max_tokens of one',
    'claude-opus-4-6',
    { sampling: { maxTokens: 1 } },
    { max_tokens: 1, thinking: { type: 'disabled' } },
  ],
  [
    'a small max_tokens where thinking never stops',
    'claude-opus-5-5',
    { sampling: { maxTokens: 300 } },
    { max_tokens: 300, output_config: { effort: 'low' } },
  ],
  [
    'temperature',
    'claude-haiku-4-5',
    { sampling: { temperature: 0.25 } },
    { temperature: 0.25, thinking: { type: 'disabled' } },
  ],
  [
    'temperature of zero',
    'claude-opus-4-6',
    { sampling: { temperature: 0 } },
    { temperature: 0, thinking: { type: 'disabled' } },
  ],
  ['a temperature above one', 'claude-haiku-4-5', { sampling: { temperature: 1.8 } }, { temperature: 1 }],
  ['top_p and top_k', 'claude-sonnet-4-5', { sampling: { topP: 0.5, topK: 7 } }, { top_p: 0.5, top_k: 7 }],
  [
    'none of them where the model takes none',
    'claude-opus-5-5',
    { sampling: { temperature: 0.2, topP: 0.5, topK: 7 } },
    { temperature: undefined, top_p: undefined, top_k: undefined, thinking: { type: 'adaptive' } },
  ],
  ['stop', 'claude-opus-5-5', { sampling: { stop: ['END', '\n', '"é"'] } }, { stop_sequences: ['END', '"é"'] }],
  ['no stop', 'claude-opus-5-5', {}, { stop_sequences: undefined }],
  ['effort low', 'claude-opus-5-5', { reasoning: { effort: 'low' } }, { output_config: { effort: 'low' } }],
  ['effort max', 'claude-opus-5-5', { reasoning: { effort: 'max' } }, { output_config: { effort: 'max' } }],
  [
    'effort xhigh, where high is the most',
    'claude-opus-4-5',
    { reasoning: { effort: 'xhigh' } },
    { output_config: { effort: 'high' } },
  ],
  ['effort none', 'claude-opus-4-6', { reasoning: { effort: 'none' } }, { thinking: { type: 'disabled' } }],
  [
    'effort as a budget',
    'claude-haiku-4-5',
    { reasoning: { effort: 'low' } },
    { thinking: { type: 'enabled', budget_tokens: 4096 } },
  ],
  ['a budget', 'claude-haiku-4-5', { reasoning: { budgetTokens: 2222 } }, { thinking: { budget_tokens: 2222 } }],
  [
    'effort before temperature',
    'claude-haiku-4-5',
    { reasoning: { effort: 'low' }, sampling: { temperature: 0.2 } },
    { thinking: { type: 'enabled' }, temperature: undefined },
  ],
  ['readable thinking', 'claude-opus-5-5', {}, { thinking: { type: 'adaptive', display: 'summarized' } }],
  ['readable thinking with a budget', 'claude-haiku-4-5', {}, { thinking: { type: 'enabled', display: 'summarized' } }],
]

/** Those that go another way where the messages are not in the body. */
const REPLAYED = new Set(['max_tokens', 'a small max_tokens', 'temperature', 'stop', 'effort low', 'a budget'])

describe.each([
  ['exact', {}, CASES],
  ['replayed', SUBSCRIPTION, CASES.filter(([name]) => REPLAYED.has(name))],
])('%s', (_, environment, cases) => {
  let world: World
  beforeAll(async () => {
    world = await claudeWorld({ environment })
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(() => world.upstream.reset())

  test.each(cases)('%s (%s)', async (_name, model, changes, expected) => {
    await answerTo(world.driver, request('hi', { model, ...changes }))
    expect(world.upstream.turns).toHaveLength(1)
    expect(world.upstream.turns[0]?.json).toMatchObject({ model, ...defined(expected) })
    for (const [field, value] of Object.entries(expected)) {
      if (value === undefined) expect(world.upstream.turns[0]?.json).not.toHaveProperty(field)
    }
  })

  test('user and metadata, beside the keys of Claude Code', async () => {
    await answerTo(world.driver, request('hi', { user: 'u-1', metadata: { team: 'red' } }))
    const { metadata } = (await world.upstream.turn(0)).json as { metadata: { user_id: string } }
    expect(JSON.parse(metadata.user_id)).toMatchObject({
      user: 'u-1',
      team: 'red',
      device_id: expect.stringMatching(/./),
      session_id: expect.stringMatching(/./),
    })
    // The service takes no more.
    expect(metadata.user_id.length + 36).toBeLessThanOrEqual(256)
  })

  test('nothing of one turn is in the next', async () => {
    const all: Changes = {
      model: 'claude-haiku-4-5',
      system: 'secret prompt',
      sampling: { maxTokens: 33, temperature: 0.3, stop: ['SECRET'] },
      user: 'secret user',
    }
    await answerTo(world.driver, request('secret words', all))
    await answerTo(world.driver, request('hi', { model: 'claude-haiku-4-5', system: 'other' }))
    const [, second] = world.upstream.turns
    expect(second?.body.toLowerCase()).not.toContain('secret')
    expect(second?.json).toMatchObject({ max_tokens: 32_000, thinking: { type: 'enabled' } })
    expect(second?.json).not.toContainAnyKeys(['temperature', 'stop_sequences'])
  })
})

describe('a stock with the most frequent launch told ahead', () => {
  let world: World
  beforeAll(async () => {
    world = await claudeWorld({ pool: { warm: 2, maxWarm: 2 } })
    const often = request('hi', { model: 'claude-opus-4-6', system: 'often', reasoning: { effort: 'none' } })
    for (let count = 0; count < 4; count += 1) await answerTo(world.driver, often)
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(() => world.upstream.reset())
  const system = (turn: number) => (world.upstream.turns[turn]!.json as { system: { text: string }[] }).system

  test('serves the frequent, and others too, without a trace of it', async () => {
    const asked = [
      request('hi', { model: 'claude-opus-4-6', system: 'often', reasoning: { effort: 'none' } }),
      request('hi', { model: 'claude-haiku-4-5', system: 'rare' }),
      request('hi', { model: 'claude-haiku-4-5' }),
      request('hi', { model: 'claude-haiku-4-5' }),
      request('hi', { model: 'claude-haiku-4-5' }),
    ]
    for (const one of asked) await answerTo(world.driver, one)
    expect(world.upstream.turns).toHaveLength(asked.length)
    expect(system(0).at(-1)?.text).toBe('often')
    expect(system(1).at(-1)?.text).toBe('rare')
    for (const turn of [2, 3, 4]) {
      expect(system(turn)).toHaveLength(2)
      expect(world.upstream.turns[turn]?.body).not.toContain('often')
      expect(world.upstream.turns[turn]?.json).toMatchObject({
        model: 'claude-haiku-4-5',
        thinking: { type: 'enabled' },
      })
    }
  })
})

function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
