// What of a text its author says in his own voice: quoted and fenced parts are somebody else's words.

/** A text with its quoted lines emptied, and the ranges in it that show something rather than say it. */
export type SpokenText = { text: string; shown: Ranges }
type Ranges = readonly (readonly [start: number, end: number])[]

/** Three or more backticks or tildes, with what stands behind them. */
const FENCE = /^[ \t]{0,8}(`{3,}|~{3,})(.*)$/
const QUOTE = /^[ \t]{0,8}>/

/** Elements in which prompts hand over material: documents to read, examples, files, pages. */
const WRAPPERS =
  /<(\/?)(documents?|document_contents?|articles?|examples?|quotes?|blockquote|transcript|references?|sources?|file_contents?|search_results?|web_?page|page_content|pre|code|attachment|knowledge(?:_base)?|email|snippet)(?:[ \t][^<>\n]{0,256})?>/gi

/** More of them are no papers handed over. */
const MOST_WRAPPERS = 4000

/**
 * Empties the lines of code fences (of those that are closed: an open one is a stray mark) and of Markdown quotes. Offsets in
 * the result are its own. Linear in the length of the text.
 */
export function spokenText(text: string): SpokenText {
  const lines = text.split('\n')
  let open: { mark: string; line: number } | undefined
  for (const [index, line] of lines.entries()) {
    const fence = FENCE.exec(line.slice(0, 256))
    if (open) {
      const mark = fence?.[1] ?? ''
      if (mark.startsWith(open.mark) && fence?.[2]?.trim() === '') {
        lines.fill('', open.line, index + 1)
        open = undefined
      }
      continue
    }
    // An inline "```code```" opens nothing.
    if (fence?.[1] !== undefined && !fence[2]?.includes('`')) open = { mark: fence[1], line: index }
    else if (QUOTE.test(line)) lines[index] = ''
  }
  const spoken = lines.join('\n')
  return { text: spoken, shown: shownRanges(spoken) }
}

/** Whether the place lies in one of the ranges. */
export function isShown(ranges: Ranges, offset: number): boolean {
  let low = 0
  let high = ranges.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const [start, end] = ranges[middle]!
    if (offset < start) high = middle - 1
    else if (offset >= end) low = middle + 1
    else return true
  }
  return false
}

/** The outermost wrappers that are closed. */
function shownRanges(text: string): Ranges {
  const ranges: [number, number][] = []
  const open = new Map<string, { start: number; depth: number }>()
  let looked = 0
  for (const match of text.matchAll(WRAPPERS)) {
    if (++looked > MOST_WRAPPERS) break
    const name = match[2]!.toLowerCase()
    const seen = open.get(name)
    if (match[1] === '') {
      if (seen) seen.depth += 1
      else open.set(name, { start: match.index, depth: 1 })
    } else if (seen) {
      seen.depth -= 1
      if (seen.depth > 0) continue
      open.delete(name)
      const end = match.index + match[0].length
      // Ranges end in order; one that holds earlier ones takes their place.
      while (ranges.length > 0 && ranges.at(-1)![0] >= seen.start) ranges.pop()
      if ((ranges.at(-1)?.[1] ?? 0) <= seen.start) ranges.push([seen.start, end])
    }
  }
  return ranges
}
