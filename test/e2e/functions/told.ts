// What a request to a model service tells of functions, out of each service's own format: which are offered, which were called,
// and what they gave. Names are the caller's own again.
import { functionsOf } from '../../providers/codex/functions.ts'
import type { RecordedRequest } from '../../upstream/recorded-request.ts'
import type { Provider } from '../all-providers.ts'

export type Real = Exclude<Provider, 'demo'>

type Offered = { name: string; parameters: unknown }
type Called = { called: string; id: string; arguments: unknown }
/** `images` in base64. */
type Gave = { gave: string; id: string; images: string[]; isError: boolean }
export type Told = {
  offered: Offered[]
  /** The service's own field for it. */
  choice: unknown
  /** Calls and results, in their order. */
  history: (Called | Gave)[]
  /** The conversation in pieces that a longer one begins with, to the byte. */
  pieces: string[]
}

type Block = {
  type: string
  text?: string
  id?: string
  name?: string
  input?: unknown
  tool_use_id?: string
  content?: string | Block[]
  is_error?: boolean
  source?: { data: string }
  cache_control?: unknown
}
type AnthropicBody = {
  system: unknown
  tools?: { name: string; input_schema: unknown }[]
  tool_choice?: unknown
  messages: { role: string; content: string | Block[] }[]
}
type ResponsesItem = {
  type: string
  role?: string
  call_id: string
  name: string
  arguments: string
  output: string | ImageText[]
}
type ImageText = { text?: string; image_url?: string | { url: string } }
type ResponsesBody = { tool_choice: unknown; input: ResponsesItem[] }
type GeminiPart = {
  text?: string
  inlineData?: { data: string }
  functionCall?: { id: string; name: string; args: unknown }
  functionResponse?: { id: string; response: { output?: string; error?: string }; parts?: GeminiPart[] }
}
type GeminiBody = {
  contents: { parts: GeminiPart[] }[]
  systemInstruction?: unknown
  tools?: { functionDeclarations: { name: string; parametersJsonSchema: unknown }[] }[]
  toolConfig?: { functionCallingConfig: unknown }
}
type ChatBody = {
  tools?: { function: { name: string; parameters: unknown } }[]
  tool_choice?: unknown
  messages: {
    role: string
    content: string | null | ImageText[]
    tool_calls?: { id: string; function: { name: string; arguments: string } }[]
    tool_call_id?: string
  }[]
}

/** What stands in front of the names of functions in Gemini CLI, by itself and as an agent. */
const PREFIX: Partial<Record<Real, string>> = { gemini: 'mcp_c_', helper: 'mcp_client_' }

/** The name that the model knows a function by. */
export const shown = (provider: Real, name: string): string => `${PREFIX[provider] ?? ''}${name}`

export function toldTo(provider: Real, { json }: RecordedRequest): Told {
  switch (provider) {
    case 'claude':
      return inMessages(json as AnthropicBody)
    case 'codex':
      return inResponses(json as ResponsesBody)
    case 'gemini':
      return inGemini(json as GeminiBody, PREFIX.gemini!)
    case 'qwen':
      return inChat(json as ChatBody)
    case 'helper': {
      const { offered, choice } = inGemini(json as GeminiBody, PREFIX.helper!)
      return { offered, choice, ...inTranscript(json as GeminiBody) }
    }
    default:
      return provider satisfies never
  }
}

function inMessages({ system, tools = [], tool_choice, messages }: AnthropicBody): Told {
  const spoken = messages
    .filter(({ role }) => role !== 'system')
    .map(({ role, content }) => ({ role, content: plain(content) }))
  return {
    offered: tools.map(({ name, input_schema }) => ({ name, parameters: input_schema })),
    choice: tool_choice,
    history: spoken.flatMap(({ content }) =>
      content.flatMap((block): Told['history'] => {
        if (block.type === 'tool_use') return [{ called: block.name!, id: block.id!, arguments: block.input }]
        if (block.type !== 'tool_result') return []
        const parts = plain(block.content ?? [])
        const images = parts.flatMap(({ source }) => (source ? [source.data] : []))
        const gave = parts.map(({ text = '' }) => text).join('')
        return [{ gave, id: block.tool_use_id!, images, isError: block.is_error === true }]
      }),
    ),
    pieces: [system, tools, ...spoken].map((piece) => JSON.stringify(piece)),
  }
}

