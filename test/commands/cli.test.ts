import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }

const CLI = join(import.meta.dir, '../../src/cli.ts')
const root = mkdtempSync(join(tmpdir(), 'cligate-cli-'))
afterAll(() => rmSync(root, { recursive: true }))

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(root, 'cwd-'))
})

type Result = { code: number; out: string; error: string }

async function cligate(
  words: string[],
  environment: Record<string, string> = {},
  runtime: string[] = [],
): Promise<Result> {
  const child = Bun.spawn([process.execPath, ...runtime, CLI, ...words], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...environment },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code, out, error }
}

describe('help and version', () => {
  test('--help names every command and colours nothing in a pipe', async () => {
    for (const words of [['--help'], ['-h']]) {
      const { code, out, error } = await cligate(words, { FORCE_COLOR: '1' })
      expect({ code, error }).toEqual({ code: 0, error: '' })
      for (const name of ['serve', 'doctor', 'config', 'version']) expect(out).toContain(name)
      expect(out).not.toContain('\u001B')
    }
  })

  test('help of a command, and of one below another; options alone mean serve', async () => {
    expect((await cligate(['config', 'show', '--help'])).out).toContain('USAGE cligate config show')
    const serve = await cligate(['--port', '1', '--help'])
    expect(serve).toMatchObject({ code: 0, error: '' })
    expect(serve.out).toContain('USAGE cligate serve')
  })

  test('--version, and version with its runtime', async () => {
    expect((await cligate(['--version'])).out).toBe(`${packageJson.version}\n`)
    expect(JSON.parse((await cligate(['version', '--json'])).out)).toMatchObject({
      cligate: packageJson.version,
      bun: Bun.version,
    })
  })

  test('an old runtime is told so, in two lines and without a stack', async () => {
    const { code, error } = await cligate(['--version'], {}, [
      '--preload',
      join(import.meta.dir, 'old-runtime/main.ts'),
    ])
    expect(code).toBe(2)
    expect(error).toStartWith('cligate needs Bun 1.4.5 or newer; this is Bun 1.3.14.\n')
    expect(error.trimEnd().split('\n').length).toBe(2)
    const minimum = /MINIMUM_BUN = '([^']+)'/.exec(readFileSync(CLI, 'utf8'))?.[1]
    expect(packageJson.engines.bun).toBe(`>=${minimum}`)
  })
})

describe('what is not understood is refused, with the nearest name', () => {
  test.each([
    [['srve'], 'Unknown command "srve". Did you mean serve?'],
    [['config', 'sho'], 'Unknown command "sho". Did you mean show?'],
    [['--prot', '9000'], 'Unknown option "--prot". Did you mean --port?'],
    [['doctor', '--jsn'], 'Unknown option "--jsn". Did you mean --json?'],
    [['serve', '9000'], 'Unexpected word "9000".'],
    [['--port'], 'Option --port needs a value.'],
    [['version', '--port', '1'], 'Unknown option "--port".'],
    [['config', '__proto__'], 'Unknown command "__proto__".'],
  ])('%j', async (words, message) => {
    const { code, out, error } = await cligate(words)
    expect({ code, out, error }).toEqual({ code: 2, out: '', error: `${message}\nSee: cligate --help\n` })
  })
})

describe('config', () => {
  test('validate tells all mistakes at once and exits with 2', async () => {
    writeFileSync(join(folder, 'cligate.yaml'), 'server:\n  prot: 1\n  host: 5\nlog:\n  level: loud\n')
    writeFileSync(join(folder, '.env'), 'MAX_TIMEOUT=soon\n')
    const { code, out, error } = await cligate(['config', 'validate', '--port', '70000'])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(error.replaceAll(`${folder}/`, '')).toBe(`The configuration has 5 problems:
  server.prot is unknown; did you mean server.port? (file cligate.yaml:2)
  server.host must be a text, but is 5 (file cligate.yaml:3)
  server.port must be 65535 or less, but is 70000 (flag --port)
  timeouts.total must be a number, but is "soon" (.env MAX_TIMEOUT)
  log.level must be "debug" or "info" or "warn" or "error" or "silent", but is "loud" (file cligate.yaml:5)
`)
    const json = await cligate(['config', 'validate', '--json'])
    expect(json.code).toBe(2)
    expect(JSON.parse(json.out)).toMatchObject({ valid: false })
    expect(JSON.parse(json.out).problems.length).toBe(4)
  })

  test.each([
    ['aliases: {a: b, b: "a:high"}', 'The model alias "a" leads back to itself: a -> b -> a'],
    ['aliases: {fast: --help}', 'The model alias "fast": "--help" is not a legal model name.'],
  ])('%s is a wrong configuration for every command', async (line, message) => {
    writeFileSync(join(folder, 'cligate.yaml'), `strict: true\n${line}\n`)
    const told = `The configuration has a problem:\n  ${message} (file ${folder}/cligate.yaml:2)\n`
    for (const words of [['config', 'validate'], ['config', 'show'], ['doctor'], ['serve', '--port', '0']]) {
      expect(await cligate(words)).toEqual({ code: 2, out: '', error: told })
    }
    const json = await cligate(['config', 'validate', '--json'])
    expect(json.code).toBe(2)
    expect(JSON.parse(json.out)).toMatchObject({ valid: false, problems: [{ message }] })
  })

  test('validate of a good one', async () => {
    writeFileSync(join(folder, 'other.yaml'), 'server: {port: 1}\n')
    const { code, out } = await cligate(['config', 'validate', '--config', 'other.yaml'])
    expect({ code, out }).toEqual({ code: 0, out: `The configuration is valid (file: ${folder}/other.yaml).\n` })
  })

  test('show tells what is set and where: flags over environment over .env over file', async () => {
    writeFileSync(join(folder, 'cligate.yaml'), 'server: {port: 1, host: "::1"}\nstrict: true\nlog: {level: warn}\n', {
      mode: 0o600,
    })
    // Bun itself reads .env into the environment; that may not change what is shown as its source.
    writeFileSync(join(folder, '.env'), 'PORT=2\nHOST=localhost\nLOG_LEVEL=error\nAPI_KEY=SEEDED-key\n')
    const shown = await cligate(['config', 'show', '--json', '--log-level', 'debug'], { PORT: '3' })
    expect(shown.code).toBe(0)
    expect(shown.out + shown.error).not.toContain('SEEDED')
    const { file, settings } = JSON.parse(shown.out)
    expect(file).toBe(join(folder, 'cligate.yaml'))
    expect(settings.map(({ path, value, source }: Record<string, unknown>) => [path, value, source])).toEqual([
      ['server.host', 'localhost', '.env HOST'],
      ['server.port', 3, 'env PORT'],
      ['server.api_keys', ['[redacted]'], '.env API_KEY'],
      ['strict', true, `file ${file}:2`],
      ['log.level', 'debug', 'flag --log-level'],
    ])
    const text = await cligate(['config', 'show'])
    expect(text.out).toMatch(/^server\.port: 2 +# \.env PORT$/m)
    expect(text.out + text.error).not.toContain('SEEDED')
    const all = await cligate(['config', 'show', '--resolved'])
    expect(all.out).toMatch(/^images\.max_mb: 3\.75 +# default$/m)
  })

  test('schema is a JSON Schema', async () => {
    const { code, out } = await cligate(['config', 'schema'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ type: 'object', additionalProperties: false })
  })

  test('a name alone shows the help and exits with 2', async () => {
    const { code, out } = await cligate(['config'])
    expect(code).toBe(2)
    expect(out).toContain('show|validate|init|schema')
  })
})
