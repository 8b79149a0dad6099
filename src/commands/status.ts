import { defineCommand } from 'citty'
import { EXIT } from './exit-code.ts'
import { progressFor } from './progress.ts'
import { configOf, folderFlags } from './state-folder.ts'

/** Milliseconds that the server has to answer. */
const ANSWER_LIMIT = 3000

export const status = defineCommand({
  meta: { name: 'status', description: 'Whether the server runs; exit code 0 when it does, 1 when not' },
  args: { ...folderFlags, json: { type: 'boolean', description: 'As JSON' } },
  async run({ args }) {
    const { state_dir: folder } = await configOf(args)
    const { runningServer } = await import('./server-record.ts')
    const server = runningServer(folder)
    if (!server) {
      console.log(args.json ? JSON.stringify({ running: false }) : 'No server is running.')
      return EXIT.failed
    }
    const health = await progressFor(args)((step) => {
      step(`Asking ${server.url}`)
      return healthOf(server.url)
    })
    const seconds = Math.round((Date.now() - server.startedAt) / 1000)
    if (args.json) {
      const { pid, url, version } = server
      console.log(JSON.stringify({ running: true, pid, url, version, uptime_seconds: seconds, health }, null, 2))
      return EXIT.ok
    }
    console.log(`cligate ${server.version} is running on ${server.url} (pid ${server.pid}) since ${seconds} s.`)
    if (!health) console.log('It does not answer.')
    for (const [provider, state] of Object.entries(health?.providers ?? {})) console.log(`  ${provider}: ${state}`)
    return EXIT.ok
  },
})

type Health = { status: string; providers: Record<string, string> }

async function healthOf(url: string): Promise<Health | null> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(ANSWER_LIMIT) })
    return answer.ok ? ((await answer.json()) as Health) : null
  } catch {
    return null
  }
}
