// Later versions of Qwen Code, as they may come: the real one, in which something is different.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** In the place of the Node.js that runs it: it keeps one tool more than its settings say where it may search. Writes into `folder`; gives the path. */
export function nodeOfLaterQwen(folder: string, tool: string): Promise<string> {
  return nodeWith(
    folder,
    `const fs = require('node:fs')
const read = fs.readFileSync
fs.readFileSync = (...given) => {
  const content = read(...given)
  if (typeof content !== 'string') return content
  return content.replace('"core":["web_search"]', '"core":["web_search",${JSON.stringify(tool)}]')
}
require('node:module').syncBuiltinESMExports()
`,
  )
}

/** The same; it does not know a request of the protocol any more. */
export function nodeOfQwenWithout(folder: string, method: string): Promise<string> {
  return nodeWith(
    folder,
    `const parse = JSON.parse
JSON.parse = (text, ...more) => parse(typeof text === 'string' ? text.replace('"method":"${method}"', '"method":"gone"') : text, ...more)
`,
  )
}

async function nodeWith(folder: string, script: string): Promise<string> {
  const preload = join(folder, 'preload.cjs')
  const path = join(folder, 'node')
  await writeFile(preload, script)
  await writeFile(path, `#!/bin/sh\nexec '${Bun.which('node')}' --require '${preload}' "$@"\n`, { mode: 0o755 })
  return path
}
