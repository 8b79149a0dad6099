// What a turn comes to: which model of which login, with which settings and what conversation.
import { GatewayError } from '../../core/error.ts'
import type { Turn } from '../../core/turn.ts'
import { functionNames } from './tools.ts'
import { toConversation } from './history.ts'
import type { Login } from './auth.ts'
import { resolveParameters } from './parameters.ts'
import type { SessionRequest } from './session.ts'
import { isToldTurns, serviceOf } from './service.ts'
import { turnSettings } from './settings.ts'
import { maySearch } from './web.ts'
import { findModel } from './user-settings.ts'

/** @throws GatewayError `model_not_found` where the user's settings have models, and not this one, and no key is given beside them */
export function assign({ request, model }: Turn, login: Login, web = false): SessionRequest {
  const configured = findModel(login.user, model)
  if (!configured && login.user.models.length > 0 && !login.hasKey) {
    const known = login.user.models.slice(0, 10).map(({ id }) => id)
    const message = `Qwen Code has no model "${model}". It has: ${known.join(', ')}.`
    throw new GatewayError('model_not_found', message, { param: 'model' })
  }
  const service = serviceOf(model, login)
  const parameters = resolveParameters(request, service, web)
  const searches = maySearch(web, request, service)
  return {
    conversation: toConversation(request.system, request.messages, functionNames(request.tools)),
    model,
    settings: (logFolder) => turnSettings({ model, configured, login, parameters, logFolder, web: searches }),
    web: searches,
    numbered: isToldTurns(model, login),
  }
}
