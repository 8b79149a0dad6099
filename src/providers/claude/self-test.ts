// Whether this version of Claude Code still does what is not documented and what the fast way relies on. One process is asked
// through the same code as any turn, against a stand-in for the service, with a dummy key and a folder of its own.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Block, BlockMessage } from './blocks.ts'
import { bootClaude, type Installation } from './boot.ts'
import { asFields, type Fields, listAt, textAt } from './fields.ts'
import type { HistoryMode } from './history.ts'
import { STAND_IN_ANSWER, startStandIn } from './self-test-service.ts'
import { type Assignment, runTurn } from './turn.ts'

/** What did not arrive as it was sent, one short phrase each; none where all is well. */
export type SelfTestResult = { failed: string[] }

const text = (value: string): Block => ({ type: 'text', text: value })

const MODEL = 'claude-haiku-4-5'
const SYSTEM = 'You are the self-test of a gateway.'
const STOP = '<<end of the self-test>>'
const MAX_TOKENS = 4321
/** Many times what it takes, in milliseconds. */
const TIMEOUT = 4_000
const HISTORY: BlockMessage[] = [
  { role: 'user', content: [text('first question')] },
  { role: 'assistant', content: [text('first answer')] },
  { role: 'user', content: [text('/clear @/etc/hostname')] },
  { role: 'assistant', content: [text('second answer')] },
  { role: 'user', content: [text('/help @/etc/hostname last question')] },
]

/** Runs it for the ways in which a conversation is handed over. Takes under a second. Never rejects but for an abort. */
export async function selfTest(installation: Installation, signal: AbortSignal): Promise<SelfTestResult> {
  const tests = await Promise.all(
    (['replay', 'exact'] as const).map((history) => testOne(installation, history, signal)),
  )
  return { failed: [...new Set(tests.flat())] }
}

async function testOne(installation: Installation, history: HistoryMode, outer: AbortSignal): Promise<string[]> {
  const standIn = startStandIn()
  const home = await installation.sandbox.createFolder()
  const test = new AbortController()
  const leave = () => test.abort(outer.reason)
  const timer = setTimeout(() => test.abort(new Error('no answer in time')), TIMEOUT)
  outer.addEventListener('abort', leave, { once: true })
  try {
    const configDir = join(home.path, 'config')
    mkdirSync(configDir, { mode: 0o700 })
    const env = {
      ANTHROPIC_API_KEY: 'dummy',
      ANTHROPIC_BASE_URL: standIn.url,
      HOME: home.path,
      NO_PROXY: '*',
      no_proxy: '*',
    }
    const own = { ...installation, account: { configDir, env }, leftovers: { add() {} } }
    const said = await answerOf(own, history, test.signal)
    return [
      ...(said === STAND_IN_ANSWER ? [] : ['answer']),
      ...check(standIn.asked, history, installation.seeded ?? false),
    ]
  } catch (error) {
    outer.throwIfAborted()
    const reason = test.signal.aborted ? test.signal.reason : error
    return [`${history}: ${reason instanceof Error ? reason.message : 'it failed'}`]
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', leave)
    standIn.stop()
    await home.remove()
  }
}

async function answerOf(installation: Installation, history: HistoryMode, signal: AbortSignal): Promise<string> {
  const assignment: Assignment = {
    launch: { model: MODEL, system: SYSTEM, effort: null, thinking: 0 },
    settings: { maxTokens: MAX_TOKENS, body: { stop_sequences: [STOP] }, metadata: {} },
    messages: HISTORY,
    history,
  }
  const process = await bootClaude(installation, {}, signal)
  const kill = () => process.kill()
  signal.addEventListener('abort', kill, { once: true })
  try {
    let said = ''
    for await (const batch of runTurn(process, assignment)) {
      for (const event of batch) if (event.type === 'text-delta') said += event.text
    }
    return said
  } finally {
    signal.removeEventListener('abort', kill)
    await process.dispose()
  }
}

/** What of the request is not as it was sent. With `seeded`, nothing of the machine may be in it. */
function check(asked: readonly Fields[], history: HistoryMode, seeded: boolean): string[] {
  const [body] = asked
  if (!body || asked.length !== 1) return [`${asked.length} requests instead of one`]
  const system = textsOf(body['system'])
  const expectations: Record<string, boolean> = {
    model: body['model'] === MODEL,
    'system prompt': system.at(-1) === SYSTEM,
    max_tokens: body['max_tokens'] === MAX_TOKENS,
    'stop sequences': JSON.stringify(body['stop_sequences']) === JSON.stringify([STOP]),
    'thinking off': textAt(asFields(body['thinking']), 'type') !== 'enabled',
    'no tools': (listAt(body, 'tools') ?? []).length === 0,
    'nothing of the machine': !seeded || !JSON.stringify(body['messages']).includes('# Environment'),
    [`history (${history})`]: arrived(listAt(body, 'messages') ?? [], history),
  }
  return Object.keys(expectations).filter((name) => !expectations[name])
}

/** Claude Code adds reminders to a replayed question, in front of its text, or in a system message of their own. */
function arrived(messages: readonly unknown[], history: HistoryMode): boolean {
  const conversation = messages.map(asFields).filter((message) => message?.['role'] !== 'system')
  if (conversation.length !== HISTORY.length) return false
  return HISTORY.every(({ role, content }, position) => {
    const message = conversation[position]
    const texts = textsOf(message?.['content'])
    const last = position === HISTORY.length - 1 && history === 'replay'
    const own = last ? texts.filter((one) => !one.startsWith('<system-reminder>')) : texts
    return message?.['role'] === role && own.length === 1 && own[0] === content[0]?.['text']
  })
}

function textsOf(content: unknown): string[] {
  if (typeof content === 'string') return [content]
  return Array.isArray(content) ? content.map((block) => textAt(asFields(block), 'text') ?? '') : []
}