/** Without what Claude Code adds: its reminders, and the marks for the cache, which move (2.1.329). */
function plain(content: string | Block[]): Block[] {
  const blocks: Block[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  const isReminder = ({ text }: Block) => text?.startsWith('<system-reminder>') === true
  const reminder = blocks.findIndex(isReminder)
  return blocks.flatMap((block, at) => {
    if (isReminder(block)) return []
    const own: Block = { ...block }
    delete own.cache_control
    // The text in front of a reminder gets a line break.
    if (at === reminder - 1 && own.text !== undefined) own.text = own.text.replace(/\n$/, '')
    if (own.content !== undefined) own.content = plain(own.content)
    return [own]
  })
}

function inResponses(body: ResponsesBody): Told {
  return {
    offered: functionsOf(body).map(({ name, parameters }) => ({ name, parameters })),
    choice: body.tool_choice,
    history: body.input.flatMap((item): Told['history'] => {
      const { type, call_id: id } = item
      if (type === 'function_call') return [{ called: item.name, id, arguments: JSON.parse(item.arguments) }]
      if (type !== 'function_call_output') return []
      return [{ id, isError: false, ...textAndImages(item.output) }]
    }),
    // The ids of items are Codex's own, new each time, and no part of what the model reads (0.169.0).
    pieces: body.input.map((item) => JSON.stringify(item, (key, value: unknown) => (key === 'id' ? undefined : value))),
  }
}

function textAndImages(content: string | null | ImageText[]): { gave: string; images: string[] } {
  const parts = typeof content === 'string' || content === null ? [{ text: content ?? '' }] : content
  return {
    gave: parts.map(({ text = '' }) => text).join(''),
    images: parts.flatMap((part) => ('image_url' in part && part.image_url ? [dataIn(part.image_url)] : [])),
  }
}

function dataIn(image: string | { url: string }): string {
  const url = typeof image === 'string' ? image : image.url
  return url.slice(url.indexOf(',') + 1)
}

function inGemini({ contents, systemInstruction, tools = [], toolConfig }: GeminiBody, prefix: string): Told {
  const history: Told['history'] = []
  for (const { functionCall, functionResponse, inlineData } of contents.flatMap(({ parts }) => parts)) {
    if (functionCall) {
      const { id, name, args } = functionCall
      history.push({ called: name.replace(prefix, ''), id, arguments: args })
    }
    if (functionResponse) {
      const { id, response, parts = [] } = functionResponse
      const images = parts.flatMap((part) => (part.inlineData ? [part.inlineData.data] : []))
      const isError = response.error !== undefined
      history.push({ gave: response.error ?? response.output ?? '', id, images, isError })
    }
    const last = history.at(-1)
    if (inlineData && last && 'gave' in last) last.images.push(inlineData.data)
  }
  const declared = tools.flatMap(({ functionDeclarations }) => functionDeclarations)
  return {
    offered: declared
      .filter(({ name }) => name.startsWith(prefix))
      .map(({ name, parametersJsonSchema }) => ({ name: name.slice(prefix.length), parameters: parametersJsonSchema })),
    choice: toolConfig?.functionCallingConfig,
    history,
    pieces: [systemInstruction, ...contents].map((piece) => JSON.stringify(piece)),
  }
}

function inChat({ tools = [], tool_choice, messages }: ChatBody): Told {
  const history: Told['history'] = []
  for (const { role, content, tool_calls = [], tool_call_id = '' } of messages) {
    for (const { id, function: called } of tool_calls) {
      history.push({ called: called.name, id, arguments: JSON.parse(called.arguments) })
    }
    const { gave, images } = textAndImages(content)
    const last = history.at(-1)
    if (role === 'tool') history.push({ gave, id: tool_call_id, images, isError: false })
    // A tool message takes no images: Qwen Code sends them behind it (0.24.4).
    else if (role === 'user' && last && 'gave' in last) last.images.push(...images)
  }
  return {
    // What stands in the place of none: see `INERT_TOOLS` of Qwen Code's driver.
    offered: tools.map((tool) => tool.function).filter(({ name }) => name !== 'unavailable'),
    choice: tool_choice,
    history,
    pieces: messages.map((message) => JSON.stringify(message)),
  }
}

const IN_TRANSCRIPT =
  /<tool_call id="(?<call>[^"]*)" name="(?<name>[^"]*)">(?<args>.*?)<\/tool_call>|<tool_(?<kind>result|error) id="(?<id>[^"]*)">\n(?<body>.*?)\n<\/tool_\k<kind>>/gs
const IMAGE = /\n?\(image:(.*?)\)/g

/** An agent is told it all as one text. */
function inTranscript({ contents }: GeminiBody): Pick<Told, 'history' | 'pieces'> {
  const parts = contents.flatMap((content) => content.parts)
  const text = parts.map((part) => part.text ?? `\n(image:${part.inlineData?.data})\n`).join('')
  const history = [...text.matchAll(IN_TRANSCRIPT)].map(({ groups = {} }): Called | Gave => {
    const { call, name, args, kind, id = '', body = '' } = groups
    if (call !== undefined) {
      return { called: name!.replace(PREFIX.helper!, ''), id: call, arguments: JSON.parse(args!) }
    }
    const images = [...body.matchAll(IMAGE)].map(([, data = '']) => data)
    return { gave: body.replaceAll(IMAGE, ''), id, images, isError: kind === 'error' }
  })
  const conversation = text.slice(text.indexOf('<conversation>'), text.indexOf('</conversation>'))
  return { history, pieces: conversation.split(/(?=<(?:user|assistant|tool)>\n)/) }
}
