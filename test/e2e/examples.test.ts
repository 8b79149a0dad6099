// Every example runs, and the commands of the README do what it says.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { Glob } from 'bun'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningCligate, startCligate } from '../support/cligate.ts'

const EXAMPLES = join(import.meta.dir, '../../examples')

// Packages for Python come from the network, or from pip's own cache.
setDefaultTimeout(180_000)

const folder = mkdtempSync(join(tmpdir(), 'cligate-examples-'))
const python = join(folder, 'bin/python')

let gate: RunningCligate
/** Settled when the packages for Python are there; they come while the other examples run. */
let packages: Promise<void>
beforeAll(async () => {
  packages = installPackages()
  // Whoever waits for it is told.
  packages.catch(() => {})
  gate = await startCligate({ config: { providers: { claude: { enabled: false } } } })
})
afterAll(async () => {
  await gate?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function installPackages(): Promise<void> {
  const requirements = join(EXAMPLES, 'python/requirements.txt')
  const install = ['install', '--quiet', '--no-compile', '--disable-pip-version-check', '--requirement', requirements]
  for (const command of [
    ['python3', '-m', 'venv', folder],
    [python, '-m', 'pip', ...install],
  ]) {
    const child = Bun.spawn(command, { stdout: 'ignore', stderr: 'pipe' })
    const [code, errors] = await Promise.all([child.exited, child.stderr.text()])
    if (code !== 0) throw new Error(`${command.join(' ')}: ${errors}`)
  }
}

async function run(command: string[]): Promise<{ code: number; output: string; errors: string }> {
  const child = Bun.spawn(command, {
    env: { PATH: process.env.PATH ?? '', CLIGATE_URL: gate.url },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [output, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code, output, errors }
}

/** What the example prints, which has to end well and without a word on stderr. */
async function printed(command: string[]): Promise<string> {
  const { code, output, errors } = await run(command)
  expect(errors).toBe('')
  expect(code).toBe(0)
  return output
}

// With nothing named, and with a model that says what it was asked.
const SAYS_WHO_IT_IS = /I am the demo model of cligate/
const CALLS = /calls get_weather\(\{"city":\s?"city"\}\)\nget_weather gave: It rains in city, at 12 degrees\.\n$/
const PROMPT = String.raw`ping "pong" \ 漢字`

type Story = { file: string; alone: RegExp; echoes?: false }

const TYPESCRIPT: Story[] = [
  { file: 'openai-sdk.ts', alone: SAYS_WHO_IT_IS },
  { file: 'openai-functions.ts', alone: CALLS },
  {
    file: 'openai-responses.ts',
    alone: /in a conversation of 3 messages[\s\S]*3 items went in before the last answer/,
  },
  { file: 'anthropic-tools.ts', alone: CALLS },
  { file: 'gemini-sdk.ts', alone: SAYS_WHO_IT_IS },
  {
    file: 'ai-sdk.ts',
    alone: /^\{\s+"title": "title",\s+"minutes": 1,\s+"steps": \[\s+"steps"\s+\]\s+\}\n$/,
    echoes: false,
  },
  {
    file: 'ai-sdk-apis.ts',
    alone:
      /# openai\.responses\nHello! I am the[\s\S]*# anthropic\.messages\nHello! I am the[\s\S]*# google[\w.-]*\nHello! I am the/,
  },
  { file: 'langchain.ts', alone: CALLS },
  { file: 'openai-agents.ts', alone: CALLS },
]

describe('TypeScript', () => {
  test.each(TYPESCRIPT)('examples/$file', async ({ file, alone, echoes }) => {
    expect(await printed(['bun', join(EXAMPLES, file)])).toMatch(alone)
    if (echoes !== false) expect(await printed(['bun', join(EXAMPLES, file), 'demo/echo', PROMPT])).toContain(PROMPT)
  })

  test('examples/ai-sdk.ts takes what fits the schema', async () => {
    const pancakes = { title: 'Pancakes', minutes: 20, steps: ['Stir.', 'Fry.'] }
    const output = await printed(['bun', join(EXAMPLES, 'ai-sdk.ts'), 'demo/echo', JSON.stringify(pancakes)])
    expect(JSON.parse(output)).toEqual(pancakes)
  })
})

describe('Python', () => {
  beforeAll(() => packages)

  const PYTHON: Story[] = [
    { file: 'openai_chat.py', alone: SAYS_WHO_IT_IS },
    { file: 'openai_functions.py', alone: CALLS },
    { file: 'anthropic_messages.py', alone: SAYS_WHO_IT_IS },
  ]
  test.each(PYTHON)('examples/python/$file', async ({ file, alone }) => {
    expect(await printed([python, join(EXAMPLES, 'python', file)])).toMatch(alone)
    expect(await printed([python, join(EXAMPLES, 'python', file), 'demo/echo', PROMPT])).toContain(PROMPT)
  })
})

describe('curl', () => {
  /** The texts that the lines of a stream, or the answer, hold under these names. */
  const textOf = (output: string, name: string) =>
    [...output.matchAll(new RegExp(`"${name}":("(?:[^"\\\\]|\\\\.)*")`, 'g'))]
      .map((match) => JSON.parse(match[1]!) as string)
      .join('')

  test.each([
    { file: 'curl-chat-completions.sh', name: 'content', end: 'data: [DONE]' },
    { file: 'curl-responses.sh', name: 'delta', end: 'event: response.completed' },
    { file: 'curl-messages.sh', name: 'text', end: 'event: message_stop' },
    { file: 'curl-gemini.sh', name: 'text', end: '"finishReason":"STOP"' },
    { file: 'curl-completions.sh', name: 'text', end: '"finish_reason":"stop"' },
  ])('examples/$file', async ({ file, name, end }) => {
    expect(textOf(await printed([join(EXAMPLES, file)]), name)).toMatch(SAYS_WHO_IT_IS)
    const echoed = await printed([join(EXAMPLES, file), 'demo/echo', PROMPT])
    expect(textOf(echoed, name)).toBe(PROMPT)
    expect(echoed).toContain(end)
  })

  test('an error is seen by the exit code', async () => {
    const { code, output } = await run([join(EXAMPLES, 'curl-messages.sh'), 'demo/error-429', 'ping'])
    expect(code).not.toBe(0)
    expect(JSON.parse(output)).toMatchObject({ error: { type: 'rate_limit_error' } })
  })
})

test('every example is told of, and run here', async () => {
  const index = await Bun.file(join(EXAMPLES, 'README.md')).text()
  const own = await Bun.file(import.meta.path).text()
  const files = [...new Glob('**/*.{ts,py,sh}').scanSync(EXAMPLES)]
  expect(files.length).toBeGreaterThan(10)
  for (const file of files) {
    expect(index).toContain(`](${file})`)
    expect(own).toContain(`'${file.replace('python/', '')}'`)
  }
})

test('the request that the start banner prints works as it stands', async () => {
  const banner = await Bun.file(join(gate.home, 'stdout.log')).text()
  const command = /( {2}curl [\s\S]+?\}')\n/.exec(banner)?.[1]
  expect(command).toBeDefined()
  const { code, output } = await run(['bash', '-c', `${command} --silent`])
  expect(code).toBe(0)
  expect(JSON.parse(output).choices[0].message.content.length).toBeGreaterThan(10)
})
