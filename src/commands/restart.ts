import { defineCommand } from 'citty'
import { configFlags } from './config-flags.ts'
import { EXIT } from './exit-code.ts'
import { progressFor } from './progress.ts'
import { startedText } from './start.ts'
import { configOf, wordsOf } from './state-folder.ts'

export const restart = defineCommand({
  meta: { name: 'restart', description: 'Ends the server in good order and starts it in the background' },
  args: { ...configFlags, json: { type: 'boolean', description: 'As JSON' } },
  async run({ args }) {
    const { state_dir: folder, timeouts } = await configOf(args)
    const [{ runningServer }, { startInBackground, stopServer }] = await Promise.all([
      import('./server-record.ts'),
      import('./background.ts'),
    ])
    const before = runningServer(folder)
    const started = await progressFor(args)(async (step) => {
      if (before) await stopServer(before, timeouts.shutdown, step)
      return await startInBackground(folder, wordsOf(args), step)
    })
    console.log(
      args.json ? JSON.stringify({ ...started.server, before: before?.pid ?? null }, null, 2) : startedText(started),
    )
    return EXIT.ok
  },
})
