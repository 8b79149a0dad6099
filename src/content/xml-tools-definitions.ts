// Tools that a text defines: a heading with a name, words about it, its parameters, and an element of that name which shows
// its use.
import { type Block, findBlocks } from './xml-tools-blocks.ts'
import { findHeadings } from './xml-tools-headings.ts'
import { isShown, type SpokenText } from './xml-tools-text.ts'

export type Definitions = {
  /** Names of the tools with an element that shows their use. */
  names: string[]
  weight: number
  /** `<tool_name><parameter1_name>...`: the form itself, spelled out. */
  template: boolean
}

/** How far behind its heading the use of a tool is looked for. */
const REACH = 12_000
/** More of them add nothing. */
const MOST_TOOLS = 64
const MOST_LOOKED_AT = 256
const MOST_WEIGHT = 5
const PARAMETERS = /\b(?:params?|parameters?|arguments?|args|inputs?|fields)\b/i
const TEMPLATE_TOOL = /^(?:actual_?|your_?)?tool_?name(?:_here)?$/i
const TEMPLATE_PARAMETER = /^(?:param(?:eter)?_?\d?(?:_?name)?\d?|arg(?:ument)?_?\d?(?:_?name)?)$/i
const COMPOUND = /[a-z0-9](?:[_-]|(?=[A-Z]))[A-Za-z0-9]/

export function findDefinitions({ text, shown }: SpokenText, known: ReadonlySet<string>): Definitions {
  const headings = headingsByName(text, shown)
  const isWanted = (name: string) => headings.has(name) || known.has(name) || TEMPLATE_TOOL.test(name)
  const defined = new Set<string>()
  const loose = new Set<string>()
  let weight = 0
  let template = false
  for (const block of findBlocks(text, isWanted)) {
    const { name, start, children } = block
    if (defined.size >= MOST_TOOLS) break
    if (children.some((child) => TEMPLATE_PARAMETER.test(child)) && TEMPLATE_TOOL.test(name)) {
      template ||= !isShown(shown, start)
    }
    if (defined.has(name)) continue
    const offset = lastBefore(headings.get(name), start)
    if (offset !== undefined && start - offset <= REACH) {
      const strength = strengthOf(block, text.slice(offset, start), known.has(name))
      if (strength > 0) defined.add(name)
      weight += strength
    } else if (known.has(name) && children.length > 0 && !isShown(shown, start)) {
      loose.add(name)
    }
  }
  // Tools that are said to have parameters, but whose use is left to the reader.
  const bare = defined.size > 0 ? bareTools(text, headings, defined) : 0
  const undefinedUses = [...loose].filter((name) => !defined.has(name)).length
  weight += Math.min(bare * 0.3, 1.2) + Math.min(undefinedUses * 0.3, 0.9) + (defined.size > 1 ? 0.5 : 0)
  return { names: [...defined], weight: Math.min(weight, MOST_WEIGHT), template }
}

function headingsByName(text: string, shown: SpokenText['shown']): Map<string, number[]> {
  const headings = new Map<string, number[]>()
  for (const { name, offset } of findHeadings(text)) {
    if (isShown(shown, offset)) continue
    const offsets = headings.get(name)
    if (offsets) offsets.push(offset)
    else headings.set(name, [offset])
  }
  return headings
}

/** Up to 1.5: nested parameters, which the words before them name, of a tool that is known. */
function strengthOf(block: Block, words: string, known: boolean): number {
  if (block.children.length === 0) return known ? 0.5 : 0
  const at = PARAMETERS.exec(words)?.index
  const listed = at !== undefined && block.children.some((child) => words.includes(child, at))
  const compound = known || COMPOUND.test(block.name)
  return (compound ? 0.8 : 0.5) + (listed ? 0.4 : 0) + (known ? 0.3 : 0)
}

function bareTools(text: string, headings: ReadonlyMap<string, number[]>, defined: ReadonlySet<string>): number {
  let found = 0
  let looked = 0
  for (const [name, [offset = 0]] of headings) {
    if (found >= 4 || ++looked > MOST_LOOKED_AT) break
    if (!defined.has(name) && COMPOUND.test(name) && PARAMETERS.test(text.slice(offset, offset + 300))) found += 1
  }
  return found
}

function lastBefore(offsets: readonly number[] | undefined, limit: number): number | undefined {
  if (offsets === undefined) return undefined
  let low = 0
  let high = offsets.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (offsets[middle]! <= limit) low = middle + 1
    else high = middle
  }
  return offsets[low - 1]
}
