// What the real Codex said, recorded by record/main.ts.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChatEvent } from '../../../src/core/event.ts'
import { endRead, type Message, readMessage } from '../../../src/providers/codex/events.ts'
import { type TurnOptions, type TurnState, turnState } from '../../../src/providers/codex/turn-state.ts'

const FOLDER = join(import.meta.dir, '../../real/fixtures/codex')

export const FIXTURES = readdirSync(FOLDER).map((file) => file.replace('.jsonl', ''))

export function fixture(name: string): Message[] {
  const lines = readFileSync(join(FOLDER, `${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
  return lines.map((line) => JSON.parse(line) as Message)
}

/** The same messages with other fields in the params of those that `pick` picks. */
export function edited(messages: readonly Message[], pick: (message: Message) => object | undefined): Message[] {
  const edit = (message: Message): Message => {
    const changes = pick(message)
    return changes ? { ...message, params: { ...message.params, ...changes } } : message
  }
  return messages.map(edit)
}

/** 2026; before all limits of the fixtures end. */
export const NOW = 1_790_000_000_000

/** The events that messages come to, and the state they leave. */
export function read(
  messages: readonly Message[],
  options: Partial<TurnOptions> = {},
): { events: ChatEvent[]; state: TurnState } {
  const state = turnState({
    model: 'gpt-5.5',
    now: NOW,
    estimateInput: () => 99,
    retries: false,
    web: false,
    toCaller: (name) => (name === 'get_weather' ? name : undefined),
    limits: () => [],
    ...options,
  })
  return { events: [...messages.flatMap((message) => readMessage(state, message)), ...endRead(state)], state }
}
