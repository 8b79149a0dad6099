// Renders docs/first-minute.svg from a true run: cligate starts in an empty home, prints its banner, and the official SDK gets an answer.
// Usage: bun scripts/readme-picture.ts
import { join } from 'node:path'
import { CLAUDE, eventually, startCligate } from '../test/support/cligate.ts'
import { startUpstream } from '../test/upstream/upstream.ts'

const WIDTH = 118
const LINE_HEIGHT = 19
const upstream = await startUpstream()
const gate = await startCligate({ upstreamUrl: upstream.url, config: { providers: { claude: { path: CLAUDE } } } })
try {
  const banner = await eventually('the banner', async () => {
    const text = await Bun.file(join(gate.home, 'stdout.log')).text()
    return text.includes('Try it') ? text : undefined
  })
  const example = Bun.spawn(['bun', join(import.meta.dir, '../examples/openai-sdk.ts'), 'demo/chat', 'Hello!'], {
    env: { PATH: process.env.PATH ?? '', CLIGATE_URL: gate.url },
    stdout: 'pipe',
  })
  const answer = await example.stdout.text()
  const port = new URL(gate.url).port
  const lines = [
    '$ npx -y bun@1.4.5 run start',
    ...banner.replaceAll(port, '8000').trimEnd().split('\n'),
    '',
    "$ bun examples/openai-sdk.ts demo/chat 'Hello!'",
    ...answer
      .trimEnd()
      .split('\n')
      .flatMap((line) => wrapped(line)),
  ]
  await Bun.write(join(import.meta.dir, '../docs/first-minute.svg'), svg(lines))
} finally {
  await gate.stop()
  await upstream.stop()
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
