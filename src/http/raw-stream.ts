// The lines of a CLI as server-sent events: `message` for each, then `done`, or `error`.
import type { GatewayError } from '../core/error.ts'
import type { ChatEvent, ChoiceBatch } from '../core/event.ts'
import type { RawExit, RawRun } from '../core/raw.ts'
import { openaiChat } from '../dialects/openai-chat/dialect.ts'
import type { StreamEncoder } from '../dialects/dialect.ts'

export class RawStream implements StreamEncoder {
  /** How the process ended, which `done` tells. */
  exit: Pick<RawExit, 'code' | 'signal'> = { code: null, signal: null }

  constructor(private readonly processId: string) {}

  push({ events }: ChoiceBatch): string {
    return events.map((event) => this.#frame(event)).join('')
  }

  end(): string {
    const { code, signal } = this.exit
    return event('done', JSON.stringify({ process_id: this.processId, exit_code: code, signal }))
  }

  #frame(chat: ChatEvent): string {
    if (chat.type === 'raw') return event('message', chat.line)
    return chat.type === 'error' ? event('error', this.#error(chat.error)) : ''
  }

  #error(error: GatewayError): string {
    return JSON.stringify({ process_id: this.processId, ...openaiChat.error(error) })
  }
}

/** A carriage return within a line, which is no JSON then, would end the field: it becomes a line break of the data. */
function event(name: string, data: string): string {
  return `event: ${name}\ndata: ${data.replaceAll('\r', '\ndata: ')}\n\n`
}

/** The lines as batches, and at the end how it ended. A CLI that said nothing at all has failed. */
export async function* rawBatches(
  run: RawRun,
  stream: RawStream,
  failed: () => GatewayError,
): AsyncGenerator<ChoiceBatch> {
  let said = false
  for await (const lines of run.lines) {
    said = true
    yield { choice: 0, events: lines.map((line) => ({ type: 'raw', line })) }
  }
  const { code, signal, stopped } = await run.exited
  stream.exit = { code, signal }
  if (!said && !stopped && code !== 0) throw failed()
}
