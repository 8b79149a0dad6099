// The real Qwen Code among others: many callers at once, the user's own settings, and what it leaves behind.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { bootQwen } from '../../src/providers/qwen/boot.ts'
import { findQwen } from '../../src/providers/qwen/executable.ts'
import { checkRequest } from '../../src/providers/qwen/self-test.ts'
import { selfTestSettings } from '../../src/providers/qwen/settings.ts'
import { toConversation } from '../../src/providers/qwen/history.ts'
import { runTurn } from '../../src/providers/qwen/turn.ts'
import { answerTo, assistant, failureOf, run, textOf, user } from '../providers/claude/requests.ts'
import { ask, type Body, MODEL, qwenWorld, saidTo, type World } from '../providers/qwen/world.ts'
import { type Echo, echo } from '../upstream/replies/echo.ts'
import { failure } from '../upstream/replies/failures.ts'
import { hang } from '../upstream/replies/faults.ts'
import { text, ticks } from '../upstream/replies/text.ts'
import { processesUnder } from './harness/processes.ts'

setDefaultTimeout(60_000)

const { signal } = new AbortController()

/** Resolves when `condition` holds; rejects after ten seconds. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('It did not come to hold.')
    await Bun.sleep(20)
  }
}

test('24 conversations at once, each with its own model, instructions and settings, do not mix', async () => {
  await using world = await qwenWorld()
  world.upstream.default = echo({ between: 5 })
  const ask24 = Array.from({ length: 24 }, async (_, n) => {
    const canary = `canary-${n}x`
    const talk = n % 3 === 0 ? [user(`${canary} one`), assistant('two'), user('three')] : [user(`${canary} ?`)]
    const asked = ask(talk, {
      model: `model-${n}`,
      system: `You are ${canary}.`,
      sampling: { temperature: n / 100, maxTokens: 1000 + n },
    })
    const answer = await answerTo(world.driver, asked)
    const said: Echo = JSON.parse(textOf(answer))
    expect(said.canaries).toEqual([canary])
    expect(answer.model).toBe(`model-${n}`)
  })
  await Promise.all(ask24)
  expect(world.upstream.turns).toHaveLength(24)
  for (const turn of world.upstream.turns) {
    const { model, temperature, max_tokens: maxTokens, messages } = turn.json as Body
    const n = Number(model.slice('model-'.length))
    expect(turn.body.match(/canary-\w+/g)?.every((canary) => canary === `canary-${n}x`)).toBe(true)
    expect([temperature, maxTokens]).toEqual([n / 100, 1000 + n])
    expect(messages[0]).toMatchObject({ role: 'system', content: `You are canary-${n}x.` })
  }
  expect(world.driver.processes()).toHaveLength(1)
})

test('a caller who does not read holds nobody back', async () => {
  await using world = await qwenWorld()
  world.upstream.next(ticks({ between: 1, chunk: 'x'.repeat(1000) }))
  const slow = world.driver.run({ id: 'slow', request: ask('hi'), model: MODEL }, signal)[Symbol.asyncIterator]()
  await slow.next()
  for (let n = 0; n < 3; n += 1) await answerTo(world.driver, ask('hi'))
  await slow.return?.()
})

describe('the settings of the user', () => {
  const PROVIDERS = JSON.stringify({
    security: { auth: { selectedType: 'openai' } },
    model: { name: 'qwen3-max' },
    env: { MY_KEY: 'key-of-the-user' },
    modelProviders: {
      openai: [
        {
          id: 'qwen3-max',
          name: 'Max',
          envKey: 'MY_KEY',
          baseUrl: 'UPSTREAM/max/v1',
          generationConfig: {
            samplingParams: { temperature: 0.9, top_p: 0.8 },
            customHeaders: { 'x-mine': 'yes' },
            extra_body: { enable_search: false },
          },
        },
        { id: 'glm-5', name: 'GLM', envKey: 'HOST_API_KEY', baseUrl: 'UPSTREAM/glm/v1' },
      ],
    },
  })

  test('say which models there are, where they are and whose key pays', async () => {
    await using world = await qwenWorld({
      files: { '.qwen/settings.json': `// of the user\n${PROVIDERS}` },
      environment: { OPENAI_API_KEY: undefined, OPENAI_BASE_URL: undefined, HOST_API_KEY: 'key-of-the-host' },
    })
    expect((await world.driver.models(signal)).map(({ id, displayName }) => [id, displayName])).toEqual([
      ['qwen3-max', 'Max'],
      ['glm-5', 'GLM'],
    ])
    await answerTo(world.driver, ask('hi', { model: 'qwen3-max', sampling: { temperature: 0.1 } }))
    const first = world.upstream.turns[0]!
    expect(first.path).toBe('/max/v1/chat/completions')
    expect(first.headers).toMatchObject({ authorization: 'Bearer key-of-the-user', 'x-mine': 'yes' })
    expect(first.json).toMatchObject({ temperature: 0.1, top_p: 0.8, enable_search: false, tool_choice: 'none' })
    await answerTo(world.driver, ask('hi', { model: 'glm-5' }))
    const second = world.upstream.turns[1]!
    expect([second.path, second.headers['authorization']]).toEqual([
      '/glm/v1/chat/completions',
      'Bearer key-of-the-host',
    ])
    expect(await failureOf(world.driver, ask('hi', { model: 'qwen9' }))).toMatchObject({
      code: 'model_not_found',
      message: 'Qwen Code has no model "qwen9". It has: qwen3-max, glm-5.',
    })
    expect(world.upstream.turns).toHaveLength(2)
  })

  test('may change: the next turn has the new ones', async () => {
    await using world = await qwenWorld({
      files: { '.qwen/settings.json': PROVIDERS },
      environment: { OPENAI_API_KEY: undefined, OPENAI_BASE_URL: undefined },
    })
    await answerTo(world.driver, ask('hi', { model: 'qwen3-max' }))
    const path = join(world.home, '.qwen/settings.json')
    await Bun.write(path, (await Bun.file(path).text()).replace('key-of-the-user', 'another-key'))
    await answerTo(world.driver, ask('hi', { model: 'qwen3-max' }))
    expect(world.upstream.turns.map((turn) => turn.headers['authorization'])).toEqual([
      'Bearer key-of-the-user',
      'Bearer another-key',
    ])
    await until(() => world.driver.processes().length === 1)
  })

  test('an account has a home and keys of its own', async () => {
    await using world = await qwenWorld({
      files: { 'other/settings.json': PROVIDERS, '.qwen/settings.json': '{"model":{"name":"wrong"}}' },
      environment: { OPENAI_API_KEY: 'key-of-the-host', OPENAI_BASE_URL: 'http://127.0.0.1:9' },
    })
    const { createQwenDriver } = await import('../../src/providers/qwen/driver.ts')
    const env = { OPENAI_API_KEY: 'key-of-the-account', OPENAI_BASE_URL: `${world.upstream.url}/own/v1` }
    const driver = createQwenDriver({ ...world.options, account: { home: join(world.home, 'other'), env } })
    await answerTo(driver, ask('hi', { model: 'qwen3-max' }))
    await answerTo(driver, ask('hi', { model: 'of-the-account' }))
    await driver.close()
    expect(world.upstream.turns.map((turn) => [turn.path, turn.headers['authorization']])).toEqual([
      ['/max/v1/chat/completions', 'Bearer key-of-the-user'],
      ['/own/v1/chat/completions', 'Bearer key-of-the-account'],
    ])
  })

  test('that shape an agent shape no chat', async () => {
    const dirty = {
      general: { outputLanguage: 'Klingon', outputStyle: 'Explanatory' },
      outputStyle: 'Explanatory',
      modelFallbacks: 'other-model',
      fastModel: 'fast-model',
      tools: { approvalMode: 'yolo', allowed: ['run_shell_command'] },
      mcpServers: { evil: { command: 'touch', args: ['EVIL'], trust: true } },
      hooks: { UserPromptSubmit: [{ hooks: [{ type: 'command', command: 'echo canary-hook' }] }] },
      memory: { enableManagedAutoMemory: true },
      context: { fileName: ['QWEN.md'], includeDirectories: ['/etc'] },
      model: { name: 'wrong', generationConfig: { samplingParams: { temperature: 1.7 } } },
      ui: { enableFollowupSuggestions: true },
      ide: { enabled: true },
    }
    await using world = await qwenWorld({
      files: {
        '.qwen/settings.json': JSON.stringify(dirty),
        '.qwen/QWEN.md': 'canary-qwen-md',
        '.qwen/output-language.md': 'canary-language',
        '.qwen/skills/evil/SKILL.md': '---\nname: evil\ndescription: canary-skill\n---\ncanary-skill',
        '.qwen/commands/evil.md': 'canary-command',
        '.qwen/output-styles/Explanatory.md': '---\nname: Explanatory\ndescription: x\n---\ncanary-style',
        // Around the folder that it works in.
        'run/.env': 'OPENAI_BASE_URL=http://127.0.0.1:9\nCANARY=canary-env',
        'run/QWEN.md': 'canary-project',
        'run/.qwen/settings.json': '{"model":{"name":"canary-workspace"}}',
      },
    })
    await answerTo(world.driver, ask('/evil', { system: 'Mine alone.' }))
    expect(saidTo(world.upstream)).toEqual(['system: Mine alone.', 'user: /evil'])
    expect(world.upstream.turns[0]!.body).not.toContain('canary')
    expect(world.upstream.turns[0]!.json).toMatchObject({ model: MODEL, tool_choice: 'none' })
    expect(world.upstream.turns[0]!.json).not.toHaveProperty('temperature')
    await Bun.sleep(300)
    expect(world.upstream.requests).toHaveLength(1)
  })
})

test('tools that a later version may have are found by the self-test', async () => {
  await using world = await qwenWorld()
  const installation = findQwen({ configured: world.options.executable, path: process.env['PATH'], node: undefined })!
  const worker = await bootQwen(world.options, installation, signal)
  const conversation = toConversation([{ type: 'text', text: 'Self-test: system' }], [user('Self-test: ping')])
  const settings = (logFolder: string) => {
    const all = selfTestSettings(`${world.upstream.url}/v1`, logFolder) as { tools: object }
    return { ...all, tools: { ...all.tools, exclude: [] } }
  }
  const session = await worker.open({ conversation, model: 'cligate-self-test', settings }, signal)
  for await (const batch of runTurn(session, { model: 'cligate-self-test', maxTokens: undefined }, signal)) void batch
  await session.close()
  await worker.dispose()
  expect(checkRequest(world.upstream.turns[0]!.json as Body)).toMatch(/^tools: agent, /)
})

describe('processes', () => {
  test('are replaced when they are worn out, and no turn fails or waits for it', async () => {
    await using world = await qwenWorld({ recycle: { turns: 3 } })
    const pids = new Set<number>()
    for (let n = 0; n < 6; n += 1) {
      expect(textOf(await answerTo(world.driver, ask('hi')))).toBe('Hello from the simulated model.')
      for (const { pid } of world.driver.processes()) pids.add(pid)
    }
    await until(() => pids.size > 1 || world.driver.processes().some(({ pid }) => !pids.has(pid)))
    await until(() => world.driver.processes().length === 1)
    expect(textOf(await answerTo(world.driver, ask('hi')))).toBe('Hello from the simulated model.')
  })

  test('start ahead, come back after a crash, and are told of', async () => {
    await using world = await qwenWorld({ warm: true })
    world.driver.start?.()
    await until(() => world.driver.processes().length === 1)
    const [first] = world.driver.processes()
    expect(first).toMatchObject({ provider: 'qwen', state: 'idle' })
    process.kill(first!.pid, 'SIGKILL')
    await until(() => world.driver.processes().some(({ pid }) => pid !== first!.pid))
    expect(textOf(await answerTo(world.driver, ask('hi')))).toBe('Hello from the simulated model.')
  })

  test('leave no word of a conversation behind a turn, and nothing at all behind the end', async () => {
    const world: World = await qwenWorld()
    try {
      world.upstream.next(text('canary-answer'))
      await answerTo(world.driver, ask('canary-question'))
      world.upstream.next(failure(429), failure(400), ticks({ between: 10 }), hang())
      await failureOf(world.driver, ask('canary-question'))
      await failureOf(world.driver, ask('canary-question'))
      // Left in mid-answer, and before it.
      for (let n = 0; n < 2; n += 1) {
        const leaving = run(world.driver, ask('canary-question'), AbortSignal.timeout(500))
        await expect(Array.fromAsync(leaving)).rejects.toThrow()
      }
      const folder = readdirSync(world.sandbox.path).find((name) => name.startsWith('qwen'))
      const root = join(world.sandbox.path, folder!)
      const contents = () => readdirSync(root, { recursive: true }).map(String)
      const areOver = () => world.driver.processes().every(({ state }) => state === 'idle')
      await until(areOver)
      // What is left is that of a session for the next turn, if one was opened: none is while a turn waits.
      const left = (pattern: RegExp) => contents().filter((path) => pattern.test(path)).length
      await until(() => left(/^work\/\d+$/) <= 1 && left(/\.jsonl$/) === left(/^work\/\d+$/))
      expect(contents().filter((path) => /^(log|tmp)\//.test(path))).toEqual([])
      const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      for (const file of files) {
        expect(await Bun.file(join(file.parentPath, file.name)).text()).not.toContain('canary')
      }
      const own = readdirSync(join(world.home, '.qwen'), { recursive: true, withFileTypes: true })
      for (const file of own.filter((entry) => entry.isFile())) {
        expect(await Bun.file(join(file.parentPath, file.name)).text()).not.toContain('canary')
      }
      expect(processesUnder(world.home)).toHaveLength(1)
      await world.driver.close()
      expect(processesUnder(world.home)).toEqual([])
      expect(existsSync(root)).toBe(false)
    } finally {
      await world[Symbol.asyncDispose]()
    }
  })

  test('end with what they do when the driver is closed', async () => {
    await using world = await qwenWorld()
    world.upstream.next(ticks({ between: 10 }))
    const failing = failureOf(world.driver, ask('hi'))
    const turn = await world.upstream.turn(0)
    await world.driver.close()
    expect(await failing).toMatchObject({ code: 'provider_error' })
    await turn.closed
    expect(await failureOf(world.driver, ask('hi'))).toMatchObject({ code: 'provider_unavailable' })
  })
})
