// The pages of the documentation, and what is written on them in the typeface of code.
import { Glob } from 'bun'
import { join } from 'node:path'

export const ROOT = join(import.meta.dir, '../..')

export type Page = {
  /** Below the root of the repository: `docs/operations.md`. */
  path: string
  text: string
  /** Inline code. */
  spans: string[]
  /** Fenced code, with the language it is said to be. */
  blocks: { language: string; text: string }[]
}

const FENCE = /^ *```(\w*)\n([\s\S]*?)^ *```$/gm

export const pages: readonly Page[] = await Promise.all(
  ['*.md', 'docs/**/*.md', 'examples/**/*.md']
    .flatMap((pattern) => [...new Glob(pattern).scanSync(ROOT)].toSorted())
    .map(readPage),
)

async function readPage(path: string): Promise<Page> {
  const text = await Bun.file(join(ROOT, path)).text()
  const blocks = [...text.matchAll(FENCE)].map(([, language = '', body = '']) => ({ language, text: body }))
  const prose = text.replace(FENCE, '')
  return { path, text, blocks, spans: [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!) }
}

export function page(path: string): Page {
  const found = pages.find((candidate) => candidate.path === path)
  if (!found) throw new Error(`There is no page ${path}.`)
  return found
}

/** Each piece of code that `pattern` finds something in, once, as `[what, where]`. The first group is what is meant. */
export function mentioned(pattern: RegExp): [what: string, where: string][] {
  const found = new Map<string, string>()
  for (const { path, spans, blocks } of pages) {
    for (const text of [...spans, ...blocks.map((block) => block.text)]) {
      for (const match of text.matchAll(pattern)) found.set(match[1] ?? match[0], path)
    }
  }
  return [...found]
}

/** The text of all source files, to look a name up in. */
export const source: string = (
  await Promise.all(
    [...new Glob('src/**/*.ts').scanSync(ROOT), 'Dockerfile'].map((path) => Bun.file(join(ROOT, path)).text()),
  )
).join('\n')
