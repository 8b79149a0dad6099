import { defineCommand } from 'citty'
import { EXIT } from './exit-code.ts'
import { progressFor } from './progress.ts'
import { configOf, folderFlags } from './state-folder.ts'

export const stop = defineCommand({
  meta: { name: 'stop', description: 'Ends the server; running answers are completed first' },
  args: { ...folderFlags, json: { type: 'boolean', description: 'As JSON' } },
  async run({ args }) {
    const config = await configOf(args)
    const [{ runningServer }, { stopServer }] = await Promise.all([
      import('./server-record.ts'),
      import('./background.ts'),
    ])
    const server = runningServer(config.state_dir)
    if (!server) {
      console.log(args.json ? JSON.stringify({ stopped: false }) : 'No server is running.')
      return EXIT.ok
    }
    const orderly = await progressFor(args)((step) => stopServer(server, config.timeouts.shutdown, step))
    if (args.json) console.log(JSON.stringify({ stopped: true, pid: server.pid, orderly }))
    else console.log(orderly ? `Stopped (pid ${server.pid}).` : `Killed (pid ${server.pid}): it did not end by itself.`)
    return EXIT.ok
  },
})
