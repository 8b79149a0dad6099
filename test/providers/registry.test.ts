import { describe, expect, test } from 'bun:test'
import type { Driver, Model } from '../../src/providers/driver.ts'
import { createRegistry, type RegistryOptions } from '../../src/providers/registry.ts'
import { fakeDriver, model } from './fake-driver.ts'

const never = new AbortController().signal

const claudeModels = [
  model('claude-sonnet-5-5', { displayName: 'Sonnet 5.5', aliases: ['sonnet'], created: 1_750_000_000_000 }),
  model('claude-opus-5-5', { aliases: ['opus'], contextWindow: 200_000, maxOutputTokens: 32_000 }),
]
const claude = fakeDriver('claude', { models: async () => claudeModels })
const demo = fakeDriver('demo', { models: async () => [model('echo'), model('text')] })

function registryOf(options: Partial<RegistryOptions> = {}) {
  return createRegistry({ drivers: [claude, demo], ...options })
}

const notFound = (message: string | RegExp) =>
  expect.objectContaining({
    code: 'model_not_found',
    status: 404,
    param: 'model',
    message: expect.stringMatching(message),
  })

describe('resolve', () => {
  const cases: [string, Driver, string, object][] = [
    ['claude-sonnet-5-5', claude, 'claude-sonnet-5-5', { progress: false }],
    ['claude-of-next-year', claude, 'claude-of-next-year', { progress: false }],
    ['sonnet', claude, 'sonnet', { progress: false }],
    ['claude/sonnet', claude, 'sonnet', { progress: false }],
    ['claude/anything-at-all', claude, 'anything-at-all', { progress: false }],
    ['demo/echo', demo, 'echo', { progress: false }],
    ['demo/echo:low-progress', demo, 'echo', { effort: 'low', progress: true }],
    ['claude/gpt-5', claude, 'gpt-5', { progress: false }],
  ]
  test.each(cases)('%s', (name, driver, own, rest) => {
    const resolved = registryOf().resolve(name)
    expect(resolved.driver).toBe(driver)
    expect(resolved).toMatchObject({ model: own, ...rest })
  })

  test('asks no driver', () => {
    const asked = fakeDriver('claude', {
      models: () => {
        throw new Error('must not be asked')
      },
    })
    const registry = createRegistry({ drivers: [asked] })
    registry.resolve('opus')
    expect(() => registry.resolve('nonsense')).toThrow(notFound('no model "nonsense"'))
  })

  test('a provider that is not enabled is named', () => {
    const message = /"gpt-5" belongs to the provider "codex", which is not enabled\. Enabled: claude, demo\./
    expect(() => registryOf().resolve('gpt-5:high')).toThrow(notFound(message))
    expect(() => registryOf().resolve('gemini/x')).toThrow(notFound('provider "gemini"'))
    expect(() => createRegistry({ drivers: [demo] }).resolve('opus')).toThrow(
      notFound('"claude", which is not enabled'),
    )
  })

  test('an unknown name comes with the nearest known ones', async () => {
    const registry = registryOf({ aliases: { speedy: 'sonnet' } })
    expect(() => registry.resolve('speedi')).toThrow(notFound('Did you mean speedy?'))
    await registry.list(never)
    expect(() => registry.resolve('echo')).toThrow(notFound('Did you mean demo/echo?'))
    expect(() => registry.resolve('foo/bar')).toThrow(notFound('GET /v1/models'))
  })

  test('a suffix that stands twice is refused by the name that was asked for', () => {
    const message = 'There is no model "demo/echo-progress-progress". '
    expect(() => registryOf().resolve('demo/echo-progress-progress')).toThrow(notFound(message))
    expect(() => registryOf().resolve('opus-progress:low-progress')).toThrow(notFound('"opus-progress-progress"'))
  })

  test('what stands behind a prefix is no argument of a CLI either', () => {
    for (const name of [
      'claude/--dangerously-skip-permissions',
      'claude/-p',
      'claude//etc/passwd',
      'claude/',
      'claude/:high',
    ])
      expect(() => registryOf().resolve(name)).toThrow(notFound(''))
  })

  test('a name that only one provider’s list knows is that provider’s, demo’s names excepted', async () => {
    const local = fakeDriver('local', { models: async () => [model('llama3:8b'), model('echo-2')] })
    const registry = createRegistry({ drivers: [demo, claude, local] })
    await registry.list(never)
    expect(registry.resolve('llama3:8b').driver).toBe(local)
    expect(registry.resolve('local/llama3:8b:high')).toMatchObject({ model: 'llama3:8b', effort: 'high' })
    expect(() => registry.resolve('text')).toThrow(notFound(''))
  })
})

