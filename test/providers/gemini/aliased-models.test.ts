import { expect, test } from 'bun:test'
import { AliasedModels } from '../../../src/providers/gemini/aliased-models.ts'

test('those that are known stay, and of the others the last that were asked for', () => {
  const models = new AliasedModels(new Set(['known']))
  for (let index = 0; index < 32; index += 1) models.add(`m${index}`)
  models.add('known')
  models.add('m0')
  models.add('one more')
  const now = models.now()
  expect(now.size).toBe(33)
  for (const model of ['known', 'm0', 'm2', 'one more']) expect(now).toContain(model)
  expect(now).not.toContain('m1')
})
