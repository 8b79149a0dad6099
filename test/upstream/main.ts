// The simulator as a process of its own: `bun test/upstream/main.ts --port 0 --chunks 20 --delay-ms 10`.
// Prints `{"url":"http://127.0.0.1:PORT"}` and serves until it is killed.
import { parseArgs } from 'node:util'
import { ticks } from './replies/text.ts'
import { startUpstream } from './upstream.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'delay-ms': { type: 'string', default: '0' },
    chunks: { type: 'string', default: '20' },
  },
})

const upstream = await startUpstream({
  port: Number(values.port),
  default: ticks({ count: Number(values.chunks), between: Number(values['delay-ms']) }),
  keep: 0,
})
console.log(JSON.stringify({ url: upstream.url }))