describe('aliases', () => {
  const aliases = {
    fast: 'haiku:low',
    faster: 'fast:minimal',
    patient: 'demo/text-progress',
    'gpt-4o': 'claude/sonnet',
    'team:high': 'opus:max',
    opus: 'claude/opus',
  }
  const registry = registryOf({ aliases })

  const cases: [string, string, object][] = [
    ['fast', 'haiku', { effort: 'low', progress: false }],
    ['faster', 'haiku', { effort: 'minimal' }],
    ['fast:high', 'haiku', { effort: 'high' }],
    ['fast:high-progress', 'haiku', { effort: 'high', progress: true }],
    ['patient', 'text', { progress: true }],
    ['gpt-4o', 'sonnet', { progress: false }],
    ['team:high', 'opus', { effort: 'max' }],
    ['opus', 'opus', { progress: false }],
  ]
  test.each(cases)('%s', (name, own, rest) => {
    expect(registry.resolve(name)).toMatchObject({ model: own, ...rest })
  })

  test('a provider’s prefix goes past an alias of the same name', () => {
    const other = registryOf({ aliases: { sonnet: 'demo/echo' } })
    expect(other.resolve('sonnet').driver).toBe(demo)
    expect(other.resolve('claude/sonnet').driver).toBe(claude)
  })

  const wrong: [string, Record<string, string>, RegExp][] = [
    ['itself', { a: 'a' }, /"a" leads back to itself: a -> a/],
    ['itself with a suffix', { a: 'a:high' }, /a -> a/],
    ['a ring', { a: 'b:low', b: 'c', c: 'a-progress' }, /a -> b -> c -> a/],
    ['a name that is none', { a: '--help' }, /"--help" is not a legal model name/],
    ['from a name that is none', { '-a': 'opus' }, /"-a" is not a legal/],
  ]
  test.each(wrong)('%s is refused at once', (_, bad, message) =>
    expect(() => registryOf({ aliases: bad })).toThrow(message),
  )
})

