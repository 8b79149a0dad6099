// The CLI takes each thought apart, into a title and what is below it, and sends both joined again (0.61.0).
import type { AcpEvent, SessionUpdate } from '../acp-types.ts'

/** Thoughts as Gemini wrote them, as far as that can be known: without an empty title, and one below the other. */
export class Thoughts {
  private thinking = false

  restore(events: readonly AcpEvent[]): AcpEvent[] {
    return events.map((event) =>
      event.type === 'update' ? { type: 'update', update: this.restoreOne(event.update) } : event,
    )
  }

  private restoreOne(update: SessionUpdate): SessionUpdate {
    switch (update.sessionUpdate) {
      case 'agent_message_chunk':
        this.thinking = false
        return update
      case 'agent_thought_chunk': {
        if (update.content.type !== 'text') return update
        const text = update.content.text.replace(/^\*{4}\n/, '')
        const content = { ...update.content, text: this.thinking ? `\n\n${text}` : text }
        this.thinking = true
        return { ...update, content }
      }
      default:
        return update
    }
  }
}
