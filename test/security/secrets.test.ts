// Secrets that were sown in every place they can be in: none comes up in a log, an answer, an argument list, the document or a
// file, on ways that end well and ways that don't. The same for the words of callers.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { issueKey } from '../../src/policy/issued-keys.ts'
import { changeKeyFile } from '../../src/store/key-file.ts'
import { CLAUDE, eventually, type RunningCligate, startCligate } from '../support/cligate.ts'
import { failure } from '../upstream/replies/failures.ts'
import { text, ticks } from '../upstream/replies/text.ts'
import { startUpstream, type Upstream } from '../upstream/upstream.ts'
import { APIS, exchange, get, requestTo } from './hostile-world.ts'

/** Without a shape that anything could know them by. */
const SECRETS = {
  configured: 'Kw7qPz3mConfiguredKey',
  password: 'Rv5tXn8bPasswordOfAlice',
  environment: 'Jh2dLs9cKeyOfTheEnvironment',
  agent: 'Mc4gTy6kTokenOfTheAgent',
  inherited: 'Zb8wQf1nInheritedToken',
  wrong: 'Xe3rVu7jWrongKeyOfACaller',
}
const WORDS = {
  prompt: 'canary-prompt-5c1',
  system: 'canary-system-8d2',
  user: 'canary-user-9e3',
  tool: 'canary_tool_4f7',
}

const LEAKY = `
const { AGENT_TOKEN, INHERITED_TOKEN } = process.env
console.error(JSON.stringify(process.env), '\\n', AGENT_TOKEN, INHERITED_TOKEN)
console.log('hello', AGENT_TOKEN, INHERITED_TOKEN)
process.exit(3)`
const PLAINTIVE = `
const { AGENT_TOKEN, INHERITED_TOKEN } = process.env
for await (const line of console) {
  const error = { code: -32603, message: 'no login with ' + AGENT_TOKEN + ' nor ' + INHERITED_TOKEN, data: { details: INHERITED_TOKEN } }
  console.log(JSON.stringify({ jsonrpc: '2.0', id: JSON.parse(line).id, error }))
}`

let upstream: Upstream
let gate: RunningCligate
let issued = ''
/** All that was answered, heads and bodies. */
const answers: string[] = []

beforeAll(async () => {
  upstream = await startUpstream({ default: text('fine') })
  const home = mkdtempSync(join(tmpdir(), 'cligate-test-'))
  const { secret, record } = issueKey('someone', ['infer', 'read'], Date.now())
  issued = secret
  changeKeyFile(join(home, 'state', 'keys.json'), () => [{ ...record, scopes: [...record.scopes] }])
  // Agents that tell all they know: one breaks down, one complains in its protocol.
  const agent = (name: string, script: string) => {
    const file = join(home, name)
    writeFileSync(file, `#!${process.execPath}\n${script}`)
    chmodSync(file, 0o755)
    return {
      kind: 'acp',
      command: file,
      models: ['one'],
      env: { AGENT_TOKEN: SECRETS.agent },
      inherit: ['INHERITED_TOKEN'],
    }
  }
  const off = { enabled: false }
  gate = await startCligate({
    home,
    upstreamUrl: upstream.url,
    environment: { ANTHROPIC_API_KEY: SECRETS.environment, INHERITED_TOKEN: SECRETS.inherited },
    config: {
      server: { api_keys: [SECRETS.configured], users: { alice: SECRETS.password } },
      log: { level: 'debug' },
      sse: { head_after_ms: 60_000 },
      providers: {
        claude: { path: CLAUDE, warm: { size: 1, max: 1 } },
        codex: off,
        gemini: off,
        qwen: off,
        leaky: agent('leaky.ts', LEAKY),
        plaintive: agent('plaintive.ts', PLAINTIVE),
      },
    },
  })
}, 60_000)
afterAll(async () => {
  await gate?.stop()
  await upstream?.stop()
})

async function send(request: string | Uint8Array): Promise<number> {
  const { status, headers, body } = await exchange(gate, request)
  answers.push(JSON.stringify(headers) + body)
  return status
}

const [chat] = APIS as [(typeof APIS)[0]]
const key = { 'x-api-key': SECRETS.configured }
const claude = (fields: object = {}) =>
  requestTo(
    chat,
    {
      model: 'claude-haiku-4-5',
      messages: [
        { role: 'system', content: WORDS.system },
        { role: 'user', content: WORDS.prompt },
      ],
      user: WORDS.user,
      ...fields,
    },
    key,
  )

function expectNowhere(where: string, content: string): void {
  for (const [name, secret] of Object.entries({ ...SECRETS, issued })) {
    for (const form of [secret, btoa(secret), btoa(`alice:${secret}`), encodeURIComponent(secret)]) {
      if (content.includes(form)) throw new Error(`the secret "${name}" stands in ${where}`)
    }
  }
}

/** Processes that were started below the state folder, and the gateway itself. */
function family(): number[] {
  const state = join(gate.home, 'state')
  const isChild = (pid: number) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(state)
    } catch {
      return false
    }
  }
  return [
    gate.pid,
    ...readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter(isChild),
  ]
}

const proc = (pid: number, file: string) => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}

