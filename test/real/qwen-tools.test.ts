// Functions of the caller through the real Qwen Code: what the service got, what came back, and that nothing was asked twice.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { AssistantPart, ChatRequest, Message, Tool, ToolResultPart } from '../../src/core/request.ts'
import { answerTo, assistant, failureOf, run, user } from '../providers/claude/requests.ts'
import { ask, type Body, messagesOf, MODEL, qwenWorld, type World } from '../providers/qwen/world.ts'
import { eventually } from '../support/cligate.ts'
import { garbage, silentAfter } from '../upstream/replies/faults.ts'
import { text } from '../upstream/replies/text.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { UNICODE_SAMPLE } from '../upstream/replies/unicode.ts'
import { answer as reply } from '../upstream/reply.ts'

setDefaultTimeout(60_000)

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const CITY = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }

let world: World
beforeAll(async () => {
  world = await qwenWorld({ warm: true, maxActive: 64, maxQueue: 64 })
  world.driver.start?.()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.upstream.reset())

const tool = (name: string, changes: Partial<Tool> = {}): Tool => ({
  name,
  description: `What ${name} does`,
  parameters: CITY,
  strict: false,
  ...changes,
})
const WEATHER = tool('get_weather')
type Changes = Parameters<typeof ask>[1]
const asking = (messages: string | Message[], changes: Changes = {}): ChatRequest =>
  ask(messages, { tools: [WEATHER], ...changes })
const answered = (messages: string | Message[], changes: Changes = {}) =>
  answerTo(world.driver, asking(messages, changes))
const call = (id: string, name: string, args: string): AssistantPart => ({
  type: 'tool-call',
  id,
  name,
  arguments: args,
})
const result = (id: string, ...content: ToolResultPart['content']): ToolResultPart => ({
  type: 'tool-result',
  id,
  content,
  isError: false,
})
const words = (said: string) => ({ type: 'text' as const, text: said })
const body = (turn = -1) => world.upstream.turns.at(turn)?.json as Body

/** No request but these, not even late. */
async function askedTimes(count: number): Promise<void> {
  await Bun.sleep(300)
  expect(world.upstream.requests).toHaveLength(count)
}

describe('a call', () => {
  test('comes back with its id, its name and its arguments, and ends the turn', async () => {
    world.upstream.next(toolCalls([{ name: 'get_weather', arguments: { city: 'Paris' }, id: 'call_7' }]))
    const answer = await answered('weather?')
    expect(answer).toMatchObject({
      content: [{ type: 'tool-call', id: 'call_7', name: 'get_weather', arguments: '{"city":"Paris"}' }],
      finish: 'tool-calls',
      usage: { input: 17, output: 5 },
    })
    expect(body()).toMatchObject({
      tools: [
        { type: 'function', function: { name: 'get_weather', description: 'What get_weather does', parameters: CITY } },
      ],
      tool_choice: 'auto',
    })
    expect(body()).not.toHaveProperty('parallel_tool_calls')
    await askedTimes(1)
  })

  test('may be one of several, with text and reasoning in front', async () => {
    const steps = [
      { type: 'thinking' as const, text: 'I should look.' },
      { type: 'text' as const, text: 'Let me see.' },
      ...['a', 'b', 'c'].map((id) => ({
        type: 'tool-call' as const,
        id: `call_${id}`,
        name: id === 'b' ? 'get_time' : 'get_weather',
        pieces: ['{"city":', `"${id}"}`],
      })),
    ]
    world.upstream.next(reply(() => steps, { stop: { reason: 'tool_use' } }))
    const { content, finish } = await answered('weather?', { tools: [WEATHER, tool('get_time')] })
    expect(content).toEqual([
      { type: 'reasoning', text: 'I should look.' },
      { type: 'text', text: 'Let me see.' },
      { type: 'tool-call', id: 'call_a', name: 'get_weather', arguments: '{"city":"a"}' },
      { type: 'tool-call', id: 'call_b', name: 'get_time', arguments: '{"city":"b"}' },
      { type: 'tool-call', id: 'call_c', name: 'get_weather', arguments: '{"city":"c"}' },
    ])
    expect(finish).toBe('tool-calls')
    await askedTimes(1)
  })

  test('may be none, though there are functions', async () => {
    world.upstream.next(text(['No ', 'need.']))
    expect(await answered('hi')).toMatchObject({ content: [{ text: 'No need.' }], finish: 'stop' })
    await askedTimes(1)
  })

  test.each<[string, string[], string]>([
    ['none', [], '{}'],
    ['an empty object', ['{}'], '{}'],
    ['any characters', [JSON.stringify({ city: UNICODE_SAMPLE })], JSON.stringify({ city: UNICODE_SAMPLE })],
    ['against the schema', ['{"town":1}'], '{"town":1}'],
    ['broken, which Qwen Code mends', ['{"city": Paris}'], '{"city":"Paris"}'],
    ['nested', ['{"a":[1,{"b":null}],"c":true}'], '{"a":[1,{"b":null}],"c":true}'],
    ['long', [JSON.stringify({ city: 'x'.repeat(300_000) })], JSON.stringify({ city: 'x'.repeat(300_000) })],
  ])('with arguments: %s', async (_, pieces, expected) => {
    world.upstream.next(toolCalls([{ name: 'get_weather', arguments: pieces, id: 'call_1' }]))
    const { content, finish } = await answered('weather?')
    expect(content).toEqual([{ type: 'tool-call', id: 'call_1', name: 'get_weather', arguments: expected }])
    expect(finish).toBe('tool-calls')
    await askedTimes(1)
  })

  test('whose arguments are cut off is no call that anybody would make', async () => {
    world.upstream.next(toolCalls([{ name: 'get_weather', arguments: ['{"city": Par'], id: 'call_1' }]))
    const { content, finish } = await answered('weather?')
    expect({ content, finish }).toEqual({ content: [], finish: 'length' })
    await askedTimes(1)
  })

  test('that was cut at the length is left out', async () => {
    world.upstream.next(
      toolCalls([{ name: 'get_weather', arguments: ['{"city":"Pa'], id: 'call_1' }], {
        text: ['Well'],
        stop: { reason: 'max_tokens' },
      }),
    )
    expect(await answered('weather?')).toMatchObject({ content: [{ text: 'Well' }], finish: 'length' })
    await askedTimes(1)
  })

  test('of a service that counts no tokens', async () => {
    const chunk = (delta: object, reason: string | null) =>
      `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: MODEL, choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`
    const made = {
      index: 0,
      id: 'call_1',
      type: 'function',
      function: { name: 'get_weather', arguments: '{"city":"x"}' },
    }
    for (const shown of [made, { ...made, id: undefined }]) {
      world.upstream.reset()
      world.upstream.next(garbage(`${chunk({ tool_calls: [shown] }, null)}${chunk({}, 'tool_calls')}data: [DONE]\n\n`))
      const { content, finish } = await answered('weather?')
      expect(content).toEqual([
        {
          type: 'tool-call',
          id: shown.id ?? expect.stringMatching(/^call_/),
          name: 'get_weather',
          arguments: '{"city":"x"}',
        },
      ])
      expect(finish).toBe('tool-calls')
      await askedTimes(1)
    }
  })

  test('of a function that nobody offered runs nothing, and fails', async () => {
    world.upstream.next(toolCalls([{ name: 'run_shell_command', arguments: { command: 'id' } }]))
    expect(await failureOf(world.driver, asking('hi'))).toMatchObject({
      code: 'provider_error',
      message: expect.stringContaining('run_shell_command'),
    })
    await askedTimes(1)
    world.upstream.next(
      toolCalls([
        { name: 'get_weather', arguments: { city: 'x' } },
        { name: 'other', arguments: {} },
      ]),
    )
    expect(await failureOf(world.driver, asking('hi'))).toMatchObject({ code: 'provider_error' })
    await askedTimes(2)
  })

  test("of a function with the name of a tool that Qwen Code has runs nothing of Qwen Code's", async () => {
    const names = [
      'run_shell_command',
      'write_file',
      'read_file',
      'edit',
      'agent',
      'tool_call',
      'todo_write',
      'web_fetch',
      'skill',
      'ask_user_question',
      'save_memory',
      'structured_output',
    ]
    const file = join(world.home, 'written')
    const args = {
      command: `echo x > ${file}`,
      file_path: file,
      absolute_path: file,
      content: 'x',
      name: 'x',
      prompt: 'x',
      todos: [],
      questions: [],
      fact: 'x',
    }
    world.upstream.next(toolCalls(names.map((name, n) => ({ name, arguments: args, id: `call_${n}` }))))
    const { content } = await answered('hi', { tools: names.map((name) => tool(name)) })
    expect(content.map((part) => part.type === 'tool-call' && part.name)).toEqual(names)
    await askedTimes(1)
    expect(readdirSync(world.home)).not.toContain('written')
  })

  test('at many at once, on a machine that is busy, is one request each', async () => {
    const busy = Bun.spawn([process.execPath, '-e', 'for (const end = Date.now() + 20000; Date.now() < end;);'])
    world.upstream.default = (request) => {
      const { messages } = request.json as Body
      const id = /canary-\d+/.exec(JSON.stringify(messages))![0]
      return toolCalls([
        { name: 'get_weather', arguments: { city: id }, id },
        { name: 'unknown_arguments', arguments: { id }, id: `${id}-2` },
      ])
    }
    try {
      const tools = [WEATHER, tool('unknown_arguments')]
      for (let round = 0; round < 4; round += 1) {
        const all = Array.from({ length: 16 }, async (_, n) => {
          const canary = `canary-${round * 16 + n}`
          const { content, finish } = await answered(canary, { tools })
          expect(finish).toBe('tool-calls')
          expect(content.map((part) => part.type === 'tool-call' && part.id)).toEqual([canary, `${canary}-2`])
        })
        await Promise.all(all)
      }
      await Bun.sleep(2500)
      expect(world.upstream.requests).toHaveLength(64)
    } finally {
      busy.kill()
    }
  }, 180_000)
})

describe('a choice', () => {
  test.each<[Partial<ChatRequest>, object]>([
    [{ toolChoice: { type: 'auto' } }, { tool_choice: 'auto' }],
    [{ toolChoice: { type: 'none' } }, { tool_choice: 'none' }],
    [{ toolChoice: { type: 'required' } }, { tool_choice: 'required' }],
    [
      { toolChoice: { type: 'named', name: 'get weather' } },
      { tool_choice: { type: 'function', function: { name: 'get_weather' } } },
    ],
    [{ parallelToolCalls: false }, { tool_choice: 'auto', parallel_tool_calls: false }],
    [{ given: { parallelToolCalls: 'parallel_tool_calls' } }, { parallel_tool_calls: true }],
  ])('%j is sent to the service', async (changes, expected) => {
    const { system: _, sampling: __, messages: ___, ...rest } = changes
    await answered('hi', { tools: [tool('get weather')], ...rest })
    expect(body()).toMatchObject(expected)
    expect(body().tools).toMatchObject([{ function: { name: 'get_weather' } }])
  })

  test('for none is kept', async () => {
    world.upstream.next(toolCalls([{ name: 'get_weather', arguments: { city: 'x' } }]))
    const failed = await failureOf(world.driver, asking('hi', { toolChoice: { type: 'none' } }))
    expect(failed).toMatchObject({ code: 'provider_error' })
    await askedTimes(1)
  })

  test('for one call at a time is kept by the gateway, where the service does not', async () => {
    world.upstream.next(
      toolCalls([
        { name: 'get_weather', arguments: { city: 'a' }, id: 'call_a' },
        { name: 'get_weather', arguments: { city: 'b' }, id: 'call_b' },
      ]),
    )
    const { content } = await answered('hi', { parallelToolCalls: false })
    expect(content).toMatchObject([{ type: 'tool-call', id: 'call_a' }])
  })
})

describe('functions', () => {
  test('a hundred of them, with odd names and odd schemas', async () => {
    const odd = [
      tool('größe messen', { description: '' }),
      tool('größe.messen'),
      tool('x'.repeat(100)),
      tool('strict', { strict: true, parameters: { ...CITY, additionalProperties: false } }),
      tool('empty', { parameters: {} }),
      tool('refs', {
        parameters: {
          type: 'object',
          properties: { a: { $ref: '#/$defs/a' }, b: { anyOf: [{ type: 'null' }, { enum: [1, 'x'] }] }, c: true },
          $defs: { a: { type: 'object', patternProperties: { '^x': {} } } },
        },
      }),
      ...Array.from({ length: 94 }, (_, n) => tool(`tool_${n}`)),
    ]
    world.upstream.next(
      toolCalls([
        { name: 'gr__e_messen_2', arguments: { city: 'x' }, id: 'call_1' },
        { name: 'tool_93', arguments: { city: 'x' }, id: 'call_2' },
      ]),
    )
    const { content } = await answered('hi', { tools: odd })
    expect(content).toMatchObject([{ name: 'größe.messen' }, { name: 'tool_93' }])
    const sent = body().tools as { function: { name: string; parameters: object; strict?: boolean } }[]
    expect(sent.map((each) => each.function.name).slice(0, 6)).toEqual([
      'gr__e_messen',
      'gr__e_messen_2',
      'x'.repeat(64),
      'strict',
      'empty',
      'refs',
    ])
    expect(sent.map((each) => each.function.parameters)).toEqual(odd.map((each) => each.parameters))
    expect(sent.flatMap((each, n) => (each.function.strict ? [n] : []))).toEqual([3])
    await askedTimes(1)
  })

  test('of one caller are not those of another', async () => {
    world.upstream.default = (request) => {
      const [{ function: first }] = (request.json as Body).tools as [{ function: { name: string } }]
      return toolCalls([{ name: first.name, arguments: {}, id: `id-${first.name}` }])
    }
    const all = Array.from({ length: 12 }, async (_, n) => {
      const { content } = await answered('hi', { tools: [tool(`mine_${n}`)] })
      expect(content).toMatchObject([{ id: `id-mine_${n}`, name: `mine_${n}` }])
    })
    await Promise.all(all)
    await askedTimes(12)
  })
})

describe('results', () => {
  /** Each request begins with what the one before it had. */
  function expectStable(): void {
    const sent = world.upstream.turns.map((turn) =>
      (turn.json as Body).messages.map((message) => JSON.stringify(message)),
    )
    for (const [n, messages] of sent.entries()) {
      if (n > 0) expect(messages.slice(0, sent[n - 1]!.length)).toEqual(sent[n - 1]!)
    }
  }

  test('three rounds, with a prefix that does not change', async () => {
    const talk: Message[] = [user('weather in two places?')]
    for (let round = 1; round <= 3; round += 1) {
      world.upstream.next(
        reply(
          () => [
            { type: 'thinking', text: `thought ${round}` },
            { type: 'text', text: `round ${round}` },
            { type: 'tool-call', id: `call_${round}a`, name: 'get_weather', pieces: [`{"city":"a${round}"}`] },
            { type: 'tool-call', id: `call_${round}b`, name: 'get_weather', pieces: [`{"city":"b${round}"}`] },
          ],
          { stop: { reason: 'tool_use' } },
        ),
      )
      const { content, finish } = await answered(talk, { system: 'Be brief.' })
      expect(finish).toBe('tool-calls')
      talk.push(
        { role: 'assistant', content: content as AssistantPart[] },
        { role: 'tool', content: [result(`call_${round}a`, words('sun')), result(`call_${round}b`, words('rain'))] },
      )
    }
    expect(await answered(talk, { system: 'Be brief.' })).toMatchObject({ finish: 'stop' })
    await askedTimes(4)
    expectStable()
    expect(messagesOf(world.upstream).map(({ role }) => role)).toEqual([
      'system',
      'user',
      ...Array.from({ length: 3 }, () => ['assistant', 'tool', 'tool']).flat(),
    ])
    expect(messagesOf(world.upstream)[5]).toMatchObject({
      role: 'assistant',
      content: 'round 2',
      reasoning_content: 'thought 2',
      tool_calls: [
        { id: 'call_2a', function: { name: 'get_weather', arguments: '{"city":"a2"}' } },
        { id: 'call_2b', function: { name: 'get_weather', arguments: '{"city":"b2"}' } },
      ],
    })
    expect(messagesOf(world.upstream)[7]).toMatchObject({ role: 'tool', tool_call_id: 'call_2b', content: 'rain' })
  })

  test('with an error, with an image, with nothing, with a question behind them', async () => {
    await answered(
      [
        user('look'),
        assistant(call('call_1', 'my tool', '{"n":1}'), call('call_2', 'my tool', ''), call('call_3', 'my tool', '{}')),
        {
          role: 'tool',
          content: [
            { ...result('call_1', words('no such page')), isError: true },
            result('call_2', words('here'), {
              type: 'image',
              source: { kind: 'data', mediaType: 'image/png', data: PNG },
            }),
            result('call_3'),
          ],
        },
        user('and?'),
      ],
      { tools: [tool('my tool')] },
    )
    const messages = messagesOf(world.upstream)
    expect(messages[1]?.tool_calls?.map((each) => each.function)).toEqual([
      { name: 'my_tool', arguments: '{"n":1}' },
      { name: 'my_tool', arguments: '{}' },
      { name: 'my_tool', arguments: '{}' },
    ])
    const results = messages.filter(({ role }) => role === 'tool')
    expect(results.map((message) => message.tool_call_id)).toEqual(['call_1', 'call_2', 'call_3'])
    expect(JSON.stringify(results[0]?.content)).toContain('no such page')
    expect(JSON.stringify(messages.slice(2))).toContain(`data:image/png;base64,${PNG}`)
    expect(JSON.stringify(messages.at(-1))).toContain('and?')
    await askedTimes(1)
  })

  test('of calls whose ids come again', async () => {
    const round = (n: number): Message[] => [
      assistant(call('call_0', 'get_weather', `{"city":"c${n}"}`)),
      { role: 'tool', content: [result('call_0', words(`result ${n}`))] },
    ]
    world.upstream.next(toolCalls([{ name: 'get_weather', arguments: { city: 'c3' }, id: 'call_0' }]))
    const { content } = await answered([user('go'), ...round(1), ...round(2)])
    expect(content).toMatchObject([{ type: 'tool-call', name: 'get_weather', arguments: '{"city":"c3"}' }])
    const said = messagesOf(world.upstream).slice(1)
    expect(said.map(({ role }) => role)).toEqual(['assistant', 'tool', 'assistant', 'tool'])
    expect(said.flatMap(({ role, content: held }) => (role === 'tool' ? [held] : []))).toEqual(['result 1', 'result 2'])
    await askedTimes(1)
  })
})

describe('a caller who leaves', () => {
  test('in the midst of a call leaves nothing behind', async () => {
    world.upstream.next(
      reply(() => [
        { type: 'text', text: 'Let me see.' },
        { type: 'tool-call', id: 'call_1', name: 'get_weather', pieces: ['{"city":'] },
        { type: 'silence' },
      ]),
      silentAfter(['never']),
    )
    const abort = new AbortController()
    const reading = (async () => {
      for await (const batch of run(world.driver, asking('hi'), abort.signal)) {
        if (batch.some((event) => event.type === 'text-delta')) abort.abort(new Error('left'))
      }
    })()
    await expect(reading).rejects.toThrow('left')
    const turn = await world.upstream.turn(0)
    await turn.closed
    expect(turn.outcome).toBe('dropped')
    await askedTimes(1)
    world.upstream.reset()
    await answered('hi')
    await eventually('it waits', () => world.driver.processes().every(({ state }) => state === 'idle'), 5000)
  })
})
