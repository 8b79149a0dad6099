// Fetches the one file of the API explorer that is served at /docs, so that it works without a network: the npm package
// itself would bring some 300 others. Usage: bun scripts/vendor-explorer.ts
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Later ones are larger: 1.72 is 1.3 MB compressed, this one 0.7 MB. */
const VERSION = '1.24.70'
const INTEGRITY = '21FPlnVenOOSZprXazCQjoSYyZg5iTh9LIcPGw4ABysFz378t03pi9g9VI00UoY84va9Oabn+Uoc7PqUYV36kQ=='
const TARGET = join(import.meta.dir, '../src/http/explorer')

const folder = mkdtempSync(join(tmpdir(), 'cligate-vendor-'))
try {
  const run = (...command: string[]) => {
    const { exitCode, stderr } = Bun.spawnSync(command, { cwd: folder })
    if (exitCode !== 0) throw new Error(`${command[0]} failed: ${stderr.toString()}`)
  }
  run('npm', 'pack', '--silent', `@scalar/api-reference@${VERSION}`)
  const archive = join(folder, `scalar-api-reference-${VERSION}.tgz`)
  const digest = new Bun.CryptoHasher('sha512').update(await Bun.file(archive).bytes()).digest('base64')
  if (digest !== INTEGRITY) throw new Error(`the package has another sha512 than expected: ${digest}`)
  run('tar', '-xzf', archive)
  const script = await Bun.file(join(folder, 'package/dist/browser/standalone.js')).bytes()
  await Bun.write(join(TARGET, 'scalar.js.gz'), Bun.gzipSync(script, { level: 9 }))
  const license = await Bun.file(join(folder, 'package/LICENSE')).text()
  const note = `scalar.js.gz is dist/browser/standalone.js of @scalar/api-reference ${VERSION}, unchanged but for compression.\n`
  await Bun.write(join(TARGET, 'LICENSE'), `${note}Fetched by scripts/vendor-explorer.ts. Its licence:\n\n${license}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
