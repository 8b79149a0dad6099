// Logs while it works, on the same terminal.
import { progressFor, wipeProgress } from '../../../src/commands/progress.ts'
import { createLog } from '../../../src/observe/log.ts'

const log = createLog({ level: 'info', format: 'json', beforeWrite: wipeProgress })
await progressFor()(async (step) => {
  step('Working')
  for (let line = 1; line <= 3; line++) {
    await Bun.sleep(450)
    log.info({ line }, 'A line.')
  }
  await Bun.sleep(450)
})
await log.close()
