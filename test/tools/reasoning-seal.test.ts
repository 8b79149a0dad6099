import { expect, test } from 'bun:test'
import { assert, property, string } from 'fast-check'
import { sealedBy, sealOf } from '../../src/tools/reasoning-seal.ts'

test('what a provider sealed comes back to it alone', () => {
  assert(
    property(string(), (opaque) => {
      const sealed = sealedBy('codex', opaque)
      expect(sealOf('codex', sealed)).toBe(opaque)
      expect(sealOf('gemini', sealed, () => true)).toBeUndefined()
    }),
  )
})

test('what says nobody’s name is for whoever knows it', () => {
  expect(sealOf('claude', 'EqQBCgIYAhIM', () => true)).toBe('EqQBCgIYAhIM')
  expect(sealOf('codex', 'EqQBCgIYAhIM', (opaque) => opaque.startsWith('gAAAA'))).toBeUndefined()
  expect(sealOf('codex', 'gAAAAABo', (opaque) => opaque.startsWith('gAAAA'))).toBe('gAAAAABo')
  expect(sealOf('codex', undefined)).toBeUndefined()
})
