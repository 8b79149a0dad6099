// Started by log.test.ts in a process of its own: what reaches a real file descriptor, and what survives the end.
import { createLog } from '../../../src/observe/log.ts'

const [how, file] = process.argv.slice(2)
const log = createLog({ level: 'info', format: 'auto', ...(file ? { file } : {}) })
log.info({ api_key: 'hunter2' }, 'first')

switch (how) {
  case 'return':
    break
  case 'exit':
    process.exit(0)
    break
  case 'close':
    for (let index = 0; index < 20_000; index += 1) log.info({ index }, 'line')
    await log.close()
    log.info({}, 'too late')
    process.exit(0)
    break
  case 'flood':
    for (let index = 0; index < 100_000; index += 1) log.info({ index, filler: 'x'.repeat(200) }, 'line')
    console.log(process.memoryUsage.rss())
    await log.close()
    process.exit(0)
}
