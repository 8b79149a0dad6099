import { expect, test } from 'bun:test'
import type { Item } from '../../../src/providers/codex/history.ts'
import { withIds } from '../../../src/providers/codex/item-ids.ts'

const message = (text: string): Item => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] })
const ids = (...items: Item[]) => withIds(items).map(({ id }) => id)

test('ids follow from what an item is and where it stands', () => {
  const [first, second] = ids(message('a'), message('a'))
  expect(first).toMatch(/^msg_[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-a[\da-f]{3}-[\da-f]{12}$/)
  expect(second).not.toBe(first)
  expect(ids(message('a'), message('b'))[0]).toBe(first)
  expect(ids(message('b'))[0]).not.toBe(first)
})

test('each kind has the beginning that OpenAI wants; others are left alone', () => {
  const kinds = ['message', 'function_call', 'function_call_output', 'reasoning', 'something'].map((type) => ({ type }))
  expect(ids(...kinds).map((id) => String(id).split('_')[0])).toEqual(['msg', 'fc', 'fco', 'rs', 'undefined'])
})
