// Renders an answer as Anthropic's server-sent events.
import type { Answer, Step } from '../reply.ts'
import { type Frame, write } from '../streaming.ts'
import { errorBody } from './errors.ts'
import { searchBlocks } from './web-search.ts'
import { stopFields } from './stop.ts'
import { finalUsage, startUsage } from './usage.ts'

type Block = { index: number; kind: 'text' | 'thinking' }

/** All frames of one streamed message, from `message_start` to `message_stop`. */
export function* messageFrames(answer: Answer, id: string, model: string): Iterable<Frame> {
  const message = {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
  }
  yield event('message_start', { message: { ...message, usage: startUsage(answer.usage) } })
  let count = 0
  let open: Block | undefined

  function* start(contentBlock: unknown): Iterable<Frame> {
    yield event('content_block_start', { index: count, content_block: contentBlock })
    // The service sends its first ping here.
    if (count === 0) yield event('ping', {})
    count += 1
  }

  function* close(): Iterable<Frame> {
    if (!open) return
    yield event('content_block_stop', { index: open.index })
    open = undefined
  }
  function* within(kind: Block['kind'], delta: unknown): Iterable<Frame> {
    if (open?.kind !== kind) {
      yield* close()
      open = { index: count, kind }
      yield* start(emptyBlock(kind))
    }
    yield event('content_block_delta', { index: open.index, delta })
  }
  function* whole(contentBlock: unknown, deltas: unknown[]): Iterable<Frame> {
    yield* close()
    const index = count
    yield* start(contentBlock)
    for (const delta of deltas) yield event('content_block_delta', { index, delta })
    yield event('content_block_stop', { index })
  }
  function* render(step: Step): Iterable<Frame> {
    switch (step.type) {
      case 'text':
        return yield* within('text', { type: 'text_delta', text: step.text })
      case 'thinking':
        return yield* within('thinking', { type: 'thinking_delta', thinking: step.text })
      case 'signature':
        yield* within('thinking', { type: 'signature_delta', signature: step.signature })
        return yield* close()
      case 'redacted-thinking':
        return yield* whole({ type: 'redacted_thinking', data: step.data }, [])
      case 'tool-call':
        return yield* whole(
          { type: 'tool_use', id: step.id, name: step.name, input: {} },
          ['', ...step.pieces].map((piece) => ({ type: 'input_json_delta', partial_json: piece })),
        )
      case 'web-search': {
        const { call, found } = searchBlocks(step, `srvtoolu_simulated_${count}`)
        yield* whole({ ...call, input: {} }, [{ type: 'input_json_delta', partial_json: JSON.stringify(call.input) }])
        return yield* whole(found, [])
      }
      case 'next-block':
        return yield* close()
      case 'ping':
        return yield event('ping', {})
      case 'wait':
        return yield step
      case 'bytes':
        return yield typeof step.bytes === 'string' ? write(step.bytes) : { type: 'write', bytes: step.bytes }
      case 'failure':
        return yield write(`event: error\ndata: ${JSON.stringify(errorBody(step.failure))}\n\n`)
      case 'end':
        return
      case 'cut':
      case 'silence':
        return yield step
      default:
        step satisfies never
    }
  }

  for (const step of answer.steps()) {
    yield* render(step)
    if (step.type === 'failure' || step.type === 'end' || step.type === 'cut' || step.type === 'silence') return
  }
  yield* close()
  yield event('message_delta', {
    delta: stopFields(answer.stop),
    usage: finalUsage(answer.usage),
  })
  yield event('message_stop', {})
}

function emptyBlock(kind: Block['kind']): unknown {
  return kind === 'text' ? { type: 'text', text: '' } : { type: 'thinking', thinking: '', signature: '' }
}

function event(type: string, fields: Record<string, unknown>): Frame {
  return write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`)
}
