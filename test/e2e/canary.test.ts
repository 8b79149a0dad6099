// Nobody hears of anybody else: 1,000 conversations over all providers, six at a time, each with words of its own in its instructions,
// its history and its questions. The model service answers each request with what was in it, so that a word in a wrong place shows in
// what reached the model or in what came back. Clients that leave and services that fail are among them: what such a turn leaves
// behind must not reach the next one either.
//
// How many of the 1,000 each provider has is a matter of cost. Codex, Qwen Code and Gemini CLI serve one after the other from the same
// processes, where words could mix, at 30 to 140 ms each on two busy cores. Claude Code has a process for each, at 400 ms.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import type OpenAI from 'openai'
import { APIError } from 'openai'
import { echo, echoOf } from '../upstream/replies/echo.ts'
import { failure } from '../upstream/replies/failures.ts'
import { silentAfter } from '../upstream/replies/faults.ts'
import type { RecordedRequest } from '../upstream/recorded-request.ts'
import { type AllProviders, MODELS, type Provider, startAllProviders } from './all-providers.ts'

const SPLIT: Record<Provider, number> = { claude: 60, codex: 400, gemini: 120, qwen: 160, helper: 60, demo: 200 }
const AT_ONCE = 6

type Mishap = 'leaves' | 'fails'
type Conversation = {
  id: string
  provider: Provider
  stream: boolean
  questions: number
  /** Of a request before the first answer. */
  mishap?: Mishap
}
/** What a conversation came to. */
type Told = { answers: string[]; fragment: string }

let all: AllProviders
beforeAll(async () => {
  all = await startAllProviders()
}, 120_000)
afterAll(() => all?.stop())

/** All of them, each provider's spread evenly from the first to the last. */
function conversations(): Conversation[] {
  const places = Object.entries(SPLIT).flatMap(([provider, count]) =>
    Array.from({ length: count }, (_, position) => ({ provider: provider as Provider, position, count })),
  )
  places.sort((one, other) => (one.position + 0.5) / one.count - (other.position + 0.5) / other.count)
  return places.map(({ provider, position }, number) => ({
    id: `n${number}r${crypto.randomUUID().slice(0, 8)}`,
    provider,
    stream: position % 2 === 0,
    questions: position % 3 === 0 ? 2 : 1,
    mishap:
      provider === 'demo' ? undefined : position % 20 === 7 ? 'leaves' : position % 20 === 17 ? 'fails' : undefined,
  }))
}

const canary = (id: string, place: string) => `canary-${id}_${place}`
/** Whose words are in a text. */
const ownersIn = (text: string) => new Set(text.matchAll(/canary-([a-z0-9]+)_/g).map(([, id]) => id!))
const everythingOf = ({ path, query, headers, body }: RecordedRequest) => JSON.stringify([path, query, headers]) + body

/** What waits for the next request of a conversation. */
const mishaps = new Map<string, Mishap>()

function replyTo(request: RecordedRequest) {
  const [id = ''] = ownersIn(request.body)
  const mishap = mishaps.get(id)
  mishaps.delete(id)
  if (mishap === 'fails') return failure(500, { message: `${canary(id, 'failure')} failed.` })
  if (mishap === 'leaves') return silentAfter([canary(id, 'fragment'), ' and '])
  // So slow that several answers are on their way at any time.
  return echo({ between: 3 })(request)
}

async function hold({ id, provider, stream, questions, mishap }: Conversation): Promise<Told> {
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: 'system', content: `Instructions ${canary(id, 'system')}.` },
    { role: 'user', content: `Earlier ${canary(id, 'asked')}.` },
    { role: 'assistant', content: `Then ${canary(id, 'answered')}.` },
  ]
  const told: Told = { answers: [], fragment: '' }
  for (let question = 0; question < questions; question += 1) {
    messages.push({ role: 'user', content: canary(id, `question${question}`) })
    if (question === 0 && mishap) {
      mishaps.set(id, mishap)
      told.fragment = await (mishap === 'leaves' ? leave(provider, messages) : fail(provider, stream, messages))
    }
    const answer = await ask(provider, stream, messages)
    told.answers.push(answer)
    messages.push({ role: 'assistant', content: answer })
  }
  return told
}

