import { expect, test } from 'bun:test'
import { newId } from '../../src/core/ids.ts'

test('an id is the prefix and letters and digits', () => {
  expect(newId('chatcmpl-')).toMatch(/^chatcmpl-[0-9A-Za-z]{24}$/)
  expect(newId('', 6)).toMatch(/^[0-9A-Za-z]{6}$/)
})

test('ids differ, and every letter and digit turns up', () => {
  const ids = Array.from({ length: 10_000 }, () => newId(''))
  expect(new Set(ids).size).toBe(10_000)
  expect(new Set(ids.join('')).size).toBe(62)
})
