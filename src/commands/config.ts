import { defineCommand } from 'citty'
import { resolve } from 'node:path'
import { configFlags, loadOptions } from './config-flags.ts'
import { CommandError, EXIT } from './exit-code.ts'

const show = defineCommand({
  meta: { name: 'show', description: 'What is configured, and where; secrets are left out' },
  args: {
    ...configFlags,
    resolved: { type: 'boolean', description: 'All keys, defaults included' },
    json: { type: 'boolean', description: 'As JSON' },
  },
  async run({ args }) {
    const [{ loadCheckedConfig }, { shownSettings }] = await Promise.all([
      import('./load-config.ts'),
      import('../config/display.ts'),
    ])
    const loaded = loadCheckedConfig(loadOptions(args))
    const settings = shownSettings(loaded, args.resolved === true)
    if (args.json) {
      console.log(JSON.stringify({ file: loaded.file ?? null, settings }, null, 2))
      return EXIT.ok
    }
    console.log(`# file: ${loaded.file ?? 'none'}`)
    if (settings.length === 0) console.log('# Nothing is set; --resolved shows the defaults.')
    const lines = settings.map(
      ({ path, value, source }) => [`${path}: ${JSON.stringify(value) ?? ''}`, source] as const,
    )
    const width = Math.min(60, Math.max(0, ...lines.map(([text]) => text.length)))
    for (const [text, source] of lines) console.log(`${text.padEnd(width)}  # ${source}`)
    for (const warning of loaded.warnings) console.error(warning)
    return EXIT.ok
  },
})

const validate = defineCommand({
  meta: { name: 'validate', description: 'Checks the configuration; exit code 2 when it cannot be used' },
  args: { ...configFlags, json: { type: 'boolean', description: 'As JSON' } },
  async run({ args }) {
    const [{ loadCheckedConfig }, { ConfigError }] = await Promise.all([
      import('./load-config.ts'),
      import('../config/error.ts'),
    ])
    try {
      const { file, warnings } = loadCheckedConfig(loadOptions(args))
      if (args.json) console.log(JSON.stringify({ valid: true, file: file ?? null, problems: [], warnings }, null, 2))
      else console.log([`The configuration is valid (file: ${file ?? 'none'}).`, ...warnings].join('\n'))
      return EXIT.ok
    } catch (error) {
      if (!args.json || !(error instanceof ConfigError)) throw error
      console.log(JSON.stringify({ valid: false, problems: error.problems, warnings: [] }, null, 2))
      return EXIT.misuse
    }
  },
})

const schema = defineCommand({
  meta: { name: 'schema', description: 'The JSON Schema of cligate.yaml, for editors' },
  async run() {
    const { configJsonSchema } = await import('../config/display.ts')
    console.log(JSON.stringify(configJsonSchema(), null, 2))
    return EXIT.ok
  },
})

const init = defineCommand({
  meta: { name: 'init', description: 'Writes a cligate.yaml with every key, its description and its default' },
  args: { print: { type: 'boolean', description: 'Shows it, and writes nothing' } },
  async run({ args }) {
    const { configTemplate } = await import('../config/template.ts')
    if (args.print) {
      console.log(configTemplate())
      return EXIT.ok
    }
    const { createFile } = await import('../files/whole-file.ts')
    if (!createFile(resolve('cligate.yaml'), configTemplate())) {
      throw new CommandError('There is a cligate.yaml already; it is left as it is. See: cligate config init --print')
    }
    console.log('Wrote cligate.yaml. It changes nothing yet: every line is a comment.')
    return EXIT.ok
  },
})

export const config = defineCommand({
  meta: { name: 'config', description: 'Shows, checks and describes the configuration' },
  subCommands: { show, validate, init, schema },
})
