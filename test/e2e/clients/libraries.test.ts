// Libraries that people build with, each finishing a task with two functions and an answer in a form, by its own means.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { text } from '../../upstream/replies/text.ts'
import { type Call, toolCalls } from '../../upstream/replies/tool-calls.ts'
import type { RecordedRequest } from '../../upstream/recorded-request.ts'
import { type AllProviders, MODELS, startAllProviders } from '../all-providers.ts'
import { type Real, shown, toldTo } from '../functions/told.ts'
import { AGENTS } from './agents.ts'
import { AI_SDK } from './ai-sdk.ts'
import { LANGCHAIN } from './langchain.ts'

setDefaultTimeout(60_000)

let all: AllProviders
beforeAll(async () => {
  all = await startAllProviders()
}, 120_000)
afterAll(() => all?.stop())
beforeEach(() => all.upstream.reset())

const LIBRARIES = [...AI_SDK, ...LANGCHAIN, ...AGENTS].map((library) => [library.name, library] as const)
/** The providers take turns: what each of them makes of each format, the matrix of functions shows. */
const MODES = [
  { mode: 'whole', stream: false, tasks: ['codex', 'gemini', 'helper'], forms: ['claude', 'codex'] },
  { mode: 'streamed', stream: true, tasks: ['claude', 'qwen'], forms: ['qwen', 'helper'] },
] satisfies { mode: string; stream: boolean; tasks: Real[]; forms: Real[] }[]
const OBJECT = { steps: ['one', 'two'], answer: 42 }

function functions() {
  const seen: string[] = []
  const run = (what: string, of: string) => {
    seen.push(of)
    return `${what} of ${of}`
  }
  return {
    seen,
    functions: { get_weather: (city: string) => run('rain', city), get_time: (zone: string) => run('noon', zone) },
  }
}

describe.each(LIBRARIES)('%s', (_, library) => {
  const gave = (name: string, result: string) => library.wraps?.(name, result) ?? result
  describe.each(MODES)('$mode', ({ stream, tasks, forms }) => {
    test.each<Real>(tasks)('two functions, one after the other: %s', async (provider) => {
      const call = (name: string, args: Call['arguments']) =>
        toolCalls([{ name: shown(provider, name), arguments: args, id: `call_${name}` }])
      all.upstream.next(
        call('get_weather', { city: 'Oslo' }),
        call('get_time', { zone: 'CET' }),
        text(['All ', 'done.']),
      )
      const { seen, functions: run } = functions()
      const task = { url: all.gate.url, model: MODELS[provider], prompt: 'Report.', stream, functions: run }
      expect(await library.finish(task)).toBe('All done.')
      expect(seen).toEqual(['Oslo', 'CET'])
      const turns = all.upstream.turns.map((turn) => toldTo(provider, turn))
      expect(turns).toHaveLength(3)
      for (const { offered } of turns) {
        expect(offered.map(({ name }) => name).toSorted()).toEqual(['get_time', 'get_weather'])
      }
      const id = expect.stringContaining('call_')
      expect(turns[2]!.history).toEqual([
        { called: 'get_weather', id, arguments: { city: 'Oslo' } },
        { gave: gave('get_weather', 'rain of Oslo'), id, images: [], isError: false },
        { called: 'get_time', id, arguments: { zone: 'CET' } },
        { gave: gave('get_time', 'noon of CET'), id, images: [], isError: false },
      ])
      expect(all.strangers()).toEqual([])
    })

    test('two functions at once: the demo model', async () => {
      const { seen, functions: run } = functions()
      const prompt = 'get_weather and get_time'
      const said = await library.finish({ url: all.gate.url, model: 'demo/tools', prompt, stream, functions: run })
      expect(said).toBe(
        `get_weather gave: ${gave('get_weather', 'rain of city')}\nget_time gave: ${gave('get_time', 'noon of zone')}`,
      )
      expect(seen).toEqual(['city', 'zone'])
    })

    test.each<Real>(forms)('an answer in a form: %s', async (provider) => {
      // Some libraries have the answer given to a function of theirs where they do not know the model.
      all.upstream.next((request: RecordedRequest) => {
        const [form] = toldTo(provider, request).offered
        if (form) return toolCalls([{ name: shown(provider, form.name), arguments: OBJECT }])
        return text(JSON.stringify(OBJECT))
      })
      const task = { url: all.gate.url, model: MODELS[provider], prompt: 'Count.', stream }
      expect(await library.object(task)).toEqual(OBJECT)
      expect(all.upstream.turns).toHaveLength(1)
      expect(all.upstream.turns[0]!.body).toContain('steps')
    })

    test('an answer in a form: the demo model', async () => {
      const task = { url: all.gate.url, model: 'demo/chat', prompt: 'Count.', stream }
      expect(await library.object(task)).toMatchObject({ steps: expect.any(Array), answer: expect.any(Number) })
    })
  })
})
