import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realCli } from './real-cli.ts'

/**
 * A Claude Code that does not get something of what it is told: `frames` is code over the `frame` of one line, `args` over the
 * arguments.
 */
export async function forgetful(frames: string, args = ''): Promise<{ path: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'cligate-forgetful-'))
  const path = join(folder, 'claude')
  await Bun.write(
    path,
    `#!${process.execPath}
const args = process.argv.slice(2)
${args}
const child = Bun.spawn([${JSON.stringify(realCli('claude'))}, ...args], { stdin: 'pipe', stdout: 'inherit', stderr: 'inherit' })
const pass = (line) => {
  const frame = JSON.parse(line)
  ${frames}
  return JSON.stringify(frame) + '\\n'
}
let rest = ''
for await (const chunk of Bun.stdin.stream()) {
  rest += Buffer.from(chunk).toString()
  const lines = rest.split('\\n')
  rest = lines.pop()
  child.stdin.write(lines.map(pass).join(''))
  child.stdin.flush()
}
child.stdin.end()
process.exit(await child.exited)
`,
  )
  await chmod(path, 0o755)
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}
