// Works on a terminal: logs meanwhile; with `exit` it ends in the middle, with `heed` it waits for an interrupt that it makes something of.
import { progressFor, wipeProgress } from '../../../src/commands/progress.ts'
import { createLog } from '../../../src/observe/log.ts'

const [how] = process.argv.slice(2)
const first = Promise.withResolvers<void>()
let heeded = 0
if (how === 'heed') {
  process.on('SIGINT', () => {
    heeded += 1
    first.resolve()
  })
}

const log = createLog({ level: 'info', format: 'json', beforeWrite: wipeProgress })
await progressFor()(async (step) => {
  step('Working')
  if (how === 'heed') {
    await first.promise
    // A second one would come at once.
    await Bun.sleep(300)
    return
  }
  for (let line = 1; line <= 3; line++) {
    await Bun.sleep(450)
    if (how === 'exit') process.exit(3)
    log.info({ line }, 'A line.')
  }
  await Bun.sleep(450)
})
await log.close()
if (how === 'heed') console.log(`Heeded ${heeded}.`)
