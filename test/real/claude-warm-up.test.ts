// Warming up: what the service gets of a process that was asked something before is what it gets of one that was not.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { answerTo, assistant, request, textOf, tool, user } from '../providers/claude/requests.ts'
import { claudeWorld, type World, type WorldOptions } from '../providers/claude/world.ts'
import type { RecordedRequest } from '../upstream/recorded-request.ts'
import { startUpstream, type Upstream } from '../upstream/upstream.ts'
import { officialHost } from './harness/official-host.ts'

setDefaultTimeout(40_000)

/** Waits until a process is in the stock, and with it all that is done to it there. */
async function stocked(world: World): Promise<void> {
  world.driver.start?.()
  const deadline = Date.now() + 20_000
  while (!world.driver.processes!().some(({ state }) => state === 'idle')) {
    if (Date.now() > deadline) throw new Error('No process is idle.')
    await Bun.sleep(10)
  }
}

/** What differs from process to process whatever happens: ids, checksums, folders. */
const OWN = [
  [/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b/g, 'uuid'],
  [/(device_id\\*":\\*")[\da-f]+/g, '$1'],
  [/\bcch=[\da-f]+/g, 'cch'],
  [/\/run\/[^/"\\]+/g, '/run/folder'],
] as const

/** The request as two processes should send it: text. */
function comparable({ path, query, headers, json }: RecordedRequest): string {
  const { host: _, 'content-length': __, ...rest } = headers
  const text = JSON.stringify({ path, query, headers: rest, json }, undefined, 1)
  return OWN.reduce((said, [pattern, replacement]) => said.replace(pattern, replacement), text)
}

type Login = {
  environment: WorldOptions['environment']
  credential: object
  stored?: true
}

const LOGINS: Record<string, Login> = {
  'an API key': { environment: { ANTHROPIC_API_KEY: 'sk-own' }, credential: { 'x-api-key': 'sk-own' } },
  'an API key behind a proxy that is not for all': {
    environment: { ANTHROPIC_API_KEY: 'sk-own', NO_PROXY: 'intranet.example', no_proxy: 'intranet.example' },
    credential: { 'x-api-key': 'sk-own' },
  },
  'the token of another gateway': {
    environment: { ANTHROPIC_API_KEY: undefined, ANTHROPIC_AUTH_TOKEN: 'own' },
    credential: { authorization: 'Bearer own' },
  },
  'the token of a subscription': {
    environment: { ANTHROPIC_API_KEY: undefined, CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-own' },
    credential: { authorization: 'Bearer sk-ant-oat01-own' },
  },
  'a stored login': {
    environment: { ANTHROPIC_API_KEY: undefined },
    credential: { authorization: 'Bearer sk-ant-oat01-stored' },
    stored: true,
  },
}

/** Asks for nothing, but is a word about who pays. */
const NOT_ALONE = { CLAUDE_CODE_USE_BEDROCK: '' }

const STORED = {
  claudeAiOauth: {
    accessToken: 'sk-ant-oat01-stored',
    refreshToken: 'sk-ant-ort01-stored',
    expiresAt: Date.now() + 86_400_000,
    scopes: ['user:inference', 'user:profile'],
    subscriptionType: 'max',
  },
}

const tools = [tool('get_weather', { type: 'object', properties: { city: { type: 'string' } } })]
const CONVERSATION = [user('first question'), assistant('first answer'), user('/last question')]
const asked = (model: string) => request(CONVERSATION, { model, system: 'You are terse.', tools })

describe.each(Object.keys(LOGINS))('with %s', (name) => {
  const { environment, credential, stored } = LOGINS[name]!
  let upstream: Upstream
  let official: Awaited<ReturnType<typeof officialHost>>

  beforeAll(async () => {
    upstream = await startUpstream()
    official = await officialHost(upstream)
  })
  afterAll(async () => {
    await official[Symbol.asyncDispose]()
    await upstream.stop()
  })

  /** The request of one turn. */
  async function sent(tested: 'warmed' | 'seeded', model: string, more: WorldOptions = {}): Promise<string> {
    const all = { ...environment, ...official.environment }
    await using world = await claudeWorld({ tested, environment: all, ...more })
    if (stored) {
      await mkdir(join(world.home, '.claude'), { recursive: true })
      await Bun.write(join(world.home, '.claude/.credentials.json'), JSON.stringify(STORED))
    }
    await stocked(world)
    upstream.reset()
    await answerTo(world.driver, asked(model))
    expect(upstream.turns).toHaveLength(1)
    return comparable(upstream.turns[0]!)
  }

  test.each(['claude-opus-5-5', 'claude-haiku-4-5'])('the request for %s is the same', async (model) => {
    const warmed = await sent('warmed', model)
    expect(JSON.parse(warmed)).toMatchObject({ headers: credential })
    // Nor does it matter whether it was started with `--bare`, which an API key alone allows.
    expect(warmed).toBe(await sent('seeded', model, { account: { env: NOT_ALONE } }))
  })
})

describe('a process of the stock', () => {
  test('asks the service nothing while it is warmed up, and answers', async () => {
    await using world = await claudeWorld({ tested: 'warmed' })
    await stocked(world)
    expect(world.upstream.requests).toEqual([])
    const answer = await answerTo(world.driver, request('hi'))
    expect(textOf(answer)).toBe('Hello from the simulated model.')
    expect(world.upstream.requests).toHaveLength(1)
    expect(JSON.stringify(world.upstream.turns[0]!.json)).not.toContain('warm up')
    expect(world.logged.filter(({ level }) => level === 'warn')).toEqual([])
  })

  test('is told ahead what recurs, and can still be told otherwise', async () => {
    await using world = await claudeWorld({ tested: 'warmed', pool: { warm: 2, maxWarm: 2 } })
    const bodies: { system: { text: string }[]; tools: { name: string }[] }[] = []
    for (const system of ['A', 'A', 'A', 'B', 'A']) {
      await stocked(world)
      await answerTo(world.driver, request('hi', { system, tools: system === 'A' ? tools : [] }))
      bodies.push(world.upstream.turns.at(-1)!.json as (typeof bodies)[number])
    }
    expect(bodies.map((body) => body.system.at(-1)?.text)).toEqual(['A', 'A', 'A', 'B', 'A'])
    expect(bodies.map((body) => body.tools.length)).toEqual([1, 1, 1, 0, 1])
    expect(world.upstream.turns).toHaveLength(5)
  })
})
