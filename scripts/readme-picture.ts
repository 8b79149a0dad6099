// Renders docs/first-minute.svg from a true run on a terminal: cligate starts for the first time, with the real CLIs of the tests
// in front of a simulated model API, prints its banner, and two examples get their answers from the demo models.
// Usage: bun scripts/readme-picture.ts
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realCli } from '../test/real/harness/real-cli.ts'
import { cleanEnvironment, eventually } from '../test/support/cligate.ts'
import { startUpstream } from '../test/upstream/upstream.ts'

const ROOT = join(import.meta.dir, '..')
const WIDTH = 118
const LINE_HEIGHT = 19
const LOG_LINE = /^\d\d:\d\d:\d\d\.\d{3} /

const upstream = await startUpstream()
const home = mkdtempSync(join(tmpdir(), 'cligate-picture-'))
writeFileSync(join(home, 'cligate.yaml'), Bun.YAML.stringify(settings(upstream.url)), { mode: 0o600 })

let screen = ''
const decoder = new TextDecoder()
const server = Bun.spawn(['bun', join(ROOT, 'src/cli.ts'), '--port', '0'], {
  cwd: home,
  env: { ...cleanEnvironment(upstream.url, home), TERM: 'dumb' },
  terminal: {
    cols: WIDTH,
    rows: 100,
    data(_, bytes) {
      screen += Bun.stripANSI(decoder.decode(bytes, { stream: true })).replaceAll('\r', '')
    },
  },
})
try {
  await eventually('the question', () => screen.includes('(y/N)'))
  server.terminal?.write('\r')
  // The curl command is the banner's last. The log is on the same terminal, and left out.
  const banner = await eventually('the banner', () => /^[\s\S]+?\n {4}-d '.*'\n/.exec(screen)?.[0], 30_000)
  const url = /listening on (\S+)/.exec(banner)?.[1] ?? ''
  const stream = await outputOf(['examples/openai-sdk.ts', 'demo/chat', 'Hello!'], url)
  const functions = await outputOf(['examples/openai-functions.ts', 'demo/tools'], url)
  const lines = [
    '$ npx -y bun@1.4.5 run start',
    ...banner
      .replaceAll(url, 'http://127.0.0.1:8000')
      .trim()
      .split('\n')
      .filter((line) => !LOG_LINE.test(line)),
    '',
    "$ bun examples/openai-sdk.ts demo/chat 'Hello!'",
    ...stream.split('\n').flatMap((line) => wrapped(line)),
    '',
    '$ bun examples/openai-functions.ts demo/tools',
    ...functions.split('\n'),
  ]
  await Bun.write(join(ROOT, 'docs/first-minute.svg'), svg(lines))
} finally {
  server.kill()
  await server.exited
  await upstream.stop()
  rmSync(home, { recursive: true, force: true })
}

/** All four CLIs, with keys that mean nothing. None is started ahead: on a busy machine they would slow each other down. */
function settings(service: string): object {
  return {
    state_dir: join(home, 'state'),
    providers: {
      claude: { path: realCli('claude'), warm: { size: 0 } },
      codex: { path: realCli('codex'), env: { OPENAI_API_KEY: 'sk-dummy' }, base_url: `${service}/v1`, warm: false },
      gemini: {
        path: realCli('gemini'),
        env: { GOOGLE_GEMINI_BASE_URL: service, GEMINI_API_KEY: 'dummy' },
        warm: { size: 0 },
      },
      qwen: {
        path: realCli('qwen'),
        warm: false,
        env: { OPENAI_API_KEY: 'sk-dummy', OPENAI_BASE_URL: `${service}/v1`, OPENAI_MODEL: 'qwen3-coder-plus' },
      },
    },
  }
}

async function outputOf([file = '', ...words]: string[], url: string): Promise<string> {
  const example = Bun.spawn(['bun', join(ROOT, file), ...words], {
    env: { PATH: process.env.PATH ?? '', CLIGATE_URL: url },
    stdout: 'pipe',
  })
  return (await example.stdout.text()).trimEnd()
}

/** The line in pieces that fit the window. */
function wrapped(line: string): string[] {
  const pieces = line.match(new RegExp(`.{1,${WIDTH}}(?: |$)`, 'gu'))
  return pieces ?? ['']
}

/** A terminal window with these lines in it. */
function svg(lines: string[]): string {
  const rows = lines.map((line) => (line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line))
  const height = rows.length * LINE_HEIGHT + 60
  const text = rows.map((row, index) => {
    const tone = row.startsWith('$') ? '#9ece6a' : '#c0caf5'
    return `<text x="20" y="${56 + index * LINE_HEIGHT}" fill="${tone}" xml:space="preserve">${Bun.escapeHTML(row)}</text>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="960" height="${height}" viewBox="0 0 960 ${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13">`,
    `<rect width="960" height="${height}" rx="10" fill="#1a1b26"/>`,
    ...['#f7768e', '#e0af68', '#9ece6a'].map(
      (color, index) => `<circle cx="${22 + index * 18}" cy="20" r="6" fill="${color}"/>`,
    ),
    ...text,
    '</svg>\n',
  ].join('\n')
}
