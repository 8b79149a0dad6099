import { expect, test } from 'bun:test'
import { AliasedModels } from '../../../src/providers/gemini/aliased-models.ts'

test('those that are known stay, and of the others the last that were asked for', () => {
  const models = new AliasedModels(new Set(['known']))
  for (let index = 0; index < 32; index += 1) models.want(`m${index}`)()
  for (const name of ['known', 'm0', 'one more']) models.want(name)()
  const now = models.now()
  expect(now.size).toBe(33)
  for (const model of ['known', 'm0', 'm2', 'one more']) expect(now).toContain(model)
  expect(now).not.toContain('m1')
})

test('none is forgotten that a turn waits for, however many there are', () => {
  const models = new AliasedModels(new Set())
  const twice = models.want('twice')
  const over = Array.from({ length: 100 }, (_, index) => models.want(`m${index}`))
  models.want('twice')()
  expect(models.now().size).toBe(101)
  for (const done of over) done()
  expect(models.now().size).toBe(32)
  expect(models.now()).toContain('twice')
  twice()
  models.want('m0')()
  expect(models.now().size).toBe(32)
})
