import { type ArgsDef, type CommandDef, defineCommand } from 'citty'
import { EXIT } from './exit-code.ts'
import { completionScript, type CommandWords, SHELLS } from './completion-script.ts'
import { UsageError } from './usage.ts'

export const completion = defineCommand({
  meta: {
    name: 'completion',
    description: 'A script that completes this command line: eval "$(cligate completion bash)"',
  },
  args: { shell: { type: 'positional', description: 'bash, zsh or fish', required: true } },
  async run({ args }) {
    const shell = SHELLS.find((name) => name === args.shell)
    if (!shell)
      throw new UsageError(
        `There is no completion for ${JSON.stringify(args.shell)}; there is for ${SHELLS.join(', ')}.`,
      )
    const { root } = await import('./main.ts')
    console.log(completionScript(shell, await wordsOf(root, [])))
    return EXIT.ok
  },
})

/** All commands below one, each with what may follow it. */
async function wordsOf(command: CommandDef, path: string[]): Promise<CommandWords[]> {
  const children = Object.entries((await value(command.subCommands)) ?? {})
  const options = Object.entries((await value<ArgsDef>(command.args)) ?? {}).filter(
    ([, { type }]) => type !== 'positional',
  )
  const own: CommandWords = {
    path,
    commands: children.map(([name]) => name),
    options: [...options.map(([name]) => `--${name}`), '--help'],
  }
  const below = await Promise.all(
    children.map(async ([name, child]) => wordsOf((await value<CommandDef>(child)) as CommandDef, [...path, name])),
  )
  return [own, ...below.flat()]
}

/** citty takes values, promises, and functions that give either. */
async function value<T>(resolvable: unknown): Promise<T | undefined> {
  return (await (typeof resolvable === 'function' ? (resolvable as () => unknown)() : resolvable)) as T | undefined
}
