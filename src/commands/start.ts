import { defineCommand } from 'citty'
import type { StartResult } from './background.ts'
import { configFlags } from './config-flags.ts'
import { EXIT } from './exit-code.ts'
import { progressFor } from './progress.ts'
import { configOf, wordsOf } from './state-folder.ts'

export const start = defineCommand({
  meta: { name: 'start', description: 'Starts the server in the background; once, however often it is said' },
  args: { ...configFlags, json: { type: 'boolean', description: 'As JSON' } },
  async run({ args }) {
    const { state_dir: folder } = await configOf(args)
    const { startInBackground } = await import('./background.ts')
    const started = await progressFor(args)((step) => startInBackground(folder, wordsOf(args), step))
    const { server, already } = started
    console.log(args.json ? JSON.stringify({ ...server, already }, null, 2) : startedText(started))
    return EXIT.ok
  },
})

export function startedText({ server, already }: StartResult): string {
  const state = already ? 'is running already' : 'has started'
  return `cligate ${state} on ${server.url} (pid ${server.pid}). Its log: cligate logs --follow`
}
