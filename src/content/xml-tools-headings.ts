// Lines that begin the definition of a tool: its name as a heading, in bold, in a list, or behind a label.

export type Heading = { name: string; offset: number }

const NAME = '([A-Za-z][\\w-]{1,63})'
/** An identifier of several words, which a plain list item needs to pass for a tool's name: `read_file`, `readFile`. */
const COMPOUND = '([a-z][a-z0-9]*(?:[_-][A-Za-z0-9]+|[A-Z][a-z0-9]+)[\\w-]{0,63})'
const MARKS = '[`*_<>\\[\\]]{0,4}'

const BULLET = '(?:[-*+•]|\\d{1,3}[.)])[ \\t]{1,4}'
const WHAT_IT_DOES = '[ \\t]{0,4}(?:\\([^()]{0,100}\\)[ \\t]{0,4})?(?:[:—–]|-[ \\t])'

/** ## read_file   ### 3. Tool: `read_file`   ## <read_file>   #### read_file (path)   ## The read_file tool */
const HASHED = new RegExp(
  `^#{1,6}[ \\t]{1,4}(?:\\d{1,3}[.)][ \\t]{1,4})?(?:the[ \\t])?(?:tool:?[ \\t]{1,4})?${MARKS}${NAME}${MARKS}(?:[ \\t]tool)?[ \\t]{0,4}(?:[:(—–-].{0,200})?$`,
  'i',
)
/** **read_file** — Reads a file.   - **read_file**: ...   1. **`read_file`** */
const BOLD = new RegExp(`^(?:${BULLET})?\\*\\*${MARKS}${NAME}${MARKS}:?\\*\\*`)
/** - read_file: Reads a file.   1. read_file(path) - ... */
const LISTED = new RegExp(`^${BULLET}${MARKS}${NAME}${MARKS}${WHAT_IT_DOES}`)
/** `read_file` - Reads a file.   read_file: ... */
const BARE = new RegExp(`^${MARKS}${COMPOUND}${MARKS}(?:${WHAT_IT_DOES}|:?[ \\t]{0,4}$)`)
/** Tool: read_file   Tool name: `read_file`   Name: read_file */
const LABELLED = new RegExp(
  `^(?:[-*+•][ \\t]{1,4})?${MARKS}(?:tool(?:[ _]name)?|name|function|command|action)${MARKS}:${MARKS}[ \\t]{0,4}${MARKS}${NAME}`,
  'i',
)

/** By its first character, the forms that a line may have. */
function formsOf(first: number): readonly RegExp[] {
  if (first === 35) return [HASHED]
  if (first === 42) return [LABELLED, BOLD, LISTED]
  if (first === 45 || first === 43 || first === 0x2022) return [LABELLED, BOLD, LISTED]
  if (first >= 48 && first <= 57) return [BOLD, LISTED]
  if (first === 96 || first === 95 || first === 91) return [LABELLED, BARE]
  const letter = first | 32
  return letter >= 97 && letter <= 122 ? [LABELLED, BARE] : []
}

/** Behind this many characters a line is no heading. */
const LONGEST = 320

/** All such lines, in order. A name alone says little: it counts only together with an element of that name behind it. */
export function findHeadings(text: string): Heading[] {
  const headings: Heading[] = []
  for (let offset = 0; offset < text.length;) {
    const newline = text.indexOf('\n', offset)
    const end = newline < 0 ? text.length : newline
    const name = nameOf(text.slice(offset, Math.min(end, offset + LONGEST)))
    if (name !== undefined) headings.push({ name, offset })
    offset = end + 1
  }
  return headings
}

function nameOf(raw: string): string | undefined {
  const line = raw.trim()
  if (line.length < 3) return undefined
  for (const form of formsOf(line.charCodeAt(0))) {
    const name = form.exec(line)?.[1]
    if (name !== undefined) return name
  }
  return undefined
}
