// Models of one provider, as a path that is scoped to it names them.
import { describe, expect, test } from 'bun:test'
import { createRegistry } from '../../src/providers/registry.ts'
import type { Driver } from '../../src/providers/driver.ts'
import { createDemoDriver } from '../../src/providers/demo/driver.ts'

const never = new AbortController().signal
const driver = (name: string, ...ids: string[]): Driver => ({
  ...createDemoDriver(),
  name,
  models: async () => ids.map((id) => ({ id, displayName: id, aliases: [], efforts: [] })),
})

const registry = createRegistry({
  drivers: [driver('claude', 'claude-opus-5', 'opus'), driver('codex', 'gpt-6'), createDemoDriver()],
  aliases: { fast: 'opus:low', other: 'codex/gpt-6' },
})

describe('resolve', () => {
  test.each([
    ['opus', 'claude', 'opus', undefined],
    ['claude/opus:high', 'claude', 'opus', 'high'],
    ['fast', 'claude', 'opus', 'low'],
    ['unheard-of', 'claude', 'unheard-of', undefined],
    // A name that would be another's by its look.
    ['gpt-6', 'claude', 'gpt-6', undefined],
    ['echo', 'demo', 'echo', undefined],
    ['demo/echo', 'demo', 'echo', undefined],
  ])('%s within %s is %s', (name, within, model, effort) => {
    expect(registry.resolve(name, within)).toMatchObject({ driver: { name: within }, model, effort })
  })

  test.each([
    ['codex/gpt-6', 'claude'],
    ['other', 'claude'],
    ['opus', 'none'],
  ])('%s is none of %s', (name, within) => {
    expect(() => registry.resolve(name, within)).toThrow(`none of the provider "${within}"`)
  })
})

describe('get', () => {
  test.each([
    ['opus', 'claude'],
    ['claude/opus', 'claude'],
    ['opus-progress', 'claude'],
    ['fast', 'claude'],
    ['chat', 'demo'],
    ['demo/chat:high', 'demo'],
    ['chat-progress', 'demo'],
  ])('%s within %s', async (id, provider) => {
    expect(await registry.get(id, never, provider)).toMatchObject({ id, provider })
  })

  test.each([
    ['opus', 'codex'],
    ['codex/gpt-6', 'claude'],
    ['none', 'demo'],
  ])('%s is none of %s', async (id, provider) => {
    await expect(registry.get(id, never, provider)).rejects.toMatchObject({ code: 'model_not_found', status: 404 })
  })

  test('a name with its provider in front, where the list has the short one', async () => {
    expect(await registry.get('claude/opus', never)).toMatchObject({ id: 'claude/opus', displayName: 'opus' })
    expect(await registry.get('claude/opus-progress', never)).toMatchObject({ displayName: 'opus (progress)' })
  })
})
