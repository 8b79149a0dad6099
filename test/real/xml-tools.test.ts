// A request of a client that reads XML, through the gateway and the real Claude Code: what the model is told.
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { XML_TOOLS_REMINDER } from '../../src/content/xml-tools-reinforce.ts'
import { call, CLINE, prompt } from '../content/xml-tools/parts.ts'
import { text } from '../upstream/replies/text.ts'
import { rawWorld, type RawWorld } from './harness/raw-world.ts'
import { realCli } from './harness/real-cli.ts'

setDefaultTimeout(60_000)

let world: RawWorld
beforeAll(async () => {
  world = await rawWorld({ config: () => ({ providers: { claude: { path: realCli('claude'), warm: { size: 0 } } } }) })
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.upstream.reset())

async function ask(messages: object[]): Promise<{ answer: string; system: string }> {
  const response = await world.send('POST', '/v1/chat/completions', { model: 'claude-haiku-4-5', messages })
  const { choices } = (await response.json()) as { choices: { message: { content: string } }[] }
  const { system } = world.upstream.turns.at(-1)!.json as { system: { text: string }[] }
  return { answer: choices[0]!.message.content, system: system.map((part) => part.text).join('\n') }
}

test('the reminder stands behind the prompt of the client, and its XML comes back as it is', async () => {
  world.upstream.next(text(call(CLINE[1]!)))
  const { answer, system } = await ask([
    { role: 'system', content: prompt() },
    { role: 'user', content: [{ type: 'text', text: '<task>Read it</task>' }] },
  ])
  expect(system).toEndWith(XML_TOOLS_REMINDER)
  expect(system).toContain('# Tool Use Formatting')
  expect(answer).toBe(call(CLINE[1]!))
  expect(world.upstream.turns).toHaveLength(1)
})

test('another request is not touched', async () => {
  const { system } = await ask([
    { role: 'system', content: 'You know XML.' },
    { role: 'user', content: 'How does Cline format <read_file>?' },
  ])
  expect(system).toEndWith('You know XML.')
})
