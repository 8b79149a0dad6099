// An answer as the model service streams it, for the services on the loopback that Claude Code is tested and warmed up against.

export type ServiceAnswer = {
  model: unknown
  text: string
  usage: { input_tokens: number; output_tokens: number }
  /** A call behind the text; its arguments are JSON. */
  call?: { name: string; arguments: string } | undefined
}

/** The whole stream of events. */
export function serviceAnswer({ model, text, usage, call }: ServiceAnswer): string {
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  }
  const end = { stop_reason: call === undefined ? 'end_turn' : 'tool_use', stop_sequence: null }
  const events: { type: string; [field: string]: unknown }[] = [
    { type: 'message_start', message },
    ...block(0, { type: 'text', text: '' }, { type: 'text_delta', text }),
    ...(call === undefined
      ? []
      : block(
          1,
          { type: 'tool_use', id: 'toolu_2', name: call.name, input: {} },
          { type: 'input_json_delta', partial_json: call.arguments },
        )),
    { type: 'message_delta', delta: end, usage },
    { type: 'message_stop' },
  ]
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
}

const block = (index: number, begun: object, delta: object) => [
  { type: 'content_block_start', index, content_block: begun },
  { type: 'content_block_delta', index, delta },
  { type: 'content_block_stop', index },
]
