// What an agent says when a turn fails, as far as the protocol and the habits of agents let it be told. Its own texts go no further
// than to the log: nobody knows what they name.
import { type ErrorCode, GatewayError } from '../../core/error.ts'
import { AcpError, AUTH_REQUIRED, isOwnFault, RESOURCE_NOT_FOUND } from '../acp-errors.ts'
import { asFields, textAt } from '../fields.ts'

/** Whatever a turn threw; `name` is the provider's. */
export function toGatewayError(thrown: unknown, name: string): unknown {
  if (!(thrown instanceof AcpError)) return thrown
  const fail = (code: ErrorCode, message: string) => new GatewayError(code, message, { cause: thrown })
  if (thrown.code === AUTH_REQUIRED)
    return fail('provider_login_required', `The agent "${name}" is not logged in. Log in with its own command.`)
  const status = statusOf(thrown)
  switch (status) {
    case undefined:
      return fail('provider_error', `The agent "${name}" could not complete the answer.`)
    case 400:
      return fail('invalid_request', `The agent "${name}" says that its model service refused the request.`)
    case 401:
      return fail(
        'provider_login_required',
        `The login of the agent "${name}" was refused. Log in with its own command.`,
      )
    case 403:
      return fail('permission_denied', `The account of the agent "${name}" may not do this.`)
    case 404:
      return fail('model_not_found', `The agent "${name}" does not have this model.`)
    case 413:
      return fail('request_too_large', `The request is larger than the agent "${name}" takes.`)
    case 429:
      return fail('rate_limit_exceeded', `The model service of the agent "${name}" limits the rate of requests.`)
    case 503:
    case 529:
      return fail('overloaded', `The model service of the agent "${name}" is overloaded. Try again later.`)
    default:
      return fail('provider_error', `The model service of the agent "${name}" failed with status ${status}.`)
  }
}

/** Whether the turn ended in a way that is known: the service has refused it, and nothing of it goes on. */
export function isRefused(thrown: unknown): boolean {
  return thrown instanceof AcpError && (thrown.code === AUTH_REQUIRED || statusOf(thrown) !== undefined)
}

/**
 * Whether the agent does not know this session, or not any more. The protocol has `-32002` for it, with the session's id in the data
 * (https://agentclientprotocol.com/protocol/v1/error); most agents say it in words, under codes of JSON-RPC.
 */
export function isUnknownSession(thrown: unknown, sessionId: string): boolean {
  if (!(thrown instanceof AcpError) || thrown.code === AUTH_REQUIRED || statusOf(thrown) !== undefined) return false
  const { code, message, data } = thrown
  const said = data === undefined || data === null ? message : `${message} ${JSON.stringify(data)}`
  // Files are resources too.
  if (code === RESOURCE_NOT_FOUND)
    return said.includes(sessionId) || /\bsession\b/i.test(said) || /^\W*(?:resource not found)?\W*$/i.test(said)
  return UNKNOWN_SESSION.test(said) && !ABOUT_LOGIN.test(said)
}

const UNKNOWN_SESSION =
  /\bsession\b.{0,100}\b(?:not found|is unknown|expired|does not exist|no longer (?:exists|active|available))\b|\b(?:unknown|no such|expired|invalid) session\b/i
const ABOUT_LOGIN = /\b(?:log|sign)[ -]?(?:ged )?in\b|\bauth|\bcredential|\btoken/i

/** An HTTP status, from the code (Gemini CLI) or from the beginning of a text (Qwen Code: `429 Too many requests`). */
function statusOf(error: AcpError): number | undefined {
  const { code, message, data } = error
  const texts = [textAt(asFields(data), 'details'), typeof data === 'string' ? data : undefined, message]
  const told = texts.map((text) => /^\s*(?:\[?(?:API )?Error:?\s*)?([45]\d\d)\b/i.exec(text ?? '')?.[1])
  const status = told.find((found) => found !== undefined) ?? code
  // Gemini CLI says 500 for it (0.61.0).
  if (status === 500 && /\bis not found\b|requested entity was not found/i.test(message)) return 404
  if (status === code && isOwnFault(error)) return undefined
  const number = Number(status)
  return number >= 400 && number < 600 ? number : undefined
}
