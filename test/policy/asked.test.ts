import { expect, test } from 'bun:test'
import type { Output } from '../../src/core/request.ts'
import type { Support } from '../../src/core/turn.ts'
import { asked } from '../../src/policy/asked.ts'
import { finish, play, say, scripted } from '../content/scripted-turn.ts'
import { chatRequest } from '../core/samples.ts'

const FORM: Output = { type: 'json' }
const wrong = [...say(0, '[1]'), ...finish()]
const right = [...say(0, '{}'), ...finish()]

test.each<[Support, boolean, number, boolean]>([
  ['emulated', true, 2, true],
  ['emulated', false, 2, true],
  ['native', false, 2, false],
  // What has been sent cannot be mended.
  ['native', true, 1, false],
])('the form of an answer, %s, streamed: %p: %d turns', async (output, stream, turns, instructed) => {
  const provider = scripted([wrong, right])
  const request = chatRequest({ output: FORM, stream })
  const { error } = await play(asked(provider.run, request, { output }), request)
  expect(error?.code).toBe(turns === 1 ? 'provider_error' : undefined)
  expect(provider.asked).toHaveLength(turns)
  expect(provider.asked[0]!.system.length > 0).toBe(instructed)
})
