import type { ChoiceBatch } from '../../core/event.ts'
import { GatewayError } from '../../core/error.ts'
import type { StreamEncoder } from '../../dialects/dialect.ts'
import { errorFields } from '../../dialects/openai-responses/errors.ts'
import { Frames } from '../../dialects/openai-responses/frames.ts'
import { type EventStreamOptions, eventStream } from '../event-stream.ts'
import type { Exchange } from '../exchange.ts'

/** Frames that are made already pass through the writer of streams as lines that are sent as they are. */
const AS_THEY_ARE: StreamEncoder = {
  push: ({ events }) =>
    events
      .map((event) => {
        if (event.type === 'raw') return event.line
        const error = event.type === 'error' ? event.error : GatewayError.from(event)
        return new Frames().event({ type: 'error', ...errorFields(error) })
      })
      .join(''),
  end: () => '',
}

/** The response that streams these frames, one write for each text. A reader who leaves ends only his own reading. */
export function framesResponse(
  frames: AsyncIterable<string>,
  exchange: Exchange,
  options: EventStreamOptions,
): Promise<Response> {
  exchange.follow()
  exchange.holdOpen()
  return eventStream(asBatches(frames), AS_THEY_ARE, exchange, options)
}

async function* asBatches(frames: AsyncIterable<string>): AsyncGenerator<ChoiceBatch> {
  for await (const line of frames) yield { choice: 0, events: [{ type: 'raw', line }] }
}
