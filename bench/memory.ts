// What an idle server holds, without its children. Usage: bun bench/memory.ts
import { residentMemory, startCligate } from '../test/support/cligate.ts'
import { machine, table } from './report.ts'

const gate = await startCligate()
await Bun.sleep(3000)
const idle = await residentMemory(gate.pid)
await (await fetch(`${gate.url}/docs/json`)).text()
await Bun.sleep(1000)
const documented = await residentMemory(gate.pid)
await gate.stop()

console.log(machine())
table(
  'Resident memory of the server alone (MB)',
  ['after', 'MB'],
  [
    ['3 s of nothing', idle / 2 ** 20],
    ['the API document', documented / 2 ** 20],
  ],
)
