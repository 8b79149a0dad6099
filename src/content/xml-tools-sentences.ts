// Sentences that tell the reader to use tools by writing XML, and those that tell the opposite.
import { isShown, type SpokenText } from './xml-tools-text.ts'

/** How much the sentences of a text weigh. `protocol`: what goes along with tools in prose, whatever their format. */
export type Instructions = { demands: number; denies: number; protocol: number }

/** The use of tools, not just the word: "tool use", "the tool name", "invoke a tool", "tool XML". */
const TOOL_USE =
  /\btools?(?:['’]s)?[ \t]{1,2}(?:use[sd]?|usage|calls?|invocations?|names?|blocks?|xml|tags?|requests?|are|is|must|should|\+)|\b(?:use|uses|using|call|calls|calling|invoke|invoking|execute|executing|run|request)[ \t](?:of[ \t])?(?:a|an|the|any|each|every|one|these|those|your|exactly one|all|multiple)?[ \t]?(?:[a-z]{1,12}[ \t])?tools?\b|\b(?:each|every|per|available|all)[ \t]tools?\b|\btool[_ -]?name\b/i
/** Parameters in tags say the same without the word. */
const PARAMETER_TAGS =
  /\bparam(?:eter)?s?\b.{0,80}\b(?:enclosed|wrapped|nested|own|within|inside|between)\b.{0,40}\btags?\b/i
const ADVERB = '[ \\t](?:then[ \\t]|also[ \\t]|itself[ \\t]|simply[ \\t]|often[ \\t])?'
const DEMAND =
  /\b(?:format(?:ted|ting)?|must|always|only|enclosed?|wrap(?:ped)?|write|written|writing|invoke[ds]?|emit(?:ted|ting)?|output|respond|using|use[sd]?|exact(?:ly)?|place[ds]?|put|become[s]?|structure[ds]?|specified|express(?:ed)?|called|executed?|follow(?:ing)?|malformed|valid)\b/i
/** Somebody else's tools: "Cline formats its calls", "the tool reads tags", "agents write XML". */
const DESCRIPTION = new RegExp(
  [
    `\\b(?:cline|roo|kilo|code|agent|assistant|extension|client|model|llm|plugin|framework|library|parser|project|app|it|which|that|(?:this|the|our|build|a|new) tool)${ADVERB}(?:uses(?! (?:are|is|must|should))|formats|expects|parses|emits|sends|writes|wraps|defines|describes|requires|calls|produces|reads|supports|validates|generates|relies|represents|outputs|converts|turns|makes|has|puts|adds|used|formatted|parsed|wrapped)\\b`,
    `\\b(?:agents|assistants|extensions|clients|models|llms|plugins|frameworks|libraries|parsers|projects|apps|they|developers)${ADVERB}(?:use|format|expect|parse|emit|send|write|wrap|define|describe|require|call|produce|read|support|validate|generate|rely|represent|output|convert|make|have|put)\\b`,
  ].join('|'),
  'i',
)
const NO_XML =
  /\b(?:do not|don['’]t|never|avoid|no longer|not)[ \t]{1,2}(?:to[ \t])?(?:use|using|include|including|emit|write|writing|output|produce|return|send|generate|need|rely on|simulate|mimic|imitate)\b[^.!?\n]{0,60}\b(?:xml|markup|tags?)\b/i
const NATIVE =
  /\b(?:native|provider-native|built-in|structured|json)[ \t-](?:tool|function)[ \t-]?(?:call|use)|\b(?:tool|function)[ \t-]calling[ \t](?:api|mechanism|interface)|\bjson[ \t](?:schema|object|format)[^.\n]{0,40}\btools?\b/i

const PROTOCOL: readonly (readonly [RegExp, number])[] = [
  [/\byou (?:have|are given|can use|may use|may call)\b[^.\n]{0,40}\btools\b/i, 0.4],
  [/\b(?:one|single|only use one|a) tool (?:per|at a time|may be used per|in each)\b/i, 0.4],
  [/\btools?\b[^.\n]{0,60}\bupon the user['’]s approval\b/i, 0.4],
  [/\b(?:wait|waiting) for\b[^.\n]{0,60}\b(?:result|response|confirmation|user)\b/i, 0.2],
  [/\btool use\b[^.\n]{0,60}\binformed by\b/i, 0.3],
  [/^(?:#{1,4}[ \t])?(?:tool use|tools|available tools|tool use formatting)[ \t]{0,4}$/im, 0.3],
]

const MOST_DEMANDS = 3.2
const MOST_PROTOCOL = 1
/** Sentences looked at; a text full of them has said it by then. */
const MOST_SENTENCES = 2000
/** Farthest that a sentence reaches to each side of the word. */
const REACH = 240

const MENTION = /\b(?:xml|tags?|markup|(?:tool|function)[ -]call(?:ing|s)?)\b/gi

/** What the text, outside the ranges that only show something, demands of its reader. */
export function readInstructions({ text, shown }: SpokenText): Instructions {
  let demands = 0
  let denies = 0
  let looked = 0
  MENTION.lastIndex = 0
  for (let match = MENTION.exec(text); match && looked < MOST_SENTENCES; match = MENTION.exec(text)) {
    looked += 1
    const end = sentenceEnd(text, match.index + match[0].length)
    const sentence = text.slice(sentenceStart(text, match.index), end)
    MENTION.lastIndex = end
    if (isShown(shown, match.index)) continue
    if (NO_XML.test(sentence) || NATIVE.test(sentence)) denies += 1
    else if (isDemand(sentence)) demands += 1.6
  }
  let protocol = 0
  for (const [pattern, weight] of PROTOCOL) {
    const match = pattern.exec(text)
    if (match && !isShown(shown, match.index)) protocol += weight
  }
  MENTION.lastIndex = 0
  return {
    demands: Math.min(demands, MOST_DEMANDS),
    denies: Math.min(denies, 2),
    protocol: Math.min(protocol, MOST_PROTOCOL),
  }
}

function isDemand(sentence: string): boolean {
  if (sentence.trimEnd().endsWith('?') || !/\b(?:xml|tags?)\b/i.test(sentence)) return false
  if (PARAMETER_TAGS.test(sentence)) return true
  return TOOL_USE.test(sentence) && DEMAND.test(sentence) && !DESCRIPTION.test(sentence)
}

function sentenceStart(text: string, from: number): number {
  const limit = Math.max(0, from - REACH)
  for (let index = from - 1; index >= limit; index -= 1) {
    const code = text.charCodeAt(index)
    if (code === 10) return index + 1
    // A dot inside a name such as `config.xml` ends nothing.
    if ((code === 46 || code === 33 || code === 63) && isSpace(text.charCodeAt(index + 1))) return index + 1
  }
  return limit
}

function sentenceEnd(text: string, from: number): number {
  const limit = Math.min(text.length, from + REACH)
  for (let index = from; index < limit; index += 1) {
    const code = text.charCodeAt(index)
    if (code === 10) return index
    if ((code === 46 || code === 33 || code === 63) && isSpace(text.charCodeAt(index + 1))) return index + 1
  }
  return limit
}

/** Also the end of the text, whose code is NaN. */
const isSpace = (code: number) => code === 32 || code === 10 || code === 13 || code === 9 || Number.isNaN(code)
