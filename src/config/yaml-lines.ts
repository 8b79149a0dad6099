// Where the keys of a YAML file stand: Bun's parser tells neither lines nor repeated keys (1.4.5).

const KEY_LINE = /^( *)("[^"]*"|'[^']*'|[^\s#'"[\]{},&*!|>%@`-][^#]*?) *:(?: +(.*))?$/
const BLOCK_TEXT = /^[|>][+-]?\d?[+-]?(?: +#.*)?$/

/** Line number (from 1) of each key of a block mapping, by its path; keys of `{}` mappings and lists are left out. */
export function keyLines(text: string): { lines: Map<string, number>; repeated: { path: string; line: number }[] } {
  const lines = new Map<string, number>()
  const repeated: { path: string; line: number }[] = []
  const open: { indent: number; path: string }[] = []
  let skipDeeperThan: number | undefined
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const indent = raw.search(/[^ ]/)
    if (indent < 0 || raw[indent] === '#') continue
    if (skipDeeperThan !== undefined && indent > skipDeeperThan) continue
    skipDeeperThan = undefined
    const found = KEY_LINE.exec(raw)
    if (!found) {
      if (raw[indent] === '-') skipDeeperThan = indent
      continue
    }
    while (open.length > 0 && open.at(-1)!.indent >= indent) open.pop()
    const name = found[2]!.replace(/^(["'])(.*)\1$/, '$2')
    const path = open.length > 0 ? `${open.at(-1)!.path}.${name}` : name
    if (lines.has(path)) repeated.push({ path, line: index + 1 })
    lines.set(path, index + 1)
    open.push({ indent, path })
    const rest = found[3] ?? ''
    if (BLOCK_TEXT.test(rest) || /^["'[{]/.test(rest)) skipDeeperThan = indent
  }
  return { lines, repeated }
}

/** The line after which the text stops being YAML: an error's own position is of no use (Bun 1.4.5). */
export function brokenLine(text: string): number {
  const all = text.split('\n')
  let good = 0
  for (let count = 1; count < all.length; count += 1) {
    if (parses(all.slice(0, count).join('\n'))) good = count
  }
  return good + 1
}

function parses(text: string): boolean {
  try {
    Bun.YAML.parse(text)
    return true
  } catch {
    return false
  }
}