test('answers on every way: right and wrong keys, answers, failures, documents', async () => {
  // Each API with each place of a key.
  for (const api of APIS) {
    for (const secret of [SECRETS.configured, issued, SECRETS.wrong]) {
      const expected = secret === SECRETS.wrong ? 401 : 200
      const path = `${api.path('demo/echo')}?key=${secret}`
      expect(await send(requestTo(api, api.body('hi'), {}, path))).toBe(expected)
      const headers: Record<string, string>[] = [
        { authorization: `Bearer ${secret}` },
        { 'x-api-key': secret },
        { 'x-goog-api-key': secret },
        { authorization: `Basic ${btoa(`${secret}:`)}` },
      ]
      for (const header of headers) expect(await send(requestTo(api, api.body('hi'), header))).toBe(expected)
      await send(requestTo(api, '{"broken', { 'x-api-key': secret }))
      await send(requestTo(api, api.body('hi'), { 'x-api-key': secret, origin: 'https://evil.example' }))
      await send(requestTo(api, api.body('hi'), { 'x-api-key': secret, host: 'evil.example' }))
    }
    const alice = { authorization: `Basic ${btoa(`alice:${SECRETS.password}`)}` }
    expect(await send(requestTo(api, api.body('hi'), alice))).toBe(200)
    expect(await send(requestTo(api, api.body('/error internal_error'), key))).toBe(500)
    expect(await send(requestTo(api, api.body('/error 401'), key))).toBe(401)
  }
  for (const path of [
    '/processes',
    '/stats',
    '/v1/auth/status',
    '/docs',
    '/docs/json',
    '/v1/models',
    '/v1beta/models',
    '/v1/capabilities',
    '/health',
    '/',
  ]) {
    expect([path, await send(get(path, key))]).toEqual([path, 200])
    await send(get(`${path}?key=${SECRETS.wrong}`))
  }
}, 60_000)

describe('a CLI', () => {
  test('that answers', async () => {
    expect(await send(claude())).toBe(200)
  }, 60_000)

  test.each([401, 403, 400, 500])(
    'whose service repeats its key in an error %i',
    async (status) => {
      upstream.default = ({ headers }) =>
        failure(status, { message: `Incorrect API key provided: ${JSON.stringify(headers)} ${SECRETS.environment}` })
      expect(await send(claude())).toBeGreaterThanOrEqual(400)
      upstream.default = text('fine')
    },
    60_000,
  )

  test.each(['leaky', 'plaintive'])(
    'that is %s',
    async (name) => {
      for (const api of APIS.filter(({ name }) => name !== 'gemini'))
        expect(await send(requestTo(api, api.body(WORDS.prompt, {}, `${name}/one`), key))).toBeGreaterThanOrEqual(500)
      expect(await send(get('/v1/auth/status', key))).toBe(200)
      expect(answers.at(-1)).toContain(name)
      await eventually('it is logged', () => gate.log().includes(`The agent \\"${name}\\" did not start`))
    },
    60_000,
  )

  test('while it runs: no word of a caller in its arguments or its environment, and none of our keys', async () => {
    upstream.next(ticks({ between: 20 }))
    const asked = fetch(`${gate.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...key },
      body: JSON.stringify({
        model: 'claude-haiku-4-5',
        max_tokens: 100,
        stream: true,
        system: WORDS.system,
        metadata: { user_id: WORDS.user },
        messages: [{ role: 'user', content: `--help ${WORDS.prompt}` }],
      }),
    })
    const response = await asked
    expect(response.status).toBe(200)
    const [own, ...children] = family()
    expect(children.length).toBeGreaterThan(0)
    for (const pid of [own!, ...children]) {
      const [argv, environment] = [proc(pid, 'cmdline'), proc(pid, 'environ')]
      for (const word of Object.values(WORDS)) expect(argv + environment).not.toContain(word)
      expectNowhere(`the arguments of ${pid}`, argv)
    }
    for (const pid of children) {
      for (const ours of [SECRETS.configured, SECRETS.password, issued, SECRETS.agent, SECRETS.inherited])
        expect(proc(pid, 'environ')).not.toContain(ours)
    }
    await response.body?.cancel()
  }, 60_000)
})

test('no answer holds a secret', () => {
  expect(answers.length).toBeGreaterThan(100)
  for (const answer of answers) expectNowhere(`an answer: ${answer.slice(0, 300)}`, answer)
})

test('no line of the log does, at its most talkative, nor a word of a caller', async () => {
  await eventually('the log is written', () => gate.log().includes('/v1/capabilities'))
  const log = gate.log() + readFileSync(join(gate.home, 'stdout.log'), 'utf8')
  expect(log).toContain('"level":"debug"')
  for (const line of log.split('\n')) expectNowhere(`the log: ${line.slice(0, 600)}`, line)
  for (const word of Object.values(WORDS)) expect(log).not.toContain(word)
})

test('no file of the gateway does; and all of them are for their owner alone', () => {
  const state = join(gate.home, 'state')
  const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const own = files.filter((entry) => !entry.parentPath.startsWith(join(state, 'run')))
  expect(own.map(({ name }) => name)).toContain('keys.json')
  for (const { parentPath, name } of own) {
    const path = join(parentPath, name)
    expectNowhere(path, readFileSync(path, 'latin1'))
    expect([path, statSync(path).mode & 0o077]).toEqual([path, 0])
  }
  // What a child is told by a file is in a folder that only its owner may enter.
  for (const folder of [state, join(state, 'run')]) expect([folder, statSync(folder).mode & 0o077]).toEqual([folder, 0])
})
