// Elements in running text: `<name> ... </name>`, without attributes, as tool calls in prose are written.

/** `children` are the names of the elements directly in it, at most 24 of them. */
export type Block = { name: string; start: number; end: number; children: string[] }

type Open = { name: string; start: number; children: string[] }

/** Names of tools are identifiers; the length bounds what a `<` may cost. */
const LONGEST_NAME = 64
const MOST_CHILDREN = 24

/**
 * The elements whose names are wanted and that are closed, in the order in which they end. Tags that are never closed, as in
 * "put it in <thinking> tags", do no harm. Linear in the length of the text, whatever it is.
 */
export function* findBlocks(text: string, isWanted: (name: string) => boolean): Generator<Block> {
  const stack: Open[] = []
  const waiting = new Map<string, number>()
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at + 1)) {
    const closing = text.charCodeAt(at + 1) === SLASH
    const from = closing ? at + 2 : at + 1
    const to = nameEnd(text, from)
    if (to === from || text.charCodeAt(to) !== GREATER) continue
    const name = text.slice(from, to)
    // Between two wanted elements nothing is of interest.
    if (stack.length === 0 && (closing || !isWanted(name))) continue
    const count = waiting.get(name) ?? 0
    if (!closing) {
      stack.push({ name, start: at, children: [] })
      waiting.set(name, count + 1)
      continue
    }
    if (count === 0) continue
    let open: Open
    do {
      open = stack.pop()!
      waiting.set(open.name, waiting.get(open.name)! - 1)
    } while (open.name !== name)
    const parent = stack.at(-1)
    if (parent && parent.children.length < MOST_CHILDREN) parent.children.push(name)
    if (isWanted(name)) yield { name, start: open.start, end: to + 1, children: open.children }
  }
}

const SLASH = 47
const GREATER = 62

/** Where the identifier that begins at `from` ends; `from` itself where none does. */
function nameEnd(text: string, from: number): number {
  if (!isLetter(text.charCodeAt(from))) return from
  let to = from + 1
  while (to - from < LONGEST_NAME && isWord(text.charCodeAt(to))) to += 1
  return to
}

const isLetter = (code: number) => (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
/** Letters, digits, `-` and `_`. */
const isWord = (code: number) => isLetter(code) || (code >= 48 && code <= 57) || code === 45 || code === 95
