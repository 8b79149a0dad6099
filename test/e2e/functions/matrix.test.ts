// Functions of a caller through every official SDK and every provider: what reached the model service, in its own format, what
// the SDK gave, and that each request of the caller was one request to the service. One cligate serves the whole file.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { type Call as Calling, toolCalls } from '../../upstream/replies/tool-calls.ts'
import { text } from '../../upstream/replies/text.ts'
import { type AllProviders, MODELS, startAllProviders } from '../all-providers.ts'
import { anthropicSdk } from './anthropic-sdk.ts'
import { EXPECTED, INSTRUCTION } from './expected.ts'
import { googleSdk } from './google-sdk.ts'
import { chatSdk, responsesSdk } from './openai-sdk.ts'
import { type Answer, type Asked, type Call, PIXEL, type Result, type Sdk, type Step, TOOLS } from './sdk.ts'
import { type Real, shown, type Told, toldTo } from './told.ts'

setDefaultTimeout(60_000)

let all: AllProviders
/** How many requests the services should have had. */
let asked = 0
beforeAll(async () => {
  all = await startAllProviders()
}, 120_000)
afterAll(() => all?.stop())

const SDKS = { chat: chatSdk, responses: responsesSdk, anthropic: anthropicSdk, google: googleSdk }
const REAL = Object.keys(EXPECTED) as Real[]
const MODES = [
  ['whole', false],
  ['streamed', true],
] as const

const OSLO = { name: 'get_weather', arguments: { city: 'Osló 🌧 "\\' }, id: 'call_oslo' }
const NOON = { name: 'get_time', arguments: { zone: 'CET' }, id: 'call_noon' }
type Made = typeof OSLO | typeof NOON
const withId = <Call extends Made>(call: Call, id: string): Call => ({ ...call, id })
const PARAMETERS = new Map<string, object>(TOOLS.map(({ name, parameters }) => [name, parameters]))
const question: Step = { user: 'How is it there?' }

