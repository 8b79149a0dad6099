// What Codex says of itself: models, limits, tools; and what comes of it for people.
import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../src/core/error.ts'
import { parseCatalog } from '../../../src/providers/codex/catalog.ts'
import { checkRunning, checkSettings, checkThread } from '../../../src/providers/codex/init-check.ts'
import { JsonRpc, RpcError } from '../../../src/providers/codex/json-rpc.ts'
import { limitEnds, limitNotes, limitWindows } from '../../../src/providers/codex/limits.ts'
import { listModels } from '../../../src/providers/codex/models.ts'
import { type Facts, toStatus } from '../../../src/providers/codex/status.ts'

const CATALOG = {
  models: [
    {
      slug: 'gpt-6.1-sol',
      display_name: 'GPT-6.1-Sol',
      visibility: 'list',
      tool_mode: 'code_mode_only',
      apply_patch_tool_type: 'freeform',
      context_window: 272_000,
      base_instructions: 'You are Codex.',
      supported_reasoning_levels: [
        { effort: 'low', description: '' },
        { effort: 'max', description: '' },
      ],
      future_field: { kept: true },
    },
    { slug: 'codex-auto-review', visibility: 'hide', context_window: 1 },
  ],
}

describe('the catalogue', () => {
  test('lists what Codex shows to people, with the facts that it has', () => {
    expect(listModels(parseCatalog(JSON.stringify(CATALOG)))).toEqual([
      { id: 'gpt-6.1-sol', displayName: 'GPT-6.1-Sol', aliases: [], efforts: ['low', 'max'], contextWindow: 272_000 },
    ])
  })

  test('is patched for every model, hidden ones too, and keeps what is not known', () => {
    const { models } = JSON.parse(parseCatalog(JSON.stringify(CATALOG)).patched)
    expect(models).toHaveLength(2)
    for (const model of models) {
      expect(model).toMatchObject({
        tool_mode: 'direct',
        apply_patch_tool_type: null,
        experimental_supported_tools: [],
        context_window: 1_000_000_000,
      })
    }
    expect(models[0]).toMatchObject({ slug: 'gpt-6.1-sol', future_field: { kept: true } })
  })

  test.each(['', 'Error: no', '[]', '{}', '{"models":[]}', '{"models":[{"slug":7}]}'])('%p is none', (text) => {
    expect(() => parseCatalog(text)).toThrow(GatewayError)
  })
})

describe('limits', () => {
  const window = (usedPercent: number, windowDurationMins: number, resetsAt: number) => ({
    usedPercent,
    windowDurationMins,
    resetsAt,
  })
  const params = {
    rateLimits: { primary: window(100, 300, 2_000_000_000), secondary: window(13, 10_080, 2_000_100_000) },
  }

  test('are read, told, and end when the one that is reached ends', () => {
    const windows = limitWindows(params)
    expect(limitEnds(windows)).toBe(2_000_000_000_000)
    expect(limitNotes(windows, 0)).toEqual([
      '100 % of the window of 5 hours is used; it opens anew at 2033-05-18 03:33 UTC.',
      '13 % of the window of 7 days is used; it opens anew at 2033-05-19 07:20 UTC.',
    ])
  })

  test('that have passed are not told', () => {
    expect(limitNotes(limitWindows(params), 2_000_050_000_000)).toHaveLength(1)
  })

  test('there are none for keys', () => {
    expect(limitWindows({ rateLimits: { primary: null, secondary: null } })).toEqual([])
    expect(limitEnds([])).toBeUndefined()
  })
})

describe('the report at the start', () => {
  const OFF = [
    'shell_tool unified_exec view_image goals multi_agent apps plugins sleep_tool skill_search tool_suggest',
    'image_generation hooks',
  ]
  const features = Object.fromEntries(OFF.flatMap((line) => line.split(' ')).map((name) => [name, false]))
  const settings = {
    web_search: 'disabled',
    agents: { enabled: false },
    analytics: { enabled: false },
    mcp_servers: {},
    features,
  }
  const report = (changes: object = {}) => ({ config: { ...settings, ...changes } })
  const running = { mcpServers: { data: [] }, hooks: { data: [{ hooks: [] }] } }

  test('is fine when everything is off', () => {
    expect(checkSettings(report(), false)).toBeUndefined()
    expect(checkSettings(report({ web_search: 'live' }), true)).toBeUndefined()
    expect(checkRunning(running)).toBeUndefined()
  })

  test.each([
    ['a feature that is on', report({ features: { ...features, shell_tool: true } })],
    ['a feature that is not mentioned', report({ features: {} })],
    ['web search', report({ web_search: 'live' })],
    ['agents', report({ agents: { enabled: true } })],
    ['analytics', report({ analytics: null })],
    ['an MCP server', report({ mcp_servers: { files: {} } })],
    ['no report at all', {}],
  ])('is not with %s in the settings', (_, bad) => {
    expect(checkSettings(bad, false)).toMatchObject({ code: 'internal_error' })
  })

  test.each([
    ['an MCP server that runs', { ...running, mcpServers: { data: [{ name: 'files' }] } }],
    ['a hook', { ...running, hooks: { data: [{ hooks: [{}] }] } }],
    ['no report at all', { mcpServers: {}, hooks: {} }],
  ])('is not with %s', (_, bad) => {
    expect(checkRunning(bad)).toMatchObject({ code: 'internal_error' })
  })
})