async function ask(provider: Provider, stream: boolean, messages: OpenAI.ChatCompletionMessageParam[]) {
  const model = MODELS[provider]
  if (!stream) {
    const whole = await all.client.chat.completions.create({ model, messages })
    return whole.choices[0]!.message.content ?? ''
  }
  let answer = ''
  for await (const { choices } of await all.client.chat.completions.create({ model, messages, stream })) {
    answer += choices[0]?.delta.content ?? ''
  }
  return answer
}

/** Leaves after the first words, and returns them. */
async function leave(provider: Provider, messages: OpenAI.ChatCompletionMessageParam[]): Promise<string> {
  const stream = await all.client.chat.completions.create({ model: MODELS[provider], messages, stream: true })
  for await (const { choices } of stream) {
    const content = choices[0]?.delta.content
    if (content) return content
  }
  throw new Error('The answer ended before it was left.')
}

/** Returns what the failure says. */
async function fail(provider: Provider, stream: boolean, messages: OpenAI.ChatCompletionMessageParam[]) {
  const thrown: unknown = await ask(provider, stream, messages).catch((error: unknown) => error)
  if (thrown instanceof APIError && thrown.status === 502) return thrown.message
  throw new Error('It should have failed.', { cause: thrown })
}

test('no word of one conversation is in another, in 1,000 over all providers', async () => {
  all.upstream.default = replyTo
  const list = conversations()
  expect(list).toHaveLength(1000)
  const told = new Map<string, Told>()
  const waiting = list.values()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const conversation of waiting) told.set(conversation.id, await hold(conversation))
    }),
  )

  const { turns } = all.upstream
  const byOwner = new Map<string, RecordedRequest[]>()
  const strays: string[] = []
  for (const turn of turns) {
    const owners = ownersIn(everythingOf(turn))
    const [owner = ''] = owners
    if (owners.size !== 1) strays.push(`a request with words of ${[...owners].join(' and ') || 'nobody'}`)
    byOwner.set(owner, [...(byOwner.get(owner) ?? []), turn])
  }
  for (const { id, provider, questions, mishap } of list) {
    const { answers, fragment } = told.get(id)!
    const strangers = [...ownersIn([fragment, ...answers].join(' '))].filter((owner) => owner !== id)
    if (strangers.length > 0) strays.push(`${provider} ${id} was told words of ${strangers.join(' and ')}`)
    if (mishap === 'leaves' && !fragment.startsWith(canary(id, 'fragment'))) strays.push(`${provider}: ${fragment}`)
    const own = byOwner.get(id) ?? []
    if (provider === 'demo') {
      expect(answers).toEqual(answers.map((_, question) => canary(id, `question${question}`)))
      expect(own).toEqual([])
      continue
    }
    expect(own).toHaveLength(questions + (mishap ? 1 : 0))
    const good = mishap ? own.slice(1) : own
    // The answer to this very request, to the last character.
    expect(answers).toEqual(good.map((turn) => JSON.stringify(echoOf(turn))))
    for (const [question, turn] of good.entries()) {
      const places = ['system', 'asked', 'answered', 'question0', ...(question === 1 ? ['question1'] : [])]
      expect(echoOf(turn).canaries.toSorted()).toEqual(places.map((place) => canary(id, place)).toSorted())
    }
  }
  expect(strays).toEqual([])
  // They did run side by side.
  const overlapping = turns.filter((turn, position) => turn.receivedAt < (turns[position - 1]?.closedAt ?? 0))
  expect(overlapping.length).toBeGreaterThan(turns.length / 10)
  // What a service says of its own failure is logged, and nothing of what was asked or answered.
  const logged = all.gate.log().match(/canary-\w+/g) ?? []
  expect(logged.filter((words) => !words.endsWith('_failure'))).toEqual([])
}, 600_000)
