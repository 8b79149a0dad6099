// The ACP library takes 25 MB of memory and 50 ms: a server without such agents never loads it.
import { expect, test } from 'bun:test'
import { Glob } from 'bun'
import { join } from 'node:path'

const SOURCE = join(import.meta.dir, '../../../src')
const LIBRARY = '@agentclientprotocol/sdk'

test('it is loaded by one file, when the first agent starts', async () => {
  const transpiler = new Bun.Transpiler({ loader: 'ts' })
  const found: string[] = []
  for (const file of new Glob('**/*.ts').scanSync(SOURCE)) {
    const text = await Bun.file(join(SOURCE, file)).text()
    const imports = transpiler.scanImports(text.replace(/^#!.*/, ''))
    for (const { path, kind } of imports) if (path.startsWith(LIBRARY)) found.push(`${file} ${kind}`)
  }
  expect(found).toEqual(['providers/acp-client.ts dynamic-import'])
})
