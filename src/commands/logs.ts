import { defineCommand } from 'citty'
import { EXIT, STAYS } from './exit-code.ts'
import { configOf, folderFlags } from './state-folder.ts'
import { UsageError } from './usage.ts'

export const logs = defineCommand({
  meta: { name: 'logs', description: 'The last lines of the log of the server in the background' },
  args: {
    ...folderFlags,
    lines: { type: 'string', alias: 'n', description: 'How many', valueHint: 'number', default: '50' },
    follow: { type: 'boolean', alias: 'f', description: 'Goes on with what is written from now on' },
  },
  async run({ args }) {
    const wanted = Number(args.lines)
    if (!Number.isSafeInteger(wanted) || wanted < 0) throw new UsageError('--lines takes a whole number.')
    const [{ serverLogFile }, { lastLines, followFile }] = await Promise.all([
      import('./background.ts'),
      import('./log-tail.ts'),
    ])
    const config = await configOf(args)
    const file = config.log.file ?? serverLogFile(config.state_dir)
    const tail = await lastLines(file, wanted)
    if (tail === undefined) {
      console.error(`There is no log yet: ${file}`)
      return EXIT.failed
    }
    process.stdout.write(tail.text)
    if (!args.follow) return EXIT.ok
    followFile(file, tail.end, (text) => void process.stdout.write(text))
    return STAYS
  },
})
