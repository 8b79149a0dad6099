// Clients such as Cline (up to 4.0), Roo Code (up to 3.36) and Kilo Code describe their tools in prose and expect them to be used
// as XML in the answer's text: <tool_name><parameter>value</parameter></tool_name>. Nothing in the API says so; it is read
// from the request.
import type { ChatRequest } from '../core/request.ts'
import { findBlocks } from './xml-tools-blocks.ts'
import { type Definitions, findDefinitions } from './xml-tools-definitions.ts'
import { KNOWN_TOOLS } from './xml-tools-known.ts'
import { type Instructions, readInstructions } from './xml-tools-sentences.ts'
import { type SpokenText, spokenText } from './xml-tools-text.ts'
import { voiceOf, worksOnPrompts } from './xml-tools-voice.ts'

export type XmlToolsOptions = {
  /** The score from which on a request counts: about 5. */
  threshold: number
  /** Names of tools beside those of Cline, Roo Code and Kilo Code. */
  knownTools?: readonly string[]
}

/** `score` is 0 to about 11, `tools` the names that are defined. */
export type XmlTools = { detected: boolean; score: number; tools: string[] }

/** What requests are made of, as far as it counts here. */
export type XmlToolsRequest = Pick<ChatRequest, 'system' | 'messages' | 'tools'>

/** A text without anything that demands XML, or without any tool defined, stays below the usual threshold. */
const WITHOUT_DEMAND = 4.5
const WITHOUT_DEFINITION = 3.5
/** A client that offers its functions by the API does not parse XML; it may still speak of it. */
const WITH_FUNCTIONS = 0.4
const RESULT = /^\[([a-z]\w+)(?: for '[^\n]{0,400}')?\] Result:/m

/** Reads the whole request. Never throws; linear in its length. */
export function detectXmlTools(request: XmlToolsRequest, options: XmlToolsOptions): XmlTools {
  const known = new Set([...KNOWN_TOOLS, ...(options.knownTools ?? [])])
  const best = textsOf(request)
    .map(({ spoken, weight }) => judge(spoken, weight, known))
    .reduce<Judgement>(stronger, { score: 0, definitions: NOTHING })
  let { score } = best
  if (best.definitions.names.length > 0) score += conversation(request, new Set([...known, ...best.definitions.names]))
  if (request.tools.length > 0) score *= WITH_FUNCTIONS
  score = Math.round(score * 100) / 100
  return { detected: score >= options.threshold, score, tools: best.definitions.names }
}

type Judgement = { score: number; definitions: Definitions }
const NOTHING: Definitions = { names: [], weight: 0, template: false }

const stronger = (one: Judgement, other: Judgement) => (other.score > one.score ? other : one)

function judge(spoken: SpokenText, weight: number, known: ReadonlySet<string>): Judgement {
  const definitions = findDefinitions(spoken, known)
  const instructions = readInstructions(spoken)
  return { score: weight * scoreOf(definitions, instructions), definitions }
}

function scoreOf({ weight, template, names }: Definitions, { demands, denies, protocol }: Instructions): number {
  const demanded = Math.min(demands + (template ? 1.5 : 0), 4)
  let score = weight + demanded + protocol
  if (names.length === 0) score = Math.min(score, WITHOUT_DEFINITION)
  if (demanded === 0) score = Math.min(score, WITHOUT_DEMAND)
  return Math.max(0, score - denies * 1.5)
}

/** The texts in which a client can define tools, each with how much it speaks for the client. */
function textsOf({ system, messages }: XmlToolsRequest): { spoken: SpokenText; weight: number }[] {
  const texts: { spoken: SpokenText; weight: number }[] = []
  const add = (text: string, role: 'system' | 'user', weight: number) => {
    if (!text.includes('<')) return
    const spoken = spokenText(text)
    texts.push({ spoken, weight: weight * voiceOf(spoken.text, role) })
  }
  const instructions = joined(system)
  add(instructions, 'system', 1)
  const others = worksOnPrompts(instructions) ? 0.35 : 1
  let answered = false
  for (const { role, content } of messages) {
    if (role === 'assistant') answered = true
    // What a user sends later in a conversation are mostly results: files, pages.
    if (role === 'system' || role === 'user')
      add(joined(content), role, role === 'system' ? 1 : others * (answered ? 0.5 : 1))
  }
  return texts
}

const joined = (parts: readonly { type: string; text?: string }[]) =>
  parts.flatMap((part) => (part.type === 'text' ? [part.text ?? ''] : [])).join('\n')

/** Up to 1.5 for tools that have been used in that form already. */
function conversation({ messages }: XmlToolsRequest, tools: ReadonlySet<string>): number {
  let weight = 0
  for (const { role, content } of messages) {
    if (weight >= 1.5) break
    if (role === 'assistant') {
      const { text } = spokenText(joined(content))
      const blocks = [...findBlocks(text, (name) => tools.has(name))]
      if (blocks.some(({ children }) => children.length > 0)) weight += 0.5
    } else if (role === 'user') {
      if (tools.has(RESULT.exec(joined(content))?.[1] ?? '')) weight += 0.25
    }
  }
  return Math.min(weight, 1.5)
}