describe.each(REAL)('%s', (provider) => {
  const { offered, auto, parallel, ownIds, errorAs, ...choices } = EXPECTED[provider]
  const calling = (calls: Made[], said?: string) => {
    const named: Calling[] = calls.map((call) => ({ ...call, name: shown(provider, call.name) }))
    return toolCalls(named, said === undefined ? {} : { text: [said] })
  }
  /** What the caller should see of calls. */
  const seen = (...calls: Made[]): Call[] =>
    calls.map(({ id, name, arguments: args }) => ({
      id: ownIds ? id : expect.stringContaining(id),
      name,
      arguments: args,
    }))

  describe.each(Object.keys(SDKS) as (keyof typeof SDKS)[])('%s', (name) => {
    let sdk: Sdk
    beforeAll(() => {
      sdk = SDKS[name](all.gate.url)
    })

    /** Asks, and gives what the service was told by the one request that it cost. */
    async function ask(steps: Step[], changes: Partial<Asked> = {}) {
      const before = all.upstream.turns.length
      asked += 1
      const model = MODELS[provider]
      const answer = await sdk.ask({ model, steps, choice: 'auto', stream: false, ...changes })
      const turns = all.upstream.turns.slice(before)
      expect(turns).toHaveLength(1)
      return { answer, told: toldTo(provider, turns[0]!), body: turns[0]!.body }
    }
    const names = ({ offered: shownTo }: Told) => shownTo.map((tool) => tool.name)

    test.each(MODES)('a call, %s', async (_, stream) => {
      all.upstream.next(calling([OSLO], 'I look.'))
      const { answer, told } = await ask([question], { stream })
      expect(answer).toMatchObject({ text: 'I look.', calls: seen(OSLO), finish: sdk.finishes.calls })
      expect(told.offered).toMatchObject(offered.map((tool) => ({ name: tool, parameters: PARAMETERS.get(tool) })))
      expect(told).toMatchObject({ choice: auto, history: [] })
    })

    test('parallel calls, streamed', async () => {
      all.upstream.next(calling([OSLO, NOON]))
      const { answer } = await ask([question], { stream: true })
      expect(answer).toMatchObject({ text: '', finish: sdk.finishes.calls })
      expect(answer.calls).toEqual(seen(OSLO, NOON).slice(0, parallel))
    })

    test.each([
      ['any', 'required' as const, choices.required],
      ['a certain one', { name: 'get_time' }, choices.named],
    ])('a call is forced: %s', async (_, choice, expected) => {
      all.upstream.next(calling([NOON]))
      const { answer, told, body } = await ask([question], { choice })
      expect(answer).toMatchObject({ calls: seen(NOON), finish: sdk.finishes.calls })
      expect(told.choice).toEqual(expected.choice)
      expect(names(told)).toEqual(choice !== 'required' && sdk.namesAllowed ? ['get_time'] : expected.offered)
      expect(body.includes(INSTRUCTION)).toBe(expected.instructed === true)
    })

    test('no call is allowed', async () => {
      all.upstream.next(text('None.'))
      const { answer, told } = await ask([question], { choice: 'none' })
      expect(answer).toMatchObject({ text: 'None.', calls: [], finish: sdk.finishes.text })
      expect(told.choice).toEqual(choices.none.choice)
      expect(names(told)).toEqual(choices.none.offered)
    })

    /** The result of each call of an answer, as text. */
    const results = (answer: Answer, changes: Partial<Result> = {}): Step => ({
      results: answer.calls.map((call) => ({ call, text: `${call.name} gave`, ...changes })),
    })
    /** How a service should see an answer's calls and what they gave. */
    const history = ({ calls }: Answer, changes: object = {}): Told['history'] => [
      ...calls.map((call) => ({ called: call.name, id: call.id, arguments: call.arguments })),
      ...calls.map((call) => ({ gave: `${call.name} gave`, id: call.id, images: [], isError: false, ...changes })),
    ]

    test('three rounds, streamed or not: all that went before is there, and begins with the same bytes', async () => {
      const steps: Step[] = [question]
      const expected: Told['history'] = []
      let before: string[] = []
      for (const [round, calls] of [[OSLO], [OSLO, NOON], [NOON]].entries()) {
        const made = calls.map((call) => withId(call, `${call.id}_${round}`))
        all.upstream.next(calling(made, `Round ${round}.`))
        const { answer, told } = await ask(steps, { stream: round % 2 === 0 })
        expect(answer.calls).toEqual(seen(...made).slice(0, parallel))
        expect(told.history).toEqual(expected)
        expect(told.pieces.slice(0, before.length)).toEqual(before)
        before = told.pieces
        steps.push({ answer }, results(answer))
        expected.push(...history(answer))
      }
      all.upstream.next(text('Done.'))
      const { answer, told } = await ask(steps)
      expect(answer).toMatchObject({ text: 'Done.', calls: [], finish: sdk.finishes.text })
      expect(told.history).toEqual(expected)
      expect(told.pieces.slice(0, before.length)).toEqual(before)
      expect(told.pieces.length).toBeGreaterThan(before.length)
    })

    test('a result that is an error, and one with an image', async () => {
      all.upstream.next(calling([OSLO]), text('Oh.'), text('A dot.'))
      const { answer } = await ask([question])
      const failed = await ask([question, { answer }, results(answer, { isError: true })])
      expect(failed.answer.text).toBe('Oh.')
      const isError = sdk.tellsErrors && errorAs === undefined
      const gave = `${sdk.tellsErrors ? (errorAs ?? '') : ''}get_weather gave`
      expect(failed.told.history).toEqual(history(answer, { gave, isError }))

      const pictured = await ask([question, { answer }, results(answer, { image: PIXEL })])
      expect(pictured.answer.text).toBe('A dot.')
      expect(pictured.told.history).toEqual(history(answer, { images: [PIXEL] }))
    })
  })
})

test('conversations side by side know nothing of each other', async () => {
  const before = all.upstream.turns.length
  all.upstream.default = ({ body }) => {
    const [canary, provider] = /canary_(\w+?)_\w+/.exec(body) as unknown as [string, Real]
    return toolCalls([{ name: shown(provider, 'get_weather'), arguments: { city: canary }, id: `id_${canary}` }])
  }
  const talks = REAL.flatMap((provider) =>
    Object.entries(SDKS).map(async ([name, sdk]) => {
      const canary = `canary_${provider}_${name}`
      const steps = [{ user: `Look at ${canary}.` }]
      const answer = await sdk(all.gate.url).ask({ model: MODELS[provider], steps, choice: 'auto', stream: true })
      expect(answer.calls).toMatchObject([{ name: 'get_weather', arguments: { city: canary } }])
      return canary
    }),
  )
  asked += talks.length
  const canaries = await Promise.all(talks)
  const seen = all.upstream.turns.slice(before).map(({ body }) => Array.from(new Set(body.match(/canary_\w+/g))))
  expect(seen.toSorted()).toEqual(canaries.map((canary) => [canary]).toSorted())
})

test('no answer has cost more than its one request: no title, no memory, no second thoughts, not even late', async () => {
  await Bun.sleep(300)
  expect(all.upstream.turns).toHaveLength(asked)
  expect(all.strangers()).toEqual([])
})
