// What the stand-in for the model service says in the self-test: one word, and a call of the tool it is offered.
import { asFields, type Fields, listAt, textAt } from '../fields.ts'
import { STAND_IN_ANSWER, type StandIn, startStandIn as start } from '../stand-in.ts'
import { serviceAnswer } from './service-answer.ts'
import { WEB_TOOLS } from './web.ts'

/** Harmless, should anything run it. */
export const STAND_IN_ARGUMENTS = '{"command":"true"}'

export const startStandIn = (): StandIn => start('/messages', answer)

function answer(body: Fields): string {
  const name = (listAt(body, 'tools') ?? [])
    .map((one) => textAt(asFields(one), 'name'))
    .find((one) => !WEB_TOOLS.has(one ?? ''))
  return serviceAnswer({
    model: body['model'],
    text: STAND_IN_ANSWER,
    usage: { input_tokens: 1, output_tokens: 1 },
    call: name === undefined ? undefined : { name, arguments: STAND_IN_ARGUMENTS },
  })
}
