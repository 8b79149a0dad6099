// A process answers its first question in half the time when it has answered one before: its code is loaded and compiled then. So
// a process that waits for a turn is asked something beforehand (2.1.329), on the loopback, where it costs nothing. The request
// of the turn is the same, to the byte, as that of a process that was not:
//   * what it is asked is a side question, which leaves no trace in the conversation and decides nothing for its requests;
//   * the message that it is told is taken out again;
//   * the model is one that nobody asks for, since what a request for a model carries is settled by the first of them.
// Meanwhile its credentials are replaced, so that none is sent there.
import { GatewayError } from '../../core/error.ts'
import { fieldsAt, textAt, type Fields } from '../fields.ts'
import { credentialOf } from './auth.ts'
import { rewindFrame, settingsFrame, sideQuestionFrame, userFrame } from './frames.ts'
import type { ClaudeProcess } from './process.ts'
import { WARM_UP_CREDENTIAL, WARM_UP_MODEL, type WarmUpVisit } from './warm-up-service.ts'

/** Names that decide where requests go and what they prove: those that the process has are put aside. */
const PUT_ASIDE = ['ANTHROPIC_API_KEY', 'CLAUDE_CODE_OAUTH_TOKEN', 'ANTHROPIC_CUSTOM_HEADERS']

/** Not where its requests go to a cloud or through a socket, whatever their address is: those have other settings for that. */
export function canWarmUp({ report, environment }: Pick<ClaudeProcess, 'report' | 'environment'>): boolean {
  return credentialOf(report) !== 'cloud' && environment['ANTHROPIC_UNIX_SOCKET'] === undefined
}

/** Its environment while it is warmed up, and what puts it back; an empty text unsets. */
export function warmUpEnvironment(own: Readonly<Record<string, string>>, url: string) {
  const during: Record<string, string> = {
    ANTHROPIC_BASE_URL: url,
    // Counts before a stored login.
    ANTHROPIC_AUTH_TOKEN: WARM_UP_CREDENTIAL,
    ...Object.fromEntries(
      ['NO_PROXY', 'no_proxy'].map((name) => [name, own[name] ? `${own[name]},127.0.0.1` : '127.0.0.1']),
    ),
  }
  for (const name of PUT_ASIDE) {
    if (own[name] === undefined) continue
    during[name] = name.endsWith('_KEY') || name.endsWith('_TOKEN') ? WARM_UP_CREDENTIAL : ''
  }
  const after = Object.fromEntries(Object.keys(during).map((name) => [name, own[name] ?? '']))
  return { during, after }
}

/**
 * Asks a process that has said nothing yet, and brings it back to where it was.
 * @throws GatewayError `provider_error` where the process does not do as it is told; it has to be let go
 */
export async function warmUp(process: ClaudeProcess, visit: WarmUpVisit): Promise<void> {
  const { during, after } = warmUpEnvironment(process.environment, visit.url)
  // Not a word of a question before it is certain where it goes.
  await succeed(process, (id) => settingsFrame(id, { model: WARM_UP_MODEL, env: during }))
  const told = crypto.randomUUID()
  const taken = (message: Fields) =>
    message['type'] === 'result' && message['user_message_uuid'] === told ? message : undefined
  const frames = (id: string) => sideQuestionFrame(id, 'warm up') + userFrame(told, 'warm up', false)
  await succeed(process, frames, taken)
  if (visit.asked() === 0) throw failed()
  const rewound = await succeed(process, (id) => rewindFrame(id, told))
  if (fieldsAt(rewound, 'response')?.['rewound'] !== true) throw failed()
  await succeed(process, (id) => settingsFrame(id, { env: after }))
}

/** Writes what is to be answered, and waits until it is, and until `also` has found its message. @returns the answer */
async function succeed(
  process: ClaudeProcess,
  frames: (id: string) => string,
  also?: (message: Fields) => Fields | undefined,
): Promise<Fields> {
  const id = process.newRequestId()
  process.write(frames(id))
  const [answer] = await process.readUntil([(message) => responseTo(message, id), ...(also ? [also] : [])])
  if (answer?.['subtype'] !== 'success') throw failed()
  return answer
}

const failed = () => new GatewayError('provider_error', 'Claude Code could not be warmed up.')

function responseTo(message: Fields, id: string): Fields | undefined {
  if (message['type'] !== 'control_response') return undefined
  const response = fieldsAt(message, 'response')
  return textAt(response, 'request_id') === id ? response : undefined
}
