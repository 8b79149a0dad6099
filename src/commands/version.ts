import { defineCommand } from 'citty'
import packageJson from '../../package.json' with { type: 'json' }
import { EXIT } from './exit-code.ts'

export const version = defineCommand({
  meta: { name: 'version', description: 'The version of cligate and of its runtime' },
  args: { json: { type: 'boolean', description: 'As JSON' } },
  run({ args }) {
    const versions = { cligate: packageJson.version, bun: Bun.version, platform: `${process.platform}-${process.arch}` }
    if (args.json) console.log(JSON.stringify(versions))
    else console.log(`cligate ${versions.cligate} (Bun ${versions.bun}, ${versions.platform})`)
    return EXIT.ok
  },
})
