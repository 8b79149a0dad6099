// A gateway in small, to be killed: opens a sandbox below argv[2], starts the fake CLI in each of the modes that follow, notes
// them, and prints their pids. Ends as argv[3] says: `hang` (waits for its killer), `exit` or `throw`.
import { childEnvironment } from '../../../src/process/environment.ts'
import { openSandbox } from '../../../src/process/sandbox.ts'
import { spawnChild } from '../../../src/process/spawn.ts'
import { FAKE_CLI } from '../fake.ts'

const [root = '', ending = '', ...modes] = process.argv.slice(2)
const sandbox = await openSandbox({ root })
const pids: number[] = []
for (const mode of modes) {
  const folder = await sandbox.createFolder()
  const child = spawnChild({
    command: process.execPath,
    args: [FAKE_CLI, ...mode.split(' ')],
    env: childEnvironment(process.env, []),
    cwd: folder.path,
  })
  await sandbox.adopt(child, folder)
  const { value: lines = [] } = await child.lines.next()
  const { grandchild } = JSON.parse(lines[0] ?? '{}') as { grandchild?: number }
  pids.push(child.pid, ...(grandchild === undefined ? [] : [grandchild]))
}
await Bun.write(Bun.stdout, `${JSON.stringify(pids)}\n`)
if (ending === 'exit') process.exit(3)
if (ending === 'throw') throw new Error('the gateway broke down')
setInterval(() => {}, 60_000)
