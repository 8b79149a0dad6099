// The labelled corpus: requests of clients that want XML in the answer's text, and of those that do not.
import type { Message, Tool } from '../../../src/core/request.ts'
import type { XmlToolsRequest } from '../../../src/content/xml-tools.ts'

export type Sample = { name: string; request: XmlToolsRequest }

type Given = { system?: string | string[]; messages?: (string | Message)[]; tools?: Tool[] }

/** A request; texts among the messages are the user's. */
export function sample(name: string, { system = [], messages = ['Hello'], tools = [] }: Given): Sample {
  return {
    name,
    request: {
      system: [system].flat().map((text) => ({ type: 'text', text })),
      messages: messages.map((message) => (typeof message === 'string' ? user(message) : message)),
      tools,
    },
  }
}

export const user = (...texts: string[]): Message => ({
  role: 'user',
  content: texts.map((text) => ({ type: 'text', text })),
})

export const assistant = (text: string): Message => ({ role: 'assistant', content: [{ type: 'text', text }] })

/** A third of a list, the same each time: judged apart, and not to be looked at when weights are changed. */
export const heldOut = (samples: readonly Sample[]) => samples.filter((_, index) => index % 3 === 2)