describe('the report of a thread', () => {
  const thread = {
    thread: { environments: [], ephemeral: true },
    instructionSources: [],
    sandbox: { type: 'readOnly' },
  }

  test('is fine without anything', () => {
    expect(checkThread(thread)).toBeUndefined()
  })

  test.each([
    ['an environment', { ...thread, thread: { ...thread.thread, environments: [{}] } }],
    ['instructions from files', { ...thread, instructionSources: ['/root/AGENTS.md'] }],
    ['a sandbox that can be written to', { ...thread, sandbox: { type: 'workspaceWrite' } }],
    ['a transcript', { ...thread, thread: { ...thread.thread, ephemeral: false } }],
    ['no report', {}],
  ])('is not with %s', (_, answer) => {
    expect(checkThread(answer)).toMatchObject({ code: 'internal_error' })
  })
})

const FACTS: Facts = {
  path: '/bin/codex',
  configured: undefined,
  version: '0.169.0',
  minimum: '0.169.0',
  login: { kind: 'api', method: 'api_key' },
  error: undefined,
  notes: [],
}

describe('status', () => {
  test.each([
    ['ready', {}, undefined],
    ['not-installed', { path: undefined }, 'npm install -g @openai/codex'],
    ['not-installed', { path: undefined, configured: '/opt/codex' }, 'npm install -g @openai/codex'],
    ['not-logged-in', { login: { kind: 'none' as const, method: 'none' } }, 'codex login'],
    ['degraded', { version: '0.98.0', login: undefined }, 'npm install -g @openai/codex@latest'],
    [
      'degraded',
      { login: undefined, error: new GatewayError('provider_unavailable', 'Codex did not start.') },
      'npm install -g @openai/codex@latest',
    ],
  ])('%s', (state, changes, fix) => {
    const status = toStatus({ ...FACTS, ...changes })
    expect(status.state).toBe(state as never)
    expect(status.fix).toBe(fix!)
    if (state !== 'ready') expect(status.notes[0]).toEndWith('.')
  })
})

test('the command to log in is for the folder that is used', () => {
  const facts: Facts = { ...FACTS, login: { kind: 'none', method: 'none' } }
  expect(toStatus({ ...facts, home: '/home/me/.codex-work' }).fix).toBe('CODEX_HOME=/home/me/.codex-work codex login')
  expect(toStatus({ ...facts, home: "/home/me/it's" }).fix).toBe(String.raw`CODEX_HOME='/home/me/it'\''s' codex login`)
})

describe('JSON-RPC', () => {
  function connection() {
    const sent: Record<string, unknown>[] = []
    const heard: string[] = []
    const rpc = new JsonRpc((line) => sent.push(JSON.parse(line)) > 0, {
      notification: (method) => heard.push(method),
      request: (method, _, id) => heard.push(`asked ${method} ${String(id)}`),
    })
    return { rpc, sent, heard }
  }

  test('answers find their calls, in any order', async () => {
    const { rpc, sent } = connection()
    const [first, second] = [rpc.call('a', {}), rpc.call('b', { x: 1 })]
    rpc.receive({ id: sent[1]!['id'], result: { for: 'b' } })
    rpc.receive({ id: sent[0]!['id'], result: { for: 'a' } })
    expect(await Promise.all([first, second])).toEqual([{ for: 'a' }, { for: 'b' }])
    expect(sent[1]).toEqual({ id: 2, method: 'b', params: { x: 1 } })
  })

  test('an error is an error', () => {
    const { rpc } = connection()
    const call = rpc.call('a', {})
    rpc.receive({ id: 1, error: { code: -32600, message: 'no' } })
    expect(call).rejects.toEqual(new RpcError('a', -32600, 'no'))
  })

  test('a request of the other side waits until it is refused', () => {
    const { rpc, sent, heard } = connection()
    rpc.receive({ id: 0, method: 'item/tool/call', params: {} })
    expect(heard).toEqual(['asked item/tool/call 0'])
    expect(sent).toEqual([])
    rpc.refuse(0)
    expect(sent).toEqual([{ id: 0, error: { code: -32601, message: 'not supported' } }])
  })

  test('what answers nobody is passed over', () => {
    const { rpc, heard } = connection()
    rpc.receive({ id: 77, result: {} })
    rpc.receive({})
    rpc.receive({ method: 'turn/started', params: {} })
    expect(heard).toEqual(['turn/started'])
  })

  test('at its end, whoever waits is told, and whoever comes', () => {
    const { rpc } = connection()
    const call = rpc.call('a', {})
    rpc.fail(new Error('gone'))
    expect(call).rejects.toThrow('gone')
    expect(rpc.call('b', {})).rejects.toThrow('gone')
  })
})
