import { defineCommand, renderUsage, runCommand } from 'citty'
import packageJson from '../../package.json' with { type: 'json' }
import { CommandError, EXIT, STAYS } from './exit-code.ts'
import { checkOptions, choose, type Chosen, UsageError } from './usage.ts'

/** The whole command tree. */
export const root = defineCommand({
  meta: { name: 'cligate', version: packageJson.version, description: 'One gate to every AI command-line tool' },
  // Each command is loaded when it is used: `cligate version` does not wait for the server's code.
  subCommands: {
    serve: () => import('./serve.ts').then((module) => module.serve),
    start: () => import('./start.ts').then((module) => module.start),
    stop: () => import('./stop.ts').then((module) => module.stop),
    restart: () => import('./restart.ts').then((module) => module.restart),
    status: () => import('./status.ts').then((module) => module.status),
    logs: () => import('./logs.ts').then((module) => module.logs),
    doctor: () => import('./doctor.ts').then((module) => module.doctor),
    config: () => import('./config.ts').then((module) => module.config),
    auth: () => import('./auth.ts').then((module) => module.auth),
    account: () => import('./account.ts').then((module) => module.account),
    service: () => import('./service.ts').then((module) => module.service),
    connect: () => import('./connect.ts').then((module) => module.connect),
    completion: () => import('./completion.ts').then((module) => module.completion),
    keys: () => import('./keys.ts').then((module) => module.keys),
    version: () => import('./version.ts').then((module) => module.version),
  },
})

/**
 * Runs a command line. Without a command's name, `serve` is meant.
 * @returns the exit code (see EXIT); undefined when the process is to go on
 */
export async function main(words: readonly string[]): Promise<number | undefined> {
  try {
    return await run(words)
  } catch (error) {
    return await explain(error)
  }
}

async function run(words: readonly string[]): Promise<number | undefined> {
  const [first] = words
  if (words.length === 1 && (first === '--version' || first === '-v')) {
    console.log(packageJson.version)
    return EXIT.ok
  }
  const asksHelp = words.some((word) => word === '--help' || word === '-h')
  const named = first !== undefined && !first.startsWith('-')
  const bareHelp = asksHelp && words.length === 1
  const chosen = await choose(root, named || bareHelp ? words : ['serve', ...words])
  if (asksHelp) {
    await showHelp(chosen)
    return EXIT.ok
  }
  if (chosen.command.subCommands) {
    await showHelp(chosen)
    return EXIT.misuse
  }
  await checkOptions(chosen)
  const { result } = await runCommand(chosen.command, { rawArgs: chosen.rest })
  if (result === STAYS) return undefined
  return typeof result === 'number' ? result : EXIT.ok
}

async function showHelp({ command, path }: Chosen): Promise<void> {
  const name = ['cligate', ...path.slice(0, -1)].join(' ')
  const parent = path.length > 0 ? { meta: { name, version: packageJson.version } } : undefined
  const usage = `${await renderUsage(command, parent)}\n`
  // citty colours by NO_COLOR=1 and CI alone, also into a pipe.
  const plain = process.env['NO_COLOR'] || !process.stdout.isTTY
  console.log(plain ? Bun.stripANSI(usage) : usage)
}

async function explain(error: unknown): Promise<number> {
  // citty's own word for a required argument that is missing; the class itself is not exported (0.2.2).
  if (error instanceof UsageError || (error instanceof Error && error.name === 'CLIError')) {
    console.error(`${error.message}\nSee: cligate --help`)
    return EXIT.misuse
  }
  const { ConfigError } = await import('../config/error.ts')
  if (error instanceof ConfigError) {
    console.error(error.message)
    return EXIT.misuse
  }
  const { createRedactor } = await import('../observe/redact.ts')
  // An error with a code comes from the system and needs no stack: EACCES, EADDRNOTAVAIL, ENOSPC.
  const known = error instanceof CommandError || (error instanceof Error && 'code' in error)
  const text = error instanceof Error ? ((known ? error.message : error.stack) ?? error.message) : Bun.inspect(error)
  console.error(`cligate: ${createRedactor().text(text)}`)
  return EXIT.failed
}
