// The demo model's own tokens: a word with the white space before it, at most 16 characters of it.

const TOKEN = /[ \t\n\r]*[^ \t\n\r]{1,16}|[ \t\n\r]+$/gu
const LONGEST = 16

/** The tokens of a text; together they are the text. */
export function tokenise(text: string): string[] {
  return text.match(TOKEN) ?? []
}

/** How many tokens `tokenise` would give, without making them. */
export function countTokens(text: string): number {
  let count = 0
  let characters = 0
  let space = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    space = code === 32 || (code >= 9 && code <= 13 && code !== 11 && code !== 12)
    if (space) {
      characters = 0
      continue
    }
    if (characters % LONGEST === 0) count += 1
    characters += 1
    // Both halves of a surrogate pair are one character.
    const next = text.charCodeAt(at + 1)
    if (code >= 0xd800 && code <= 0xdbff && next >= 0xdc00 && next <= 0xdfff) at += 1
  }
  return space ? count + 1 : count
}