describe('list', () => {
  test('names that callers can use as they are, each with its progress variant', async () => {
    const registry = registryOf({ aliases: { fast: 'sonnet:low', gone: 'gpt-5' } })
    const listed = await registry.list(never)
    expect(listed.map(({ id }) => id).filter((id) => !id.endsWith('-progress'))).toEqual([
      'claude-sonnet-5-5',
      'sonnet',
      'claude-opus-5-5',
      'opus',
      'demo/echo',
      'demo/text',
      'fast',
    ])
    expect(listed).toHaveLength(14)
    for (const { id, provider } of listed) expect(registry.resolve(id).driver.name).toBe(provider)
  })

  test('carries what the provider tells of a model, and nothing more', async () => {
    const listed = await registryOf().list(never)
    expect(listed[0]).toEqual({
      id: 'claude-sonnet-5-5',
      displayName: 'Sonnet 5.5',
      created: 1_750_000_000_000,
      ownedBy: 'anthropic',
      provider: 'claude',
    })
    expect(listed.find(({ id }) => id === 'opus-progress')).toEqual({
      id: 'opus-progress',
      displayName: 'CLAUDE-OPUS-5-5 (progress)',
      created: 0,
      ownedBy: 'anthropic',
      provider: 'claude',
      contextWindow: 200_000,
      maxOutputTokens: 32_000,
      variant: true,
    })
  })

  test('a model is listed with each effort that it knows once, by its own name, unless that name is an alias', async () => {
    const thinker = fakeDriver('claude', {
      models: async () => [model('claude-opus-5-5', { aliases: ['opus'], efforts: ['high', 'low', 'ultra'] })],
    })
    const aliases = { 'claude-opus-5-5:high': 'opus:low', fast: 'opus:low' }
    const registry = createRegistry({ drivers: [thinker], aliases })
    const listed = await registry.list(never)
    const names = listed.flatMap(({ id, displayName, variant }) =>
      id.endsWith('-progress') ? [] : [[id, displayName, variant ?? false]],
    )
    expect(names.toSorted()).toEqual([
      ['claude-opus-5-5', 'CLAUDE-OPUS-5-5', false],
      ['claude-opus-5-5:high', 'CLAUDE-OPUS-5-5', false],
      ['claude-opus-5-5:low', 'CLAUDE-OPUS-5-5 (low)', true],
      ['fast', 'CLAUDE-OPUS-5-5', false],
      ['opus', 'CLAUDE-OPUS-5-5', false],
    ])
    for (const id of [...listed.map((entry) => entry.id), 'opus:high', 'fast:high'])
      expect(await registry.get(id, never)).toMatchObject({ id })
    expect(registry.resolve('fast:high')).toMatchObject({ model: 'opus', effort: 'high' })
  })

  test('a model whose own name no caller could write has its efforts by the first that one can', async () => {
    const odd = fakeDriver('claude', {
      models: async () => [model('opus[1m]', { aliases: ['big', 'large'], efforts: ['high'] })],
    })
    const listed = await createRegistry({ drivers: [odd] }).list(never)
    expect(listed.map(({ id }) => id)).toEqual(['big', 'big-progress', 'big:high', 'large', 'large-progress'])
  })

  test('a model that an alias hides is listed with its prefix', async () => {
    const listed = await registryOf({ aliases: { sonnet: 'demo/echo' } }).list(never)
    expect(listed.find(({ id }) => id === 'sonnet')?.provider).toBe('demo')
    expect(listed.find(({ id }) => id === 'claude/sonnet')?.provider).toBe('claude')
    expect(new Set(listed.map(({ id }) => id)).size).toBe(listed.length)
  })

  test('names that no caller could write are left out', async () => {
    const odd = fakeDriver('claude', { models: async () => [model('opus[1m]', { aliases: ['big'] }), model('-x')] })
    const listed = await createRegistry({ drivers: [odd] }).list(never)
    expect(listed.map(({ id }) => id)).toEqual(['big', 'big-progress'])
  })

  test('two providers with the same name: both are listed, and each leads to its own', async () => {
    const [first, second] = ['one', 'two'].map((name) => fakeDriver(name, { models: async () => [model('same')] }))
    const registry = createRegistry({ drivers: [first!, second!] })
    const listed = await registry.list(never)
    expect(listed.map(({ id, provider }) => [id, provider])).toEqual([
      ['same', 'one'],
      ['same-progress', 'one'],
      ['two/same', 'two'],
      ['two/same-progress', 'two'],
    ])
    expect(registry.resolve('two/same').driver).toBe(second!)
  })
})

describe('get', () => {
  const registry = registryOf({ aliases: { fast: 'sonnet:low' } })

  test.each(['sonnet', 'sonnet-progress', 'sonnet:high', 'sonnet:high-progress', 'sonnet-progress:high', 'fast'])(
    '%s, as it was asked for',
    async (id) => expect(await registry.get(id, never)).toMatchObject({ id, provider: 'claude' }),
  )

  test('what is not listed is not found, and the message tells which it is', async () => {
    const error = (id: string) => registry.get(id, never).catch((thrown: unknown) => thrown)
    expect(await error('demo/ecko')).toEqual(notFound('provider "demo" does not list "ecko". Did you mean demo/echo?'))
    expect(await error('gpt-5')).toEqual(notFound('not enabled'))
    expect(await error('sonett')).toEqual(notFound('Did you mean sonnet?'))
    expect(await error('demo/echo-progress-progress')).toEqual(notFound('no model "demo/echo-progress-progress"'))
    expect(await error('demo/echo-progress-progress')).toEqual(notFound('Did you mean demo/echo?'))
    for (const id of ['', '-x', '%', 'x'.repeat(5000)]) expect(await error(id)).toEqual(notFound('legal'))
  })
})

