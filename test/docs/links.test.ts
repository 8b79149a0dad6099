// Links between pages lead somewhere, and every page can be reached.
import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { type Page, pages, ROOT } from './pages.ts'

const LINK = /\]\(([^)\s]+)\)/g

/** Targets of a page's links to files, from the root of the repository, with what is behind the `#`. */
function linksOf({ path: from, text }: Page): { from: string; target: string; anchor: string | undefined }[] {
  return [...text.matchAll(LINK)]
    .map((match) => match[1]!)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [file = '', anchor] = link.split('#')
      return { from, target: file === '' ? from : normalize(join(dirname(from), file)), anchor }
    })
}

/** The anchors that a reader of Markdown makes of headings. */
function anchorsOf({ text }: Page): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

const links = pages.flatMap(linksOf)

describe('links', () => {
  test('are found', () => expect(links.length).toBeGreaterThan(40))

  test.each(links)('$from: $target $anchor', ({ target, anchor }) => {
    expect(existsSync(join(ROOT, target)), `${target} is not there`).toBe(true)
    const found = pages.find(({ path }) => path === target)
    if (anchor !== undefined) expect(found && anchorsOf(found)).toContain(anchor)
  })

  test('every page below docs can be reached from the README', () => {
    const reached = new Set(['README.md'])
    for (const from of reached) {
      const page = pages.find(({ path }) => path === from)
      for (const { target } of page ? linksOf(page) : []) reached.add(target)
    }
    const lost = pages.map(({ path }) => path).filter((path) => path.startsWith('docs/') && !reached.has(path))
    expect(lost).toEqual([])
  })
})

test('decisions have context, decision and consequences', () => {
  const decisions = pages.filter(({ path }) => /^docs\/decisions\/\d{4}-\d\d-\d\d-[a-z-]+\.md$/.test(path))
  expect(decisions.length).toBeGreaterThan(5)
  for (const { path, text } of decisions) {
    expect(
      [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1]),
      path,
    ).toEqual(['Context', 'Decision', 'Consequences'])
  }
})
