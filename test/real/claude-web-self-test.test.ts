// The self-test of the real Claude Code where models may search the web.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { answerTo, request, textOf } from '../providers/claude/requests.ts'
import { claudeWorld } from '../providers/claude/world.ts'
import { forgetful } from './harness/forgetful-claude.ts'
import { bodies, namesIn, oneSearch } from './harness/web-searches.ts'

setDefaultTimeout(60_000)

describe('the self-test', () => {
  test('leads to the documented way where it has to, which searches too', async () => {
    // Takes its session and its late system prompt away.
    await using lossy = await forgetful('delete frame.request?.system_prompt')
    await using world = await claudeWorld({
      executable: lossy.path,
      web: true,
      tested: false,
      pool: { warm: 0, maxWarm: 0 },
    })
    oneSearch(world)
    const said = await answerTo(world.driver, request('Weather?', { system: 'Be brief.' }))
    expect(textOf(said)).toBe('Let me see. It is sunny.')
    expect(said).toMatchObject({ finish: 'stop', usage: { input: 51, output: 15 } })
    expect(bodies(world).map(namesIn)).toEqual([['WebSearch'], ['web_search'], ['WebSearch']])
    const { state } = await world.driver.status(new AbortController().signal)
    expect(state).toBe('degraded')
  })

  test('passes, and the first turn searches', async () => {
    await using world = await claudeWorld({ web: true, tested: false, pool: { warm: 0, maxWarm: 0 } })
    oneSearch(world)
    expect(textOf(await answerTo(world.driver, request('Weather?')))).toBe('Let me see. It is sunny.')
    const { state, notes } = await world.driver.status(new AbortController().signal)
    expect(state).toBe('ready')
    expect(notes).toEqual([expect.stringContaining('chat.web')])
    expect(world.logged.filter(({ level }) => level === 'warn')).toEqual([])
  })
})