describe('lists are remembered', () => {
  /** A driver whose list comes, or fails to come, when the test says so. */
  function slowDriver() {
    const waiting: PromiseWithResolvers<Model[]>[] = []
    const signals: AbortSignal[] = []
    const driver = fakeDriver('claude', {
      models: (signal) => {
        signals.push(signal)
        const answer = Promise.withResolvers<Model[]>()
        waiting.push(answer)
        return answer.promise
      },
    })
    return { driver, waiting, signals }
  }

  function setUp() {
    const clock = { time: 1_000_000 }
    const warnings: unknown[] = []
    const { driver, waiting, signals } = slowDriver()
    const registry = createRegistry({
      drivers: [driver],
      listTtl: 1_000,
      now: () => clock.time,
      log: { warn: (fields, message) => warnings.push({ ...fields, message }) },
    })
    const ids = async () => (await registry.list(never)).map(({ id }) => id).filter((id) => !id.endsWith('-progress'))
    return { clock, warnings, waiting, signals, registry, ids }
  }

  /** Lets what has just settled take effect. */
  const settle = () => Bun.sleep(0)

  test('many ask at once: the driver is asked once', async () => {
    const { waiting, ids } = setUp()
    const all = Promise.all([ids(), ids(), ids()])
    expect(waiting).toHaveLength(1)
    waiting[0]!.resolve([model('claude-a')])
    expect(await all).toEqual([['claude-a'], ['claude-a'], ['claude-a']])
    await ids()
    expect(waiting).toHaveLength(1)
  })

  test('an old list is given at once, while one new one is on its way', async () => {
    const { clock, waiting, ids } = setUp()
    const first = ids()
    waiting[0]!.resolve([model('claude-a')])
    await first
    clock.time += 1_000
    expect(await ids()).toEqual(['claude-a'])
    expect(await ids()).toEqual(['claude-a'])
    expect(waiting).toHaveLength(2)
    waiting[1]!.resolve([model('claude-b')])
    await settle()
    expect(await ids()).toEqual(['claude-b'])
  })

  test('a failure keeps the old list, is logged once, and is tried again ever later', async () => {
    const { clock, warnings, waiting, ids } = setUp()
    const first = ids()
    waiting[0]!.resolve([model('claude-a')])
    await first
    let asked = 1
    for (const pause of [1_000, 5_000, 10_000, 20_000]) {
      clock.time += pause - 1
      expect(await ids()).toEqual(['claude-a'])
      expect(waiting).toHaveLength(asked)
      clock.time += 1
      expect(await ids()).toEqual(['claude-a'])
      asked += 1
      expect(waiting).toHaveLength(asked)
      waiting.at(-1)!.reject(new Error('no such command'))
      await settle()
    }
    expect(warnings).toEqual([
      expect.objectContaining({ provider: 'claude', message: 'the provider cannot list its models' }),
    ])
    clock.time += 40_000
    await ids()
    waiting.at(-1)!.resolve([model('claude-c')])
    await settle()
    expect(await ids()).toEqual(['claude-c'])
    clock.time += 1_000
    await ids()
    waiting.at(-1)!.reject(new Error('again'))
    await settle()
    expect(warnings).toHaveLength(2)
  })

  test('one that cannot tell adds nothing, and the others are listed', async () => {
    const { clock, waiting, ids, registry } = setUp()
    const first = registry.list(never)
    waiting[0]!.reject(new Error('no such command'))
    expect(await first).toEqual([])
    // Not asked again at once, and nobody waits.
    expect(await ids()).toEqual([])
    expect(waiting).toHaveLength(1)
    clock.time += 5_000
    const again = ids()
    waiting[1]!.resolve([model('claude-a')])
    expect(await again).toEqual(['claude-a'])

    const throws = fakeDriver('claude', {
      models: () => {
        throw new Error('at once')
      },
    })
    const listed = await createRegistry({ drivers: [throws, demo] }).list(never)
    expect(listed.map(({ provider }) => provider)).toEqual(['demo', 'demo', 'demo', 'demo'])
  })

  test('a caller who leaves does not spoil it for the others', async () => {
    const { waiting, signals, registry, ids } = setUp()
    const caller = new AbortController()
    const left = registry.list(caller.signal)
    const stays = ids()
    caller.abort(new Error('left'))
    await expect(left).rejects.toThrow('left')
    expect(signals[0]!.aborted).toBe(false)
    waiting[0]!.resolve([model('claude-a')])
    expect(await stays).toEqual(['claude-a'])
  })

  test('closing ends what is asked, without a word in the log', async () => {
    const { signals, warnings, registry, ids } = setUp()
    const waits = ids()
    registry.close()
    expect(signals[0]!.aborted).toBe(true)
    expect(await waits).toEqual([])
    expect(await ids()).toEqual([])
    expect(warnings).toEqual([])
  })
})
