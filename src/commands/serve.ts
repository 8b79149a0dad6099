import { defineCommand } from 'citty'
import packageJson from '../../package.json' with { type: 'json' }
import { configFlags, loadOptions } from './config-flags.ts'
import { STAYS } from './exit-code.ts'

export const serve = defineCommand({
  meta: { name: 'serve', description: 'Starts the server (the default command)' },
  args: configFlags,
  async run({ args }) {
    // First what can be wrong, then what takes its time to load.
    const { loadCheckedConfig } = await import('./load-config.ts')
    const loaded = loadCheckedConfig(loadOptions(args))
    const [
      start,
      { installShutdown },
      { createGateway },
      { serve: listen },
      { createLog },
      { secretsOf },
      { askForKey },
      { recordServer },
      { reloadable },
      { ownTerminal },
      { progressFor, wipeProgress },
    ] = await Promise.all([
      import('./start-server.ts'),
      import('../shutdown.ts'),
      import('../gateway.ts'),
      import('../http/listen.ts'),
      import('../observe/log.ts'),
      import('../config/secrets.ts'),
      import('./ask-for-key.ts'),
      import('./server-record.ts'),
      import('./reload.ts'),
      import('./terminal.ts'),
      import('./progress.ts'),
    ])
    // A reader of the banner who leaves (`cligate | head -1`) is no reason to end.
    process.stdout.on('error', () => {})
    await askForKey(loaded.config, ownTerminal())
    const started = await start.startServer(loaded, {
      version: packageJson.version,
      createGateway: async (config, options) =>
        reloadable({
          loaded,
          config,
          gateway: await createGateway(config, options),
          log: options.log,
          load: () => loadCheckedConfig(loadOptions(args)),
          createGateway,
        }),
      listen,
      createLog: (config) =>
        createLog({
          ...config.log,
          secrets: secretsOf(config, loaded.environment),
          // The progress is on the same terminal.
          beforeWrite: wipeProgress,
        }),
      withProgress: progressFor(),
      print: (text) => void process.stdout.write(text),
      color: process.stdout.isTTY && !process.env['NO_COLOR'],
    })
    const { listening, gateway, log, config } = started
    installShutdown({ server: listening, gateway, log, graceMs: config.timeouts.shutdown * 1000 })
    // Whoever has waited for the server is answered first: what follows holds the process for some milliseconds.
    await Bun.sleep(2)
    recordServer(config.state_dir, { url: started.url, version: packageJson.version })
    await started.introduce()
    return STAYS
  },
})
