import { describe, expect, test } from 'bun:test'
import type { RunTurn } from '../../src/core/turn.ts'
import { chatRequest, CHAT, ending, opening, world } from '../http/world.ts'

const run: RunTurn = async function* () {
  yield opening().slice(0, 1)
  yield [{ type: 'tool-activity', name: 'WebSearch', phase: 'start', detail: { query: 'x' } }]
  yield [...opening().slice(1), { type: 'text-delta', block: 0, text: 'Found.' }, ...ending()]
}

type Answer = { choices: { message: { content: string } }[]; error: object }
const bodyOf = async (response: Response) => (await response.json()) as Answer
const contentOf = async (response: Response) => (await bodyOf(response)).choices[0]?.message.content
const asked = (mode: string, stream = false) => chatRequest({ ...CHAT, stream }, { 'x-cligate-message-mode': mode })

describe('what a CLI does with its own tools', () => {
  test('is not shown, unless somebody wants it', async () => {
    expect(await contentOf(await world({ run }).app.fetch(chatRequest()))).toBe('Found.')
  })

  test('is shown as the configuration says', async () => {
    const { app } = world({ run, messageMode: 'formatted' })
    expect(await contentOf(await app.fetch(chatRequest()))).toBe(
      '<tool_start>{"name":"WebSearch","detail":{"query":"x"}}</tool_start>\nFound.',
    )
  })

  test('is shown as the header says, which counts more', async () => {
    const { app } = world({ run, messageMode: 'formatted' })
    expect(await contentOf(await app.fetch(asked('ignore')))).toBe('Found.')
    expect(await contentOf(await app.fetch(asked('Forward')))).toStartWith('{"tool_activity":{"name":"WebSearch"')
  })

  test('is in a stream too', async () => {
    const response = await world({ run }).app.fetch(asked('formatted', true))
    expect(await response.text()).toContain('<tool_start>')
  })

  test('a mode that there is not is a 400', async () => {
    const response = await world({ run }).app.fetch(asked('loud'))
    expect(response.status).toBe(400)
    expect((await bodyOf(response)).error).toMatchObject({ param: 'x-cligate-message-mode', code: 'invalid_request' })
  })
})
