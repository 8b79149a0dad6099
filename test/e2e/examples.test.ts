// Every example runs, and the commands of the README do what it says.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { type RunningCligate, startCligate } from '../support/cligate.ts'

const EXAMPLES = join(import.meta.dir, '../../examples')

let gate: RunningCligate
beforeAll(async () => {
  gate = await startCligate({ config: { providers: { claude: { enabled: false } } } })
}, 30_000)
afterAll(() => gate?.stop())

async function run(command: string[]): Promise<{ code: number; output: string; errors: string }> {
  const child = Bun.spawn(command, {
    env: { PATH: process.env.PATH ?? '', CLIGATE_URL: `${gate.url}/v1` },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [output, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code, output, errors }
}

test('examples/openai-sdk.ts', async () => {
  const { code, output, errors } = await run(['bun', join(EXAMPLES, 'openai-sdk.ts'), 'demo/echo', 'ping pong'])
  expect(errors).toBe('')
  expect(code).toBe(0)
  expect(output).toContain('ping pong')
})

test('examples/curl.sh', async () => {
  const { code, output } = await run([join(EXAMPLES, 'curl.sh'), 'demo/echo', 'ping pong'])
  expect(code).toBe(0)
  expect(output).toContain('data: [DONE]')
  const text = [...output.matchAll(/"content":"([^"]*)"/g)].map((match) => match[1]).join('')
  expect(text).toContain('ping pong')
})

test('the request that the start banner prints works as it stands', async () => {
  const banner = await Bun.file(join(gate.home, 'stdout.log')).text()
  const command = /( {2}curl [\s\S]+?\}')\n/.exec(banner)?.[1]
  expect(command).toBeDefined()
  const { code, output } = await run(['bash', '-c', `${command} --silent`])
  expect(code).toBe(0)
  expect(JSON.parse(output).choices[0].message.content.length).toBeGreaterThan(10)
})
