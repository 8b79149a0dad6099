// Starts a server in the background by a clock that is ahead: by 15 s when it has begun to wait for another start, by 10 s more
// when it goes on. `serve` is what it starts.
import { startInBackground } from '../../../src/commands/background.ts'

const [folder = '', ...words] = process.argv.slice(2)
if (folder === 'serve') await import('../../../src/cli.ts')
else {
  const { now } = Date
  let ahead = 0
  Date.now = () => now() + ahead
  const { server } = await startInBackground(folder, words, (text) => {
    ahead += text.startsWith('Waiting') ? 15_000 : 10_000
    console.log(text)
  })
  console.log(server.url)
}
