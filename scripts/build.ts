// `bun run build`: one binary that needs nothing installed, for this machine; `--all` for every machine, with checksums.
// Usage: bun scripts/build.ts [--all] [--out folder]
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { progressFor } from '../src/commands/progress.ts'

/** Bun's names of what it compiles for. `baseline` is for processors without AVX2. */
const TARGETS = [
  'linux-x64',
  'linux-x64-baseline',
  'linux-x64-musl',
  'linux-arm64',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'windows-x64',
] as const

/** Bytes that no file may have more of. */
const LIMIT = 120e6

/**
 * Bun for Windows has 115 MB by itself (1.4.5), Bun for Linux 107: there only the code that runs in any case is compiled ahead, which is
 * 1 MB and not 7. It starts some 40 ms later for it.
 */
const FOR_WINDOWS = ['--bytecode-depth=0']

const { values } = parseArgs({ options: { all: { type: 'boolean' }, out: { type: 'string', default: 'dist' } } })
mkdirSync(values.out, { recursive: true })

const built: string[] = []
for (const target of values.all ? TARGETS : [undefined]) {
  built.push(await compile(target))
}

if (values.all) {
  const sums = await Promise.all(
    built.map(async (name) => {
      const hash = new Bun.CryptoHasher('sha256')
      for await (const chunk of Bun.file(join(values.out, name)).stream()) hash.update(chunk)
      return `${hash.digest('hex')}  ${name}\n`
    }),
  )
  writeFileSync(join(values.out, 'SHA256SUMS'), sums.join(''))
}

/**
 * @param target this machine if left out
 * @returns the name of the file
 */
async function compile(target?: (typeof TARGETS)[number]): Promise<string> {
  const isForWindows = target ? target.startsWith('windows') : process.platform === 'win32'
  const file = `cligate${target ? `-${target}` : ''}${isForWindows ? '.exe' : ''}`
  const started = performance.now()
  const child = Bun.spawn(
    [
      process.execPath,
      'build',
      '--compile',
      '--minify',
      // Halves the time to the first answer.
      '--bytecode',
      '--format=esm',
      // A binary reads nothing of the folder that it is started in but its own configuration.
      '--no-compile-autoload-dotenv',
      '--no-compile-autoload-bunfig',
      ...(target ? [`--target=bun-${target}`] : []),
      ...(isForWindows ? FOR_WINDOWS : []),
      'src/cli.ts',
      '--outfile',
      join(values.out, file),
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const code = await progressFor()((step) => {
    step(`Building ${file}`)
    return child.exited
  })
  if (code !== 0) throw new Error(`${file} could not be built.`)
  const { size } = statSync(join(values.out, file))
  const megabytes = (size / 1e6).toFixed(1)
  console.log(`${join(values.out, file)}  ${megabytes} MB, ${((performance.now() - started) / 1000).toFixed(1)} s`)
  if (size > LIMIT) throw new Error(`${file} is larger than ${LIMIT / 1e6} MB.`)
  return file
}
