// The house rules that no linter knows: which layer may import which, and which files every sibling folder has.
import { describe, expect, test } from 'bun:test'
import { Glob } from 'bun'
import { dirname, join, normalize } from 'node:path'

const SOURCE = join(import.meta.dir, '../src')

/** What each layer may import beside itself. `*` marks the places that put the parts together. */
const MAY_IMPORT: Record<string, string[]> = {
  core: [],
  // How files are written: without a word of what is in them, so that every layer with files may use it.
  files: ['core'],
  content: ['core', 'tools'],
  process: ['core', 'files'],
  tools: ['core'],
  accounts: ['core', 'files'],
  observe: ['core'],
  config: ['core', 'files'],
  dialects: ['core'],
  store: ['core', 'files'],
  providers: ['core', 'files', 'process', 'tools'],
  policy: ['core', 'content', 'providers', 'tools'],
  http: ['core', 'dialects', 'policy', 'observe', 'store'],
  commands: ['*'],
  'server.ts': ['core', 'dialects', 'http', 'policy'],
  'gateway.ts': ['*'],
  'drivers.ts': ['*'],
  'shutdown.ts': ['process', 'observe'],
  'cli.ts': ['commands'],
}

const files = [...new Glob('**/*.ts').scanSync(SOURCE)].toSorted()
const layerOf = (file: string) => file.split('/')[0]!
const transpiler = new Bun.Transpiler({ loader: 'ts' })

/** Relative imports of a file, type-only ones included, as paths below src. */
async function importsOf(file: string): Promise<string[]> {
  // The transpiler's scanner does not know the line that makes a script executable.
  const text = (await Bun.file(join(SOURCE, file)).text()).replace(/^#!.*/, '')
  const values = transpiler.scanImports(text).map((found) => found.path)
  const types = [...text.matchAll(/^(?:import|export) type [^'"]*from ['"]([^'"]+)['"]/gm)].map((match) => match[1]!)
  return [...values, ...types]
    .filter((path) => path.startsWith('.'))
    .map((path) => normalize(join(dirname(file), path)))
    .filter((path) => !path.startsWith('..'))
}

describe('layers point one way', () => {
  test.each(files)('%s', async (file) => {
    const layer = layerOf(file)
    const allowed = MAY_IMPORT[layer]
    expect(allowed, `src/${layer} is not a known layer`).toBeDefined()
    if (allowed!.includes('*')) return
    const strangers = (await importsOf(file)).filter(
      (path) => layerOf(path) !== layer && !allowed!.includes(layerOf(path)),
    )
    expect(strangers).toEqual([])
  })

  test('a provider imports no other provider, a dialect no other dialect', async () => {
    const strangers: string[] = []
    for (const file of files.filter((path) => /^(providers|dialects)\/[^/]+\//.test(path))) {
      const [layer, own] = file.split('/')
      for (const path of await importsOf(file)) {
        const [otherLayer, other, rest] = path.split('/')
        if (otherLayer === layer && rest && other !== own) strangers.push(`${file} -> ${path}`)
      }
    }
    expect(strangers).toEqual([])
  })

  test.each(['providers', 'dialects'])('what %s share knows none of them', async (layer) => {
    const strangers: string[] = []
    for (const file of files.filter((path) => dirname(path) === layer)) {
      for (const path of await importsOf(file)) {
        if (path.startsWith(`${layer}/`) && dirname(path) !== layer) strangers.push(`${file} -> ${path}`)
      }
    }
    expect(strangers).toEqual([])
  })
})

describe('siblings look alike', () => {
  const folders = (layer: string) => [
    ...new Set(
      files
        .filter((file) => file.startsWith(`${layer}/`) && file.split('/').length > 2)
        .map((file) => file.split('/')[1]!),
    ),
  ]
  test.each(folders('dialects'))('dialects/%s', (name) => {
    const common = ['dialect', 'schema', 'decode', 'unsupported', 'answer', 'stream', 'finish', 'usage', 'errors']
    for (const file of common) expect(files).toContain(`dialects/${name}/${file}.ts`)
  })
  test.each(folders('dialects'))('dialects/%s is exported by its name', async (name) => {
    const camelCase = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
    expect(Object.keys(await import(join(SOURCE, `dialects/${name}/dialect.ts`)))).toEqual([camelCase])
  })
  test.each(folders('providers'))('providers/%s', (name) => {
    for (const file of ['driver', 'models']) expect(files).toContain(`providers/${name}/${file}.ts`)
  })
  test.each(['claude', 'codex', 'gemini', 'qwen'])('providers/%s, which drives a CLI of its own', (name) => {
    const common = ['options', 'auth', 'status', 'command', 'boot', 'parameters', 'tools', 'history', 'turn', 'usage']
    for (const file of [...common, 'errors', 'raw']) expect(files).toContain(`providers/${name}/${file}.ts`)
  })
})

test('only process/spawn.ts starts processes', async () => {
  const offenders: string[] = []
  for (const file of files.filter((path) => path !== 'process/spawn.ts')) {
    const text = await Bun.file(join(SOURCE, file)).text()
    if (/Bun\.spawn\b|from 'node:child_process'/.test(text)) offenders.push(file)
  }
  expect(offenders).toEqual([])
})
