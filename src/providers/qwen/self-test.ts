// A turn with a stand-in for the model service, before the first real one: it proves that there is nothing in a turn but the
// conversation, and that a call of a function ends it; and loads what Qwen Code (0.24.4) loads late, which takes 0.2 s. Where the
// model may search, a second one proves the same of a turn with the search.
import { GatewayError } from '../../core/error.ts'
import { toolError } from '../acp-events.ts'
import { asFields, type Fields, listAt, textAt } from '../fields.ts'
import { toConversation } from './history.ts'
import { CLI } from './options.ts'
import { STAND_IN_ANSWER } from '../stand-in.ts'
import { STAND_IN_CALL, startStandIn } from './self-test-service.ts'
import { SELF_TEST_MODEL, selfTestSettings } from './settings.ts'
import type { SessionRequest } from './session.ts'
import { runTurn } from './turn.ts'
import { WEB_TOOL } from './web.ts'
import { runWebTurn } from './web-turn.ts'
import type { OpenSession, QwenWorker } from './worker.ts'

const SYSTEM = 'Self-test: system'
const QUESTION = 'Self-test: ping'
/** The only thing that it adds and that cannot be switched off: a part of the first message about skills. */
const KNOWN_REMINDER = /^<system-reminder>\nNo skills are currently available\.[^<]*<\/system-reminder>$/

/** What is said and called in an answer. */
export const EXPECTED = `${STAND_IN_ANSWER}${STAND_IN_CALL}`

/** How a turn that may search ends when the model calls what it was not offered. */
const STOPPED = toolError(CLI.title, STAND_IN_CALL)

/** How long it may take, in milliseconds; 300 are usual. */
const WITHIN = 20_000

/**
 * `web`: of a turn that may search, which may have the search and nothing else.
 * @returns what the service was asked
 * @throws GatewayError `internal_error` where it is not safe to chat with, `provider_unavailable` where it does not answer
 */
export async function selfTest(worker: QwenWorker, outer: AbortSignal, web = false): Promise<Fields> {
  const service = startStandIn()
  const signal = AbortSignal.any([outer, AbortSignal.timeout(WITHIN)])
  try {
    const session = await worker.open(testRequest(service.url, web), signal)
    const said = await answerOf(session, signal, web)
    const [asked, ...others] = service.asked
    const problem = asked && others.length === 0 ? checkRequest(asked, web) : `${service.asked.length} requests for one`
    if (problem !== undefined) throw unsafe(problem, web)
    if (said !== EXPECTED) throw new Error(`It answered ${JSON.stringify(said)}.`)
    return asked!
  } catch (error) {
    outer.throwIfAborted()
    if (error instanceof GatewayError && error.code === 'internal_error') throw error
    throw new GatewayError('provider_unavailable', 'Qwen Code did not pass its self-test. Run: cligate doctor', {
      cause: error,
    })
  } finally {
    service.stop()
  }
}

/** The turn, of a service at this place. */
export function testRequest(url: string, web = false): SessionRequest {
  const conversation = toConversation(
    [{ type: 'text', text: SYSTEM }],
    [{ role: 'user', content: [{ type: 'text', text: QUESTION }] }],
  )
  const settings = (logFolder: string) => selfTestSettings(`${url}/v1`, logFolder, web)
  return { conversation, model: SELF_TEST_MODEL, settings, web }
}

/** What was said and called. Behind it the session is over: nothing more is asked. */
export async function answerOf(session: OpenSession, signal: AbortSignal, web = false): Promise<string> {
  const names = { toCaller: (name: string) => (name === STAND_IN_CALL ? name : undefined) }
  const answering = { model: SELF_TEST_MODEL, maxTokens: undefined, names }
  let said = ''
  try {
    for await (const batch of (web ? runWebTurn : runTurn)(session, answering, signal)) {
      for (const event of batch) {
        if (event.type === 'text-delta') said += event.text
        if (event.type === 'tool-call-start') said += event.name
      }
    }
  } catch (error) {
    // Where it may search, a call of anything else is an error, and no event.
    if (!web || !(error instanceof GatewayError) || error.message !== STOPPED.message) throw error
    said += STAND_IN_CALL
  } finally {
    await session.close()
  }
  return said
}

/** What is in a request that does not belong there; undefined where all is well. `web`: it may have the search, once. */
export function checkRequest(body: Fields, web = false): string | undefined {
  const tools = (listAt(body, 'tools') ?? []).map(
    (tool) => textAt(asFields(asFields(tool)?.['function']), 'name') ?? 'unknown',
  )
  const isSearch = web && tools.length === 1 && tools[0] === WEB_TOOL
  if (tools.length > 0 && !isSearch) return `tools: ${tools.slice(0, 5).join(', ')}`
  const [system, user, ...others] = (listAt(body, 'messages') ?? []).map(asFields)
  if (others.length > 0) return `${others.length} more messages`
  if (textAt(system, 'role') !== 'system' || textOf(system) !== SYSTEM) return 'another system prompt'
  const own = partsOf(user).filter((part) => !KNOWN_REMINDER.test(part))
  return own.length === 1 && own[0] === QUESTION ? undefined : 'more text in the first message'
}

/** What Qwen Code itself put in front of the first message. */
export function remindersIn(body: Fields): string[] {
  const [, user] = (listAt(body, 'messages') ?? []).map(asFields)
  return partsOf(user).filter((part) => KNOWN_REMINDER.test(part))
}

function textOf(message: Fields | undefined): string {
  return partsOf(message).join('')
}

function partsOf(message: Fields | undefined): string[] {
  const content = message?.['content']
  if (typeof content === 'string') return [content]
  return (listAt(message, 'content') ?? []).map((part) => textAt(asFields(part), 'text') ?? 'not text')
}

function unsafe(problem: string, web: boolean): GatewayError {
  const what = problem.replace(/[^\w.,:@ -]/g, '?').slice(0, 200)
  const found = web
    ? `Qwen Code has more than the search where it may search (${what}). It does not search.`
    : `Qwen Code has what chat mode forbids (${what}). It is not used.`
  return new GatewayError('internal_error', `${found} This version of it may be newer than cligate.`)
}
