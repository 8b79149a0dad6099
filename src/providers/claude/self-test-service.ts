// What the stand-in for the model service says in the self-test: one word, and a call of the tool it is offered.
import { asFields, type Fields, listAt, textAt } from '../fields.ts'
import { STAND_IN_ANSWER, type StandIn, startStandIn as start } from '../stand-in.ts'
import { WEB_TOOLS } from './web.ts'

/** Harmless, should anything run it. */
export const STAND_IN_ARGUMENTS = '{"command":"true"}'

export const startStandIn = (): StandIn => start('/messages', answer)

function answer(body: Fields): string {
  const tool = (listAt(body, 'tools') ?? [])
    .map((one) => textAt(asFields(one), 'name'))
    .find((name) => !WEB_TOOLS.has(name ?? ''))
  const usage = { input_tokens: 1, output_tokens: 1 }
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: body['model'],
    content: [],
    stop_reason: null,
    usage,
  }
  const events: { type: string; [field: string]: unknown }[] = [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: STAND_IN_ANSWER } },
    { type: 'content_block_stop', index: 0 },
    ...(tool === undefined ? [] : call(tool)),
    { type: 'message_delta', delta: { stop_reason: tool === undefined ? 'end_turn' : 'tool_use' }, usage },
    { type: 'message_stop' },
  ]
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
}

const call = (name: string) => [
  { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 'toolu_2', name, input: {} } },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: STAND_IN_ARGUMENTS } },
  { type: 'content_block_stop', index: 1 },
]
