// Which of the workers that wait is lent, and which has to go. They are nothing but names here.
import { expect, test } from 'bun:test'
import { IdleWorkers } from '../../../src/providers/acp-idle.ts'

const any = () => true

function filled(most: number, { unused = '', used = '' }): IdleWorkers<string> {
  const idle = new IdleWorkers<string>(most)
  for (const name of unused) idle.put(name, 'unused')
  for (const name of used) idle.put(name, 'used')
  return idle
}

test('what was used last is taken first, then what has waited longest', () => {
  const idle = filled(4, { unused: 'ab', used: 'xy' })
  expect([1, 2, 3, 4, 5].map(() => idle.take(any))).toEqual(['y', 'x', 'a', 'b', undefined])
})

test('of those that fit', () => {
  const idle = filled(4, { unused: 'ab', used: 'xy' })
  expect(idle.take((name) => name < 'y')).toBe('x')
  expect(idle.take((name) => name < 'x' && name > 'a')).toBe('b')
  expect(idle.take((name) => name > 'y')).toBeUndefined()
  expect(idle.all()).toEqual(['a', 'y'])
})

test('one that was used takes the place of one that was not, else of the one whose use is longest ago', () => {
  const idle = filled(3, { unused: 'a', used: 'xy' })
  expect(idle.put('z', 'used')).toBe('a')
  expect(idle.put('w', 'used')).toBe('x')
  expect(idle.all()).toEqual(['y', 'z', 'w'])
})

test('one that was not used takes no place of one that was', () => {
  expect(filled(2, { used: 'xy' }).put('a', 'unused')).toBe('a')
  const idle = filled(2, { unused: 'a', used: 'x' })
  expect(idle.put('b', 'unused')).toBe('a')
  expect(idle.all()).toEqual(['b', 'x'])
  expect(idle.put('y', 'used')).toBe('b')
})

test('where there is room nothing has to go', () => {
  const idle = new IdleWorkers<string>(2)
  expect(idle.put('a', 'unused')).toBeUndefined()
  expect(idle.put('x', 'used')).toBeUndefined()
  expect(idle.size).toBe(2)
})

test('shrinking begins with those that are worth least', () => {
  const idle = filled(5, { unused: 'ab', used: 'xyz' })
  expect(idle.shrink(5)).toEqual([])
  expect(idle.shrink(4)).toEqual(['a'])
  expect(idle.shrink(2)).toEqual(['b', 'x'])
  expect(idle.shrink(0)).toEqual(['y', 'z'])
  expect(idle.size).toBe(0)
})

test('one is taken out by itself, wherever it is, and once', () => {
  const idle = filled(4, { unused: 'ab', used: 'xy' })
  expect(['x', 'a', 'x', 'nobody'].map((name) => idle.remove(name))).toEqual([true, true, false, false])
  expect(idle.all()).toEqual(['b', 'y'])
})

test('of those that fit, one that suits comes first, used or not; without any, the others', () => {
  const idle = new IdleWorkers<string>(9)
  for (const name of ['a', 'b']) idle.put(name, 'unused')
  for (const name of ['x', 'y']) idle.put(name, 'used')
  expect(idle.take(any, (name) => name === 'x' || name === 'b')).toBe('x')
  expect(idle.take(any, (name) => name === 'x' || name === 'b')).toBe('b')
  expect(
    idle.take(
      (name) => name !== 'y',
      (name) => name === 'y',
    ),
  ).toBe('a')
  expect(idle.take(any, () => false)).toBe('y')
})
