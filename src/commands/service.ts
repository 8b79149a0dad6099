import { defineCommand } from 'citty'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { configFlags } from './config-flags.ts'
import { CommandError, EXIT } from './exit-code.ts'
import { progressFor } from './progress.ts'
import { launchAgent, LAUNCH_LABEL, type ServiceFacts, systemdUnit } from './service-unit.ts'
import { configOf, wordsOf } from './state-folder.ts'

/** The service manager of this system. Its commands are tried, and reported where they fail: a container has none. */
type Manager = {
  file: string
  text(facts: ServiceFacts): string
  enable: readonly (readonly string[])[]
  disable: readonly (readonly string[])[]
}

function managerOf(platform: NodeJS.Platform, home: string): Manager {
  if (platform === 'linux') {
    const folder = process.env['XDG_CONFIG_HOME'] || join(home, '.config')
    return {
      file: join(folder, 'systemd/user/cligate.service'),
      text: systemdUnit,
      enable: [
        ['systemctl', '--user', 'daemon-reload'],
        ['systemctl', '--user', 'enable', '--now', 'cligate.service'],
      ],
      disable: [['systemctl', '--user', 'disable', '--now', 'cligate.service']],
    }
  }
  if (platform === 'darwin') {
    const file = join(home, 'Library/LaunchAgents', `${LAUNCH_LABEL}.plist`)
    return {
      file,
      text: launchAgent,
      enable: [['launchctl', 'load', '-w', file]],
      disable: [['launchctl', 'unload', '-w', file]],
    }
  }
  throw new CommandError('Services are made for Linux (systemd) and macOS (launchd) only.')
}

const ownHome = () => process.env['HOME'] || homedir()

const install = defineCommand({
  meta: { name: 'install', description: 'Has the server started with your session, by systemd or launchd' },
  args: { ...configFlags, print: { type: 'boolean', description: 'Shows what would be written, and writes nothing' } },
  async run({ args }) {
    const config = await configOf(args)
    const home = ownHome()
    const manager = managerOf(process.platform, home)
    const [{ serverLogFile }, { ownCommand }] = await Promise.all([
      import('./background.ts'),
      import('./own-program.ts'),
    ])
    const text = manager.text({
      command: [...ownCommand(), 'serve', ...wordsOf(args)],
      path: process.env['PATH'] ?? '',
      writable: [config.state_dir, home],
      log: serverLogFile(config.state_dir),
      graceSeconds: config.timeouts.shutdown + 10,
    })
    if (args.print) {
      console.log(text)
      return EXIT.ok
    }
    mkdirSync(dirname(manager.file), { recursive: true })
    writeFileSync(manager.file, text)
    console.log(`Wrote ${manager.file}`)
    return await runAll(manager.enable)
  },
})

const uninstall = defineCommand({
  meta: { name: 'uninstall', description: 'Takes the service away again' },
  async run() {
    const manager = managerOf(process.platform, ownHome())
    if (!existsSync(manager.file)) {
      console.log('There is no service.')
      return EXIT.ok
    }
    const code = await runAll(manager.disable)
    rmSync(manager.file)
    console.log(`Removed ${manager.file}`)
    return code
  },
})

const status = defineCommand({
  meta: { name: 'status', description: 'Whether there is a service; exit code 1 when there is none' },
  args: { json: { type: 'boolean', description: 'As JSON' } },
  run({ args }) {
    const { file } = managerOf(process.platform, ownHome())
    const installed = existsSync(file)
    if (args.json) console.log(JSON.stringify({ installed, file }))
    else console.log(installed ? `Installed: ${file}. Whether it runs: cligate status` : 'There is no service.')
    return installed ? EXIT.ok : EXIT.failed
  },
})

export const service = defineCommand({
  meta: { name: 'service', description: 'Has the server started with your session' },
  subCommands: { install, uninstall, status },
})

/** Runs each until one fails. @returns the exit code of the command */
async function runAll(commands: readonly (readonly string[])[]): Promise<number> {
  const { commandSucceeds } = await import('../process/spawn.ts')
  const failed = await progressFor()(async (step) => {
    for (const command of commands) {
      const [program = '', ...words] = command
      step(command.join(' '))
      if (!(await commandSucceeds(program, words))) return command
    }
    return undefined
  })
  if (failed) console.error(`This failed; run it by hand: ${failed.join(' ')}`)
  return failed ? EXIT.failed : EXIT.ok
}
