// The real Claude Code as the client, with all its tools, on a model that the gateway reaches through another Claude Code.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CLAUDE, cleanEnvironment, startCligate } from '../support/cligate.ts'
import { toolCalls } from '../upstream/replies/tool-calls.ts'
import { text } from '../upstream/replies/text.ts'
import { startUpstream } from '../upstream/upstream.ts'

setDefaultTimeout(120_000)

type Block = { type: string; tool_use_id?: string; content?: unknown; is_error?: boolean }
type Body = { tools: { name: string }[]; messages: { role: string; content: Block[] }[] }

test.each(['exact', 'replay'])('its own tools run where it is, three requests, three answers (%s)', async (history) => {
  const upstream = await startUpstream()
  await using gate = await disposable(
    startCligate({
      upstreamUrl: upstream.url,
      config: { providers: { claude: { path: CLAUDE, warm: { size: 2 }, history } } },
    }),
  )
  const folder = join(gate.home, 'work')
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'made.txt')
  upstream.next(
    toolCalls([
      { id: 'toolu_1', name: 'Bash', arguments: { command: 'echo canary-bash > made.txt', description: 'Make it' } },
      { id: 'toolu_2', name: 'Bash', arguments: { command: 'echo second && exit 3', description: 'Fail' } },
    ]),
    toolCalls([{ id: 'toolu_3', name: 'Read', arguments: { file_path: file } }]),
    text('All is done.'),
  )
  const args = ['-p', 'Make the file', '--model', 'claude-sonnet-4-5', '--allowedTools', 'Bash,Read']
  const child = Bun.spawn([CLAUDE, ...args], {
    cwd: folder,
    env: cleanEnvironment(gate.url, join(gate.home, 'client')),
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [said, complaints] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  expect(said.trim(), complaints).toBe('All is done.')
  expect(await Bun.file(file).text()).toBe('canary-bash\n')

  const bodies = upstream.turns.map((turn) => turn.json as Body)
  expect(bodies).toHaveLength(3)
  const names = bodies[0]!.tools.map(({ name }) => name)
  for (const name of ['Bash', 'Read', 'Edit', 'Write']) expect(names).toContain(name)
  for (const body of bodies) expect(body.tools).toEqual(bodies[0]!.tools)
  const results = bodies[2]!.messages.flatMap(({ content }) => content.filter(({ type }) => type === 'tool_result'))
  expect(results.map((block) => block.tool_use_id)).toEqual(['toolu_1', 'toolu_2', 'toolu_3'])
  expect(results[1]).toMatchObject({ is_error: true })
  expect(JSON.stringify(results[2]?.content)).toContain('canary-bash')
  await upstream.stop()
})

async function disposable<Thing extends { stop(): Promise<void> }>(starting: Promise<Thing>) {
  const thing = await starting
  return Object.assign(thing, { [Symbol.asyncDispose]: () => thing.stop() })
}
