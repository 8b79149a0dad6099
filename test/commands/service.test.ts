import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchAgent, systemdUnit } from '../../src/commands/service-unit.ts'

const CLI = join(import.meta.dir, '../../src/cli.ts')
const home = mkdtempSync(join(tmpdir(), 'cligate-service-'))
afterAll(() => rmSync(home, { recursive: true }))

const FACTS = {
  command: ['/opt/my gate/cligate', 'serve', '--port=80%'],
  path: '/a:/b c',
  writable: ['/home/x'],
  log: '/l&g',
  graceSeconds: 40,
}

describe('what service managers are told', () => {
  test('systemd: words are quoted, and what has a meaning there is escaped', () => {
    const unit = systemdUnit(FACTS)
    expect(unit).toContain('ExecStart="/opt/my gate/cligate" serve --port=80%%\n')
    expect(unit).toContain('Environment="PATH=/a:/b c"\n')
    expect(unit).toContain('TimeoutStopSec=40\n')
    expect(unit).toContain('KillMode=mixed\n')
    expect(systemdUnit({ ...FACTS, command: ['a"b$c\\d'] })).toContain('ExecStart="a\\"b$$c\\\\d"\n')
  })

  test('launchd: valid XML', () => {
    const plist = launchAgent(FACTS)
    expect(plist).toContain('<string>/l&amp;g</string>')
    expect(plist.match(/<(dict|array|string)>/g)?.length).toBe(plist.match(/<\/(dict|array|string)>/g)?.length)
  })
})

describe('cligate service', () => {
  const run = (...words: string[]) => {
    const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, CLI, 'service', ...words], {
      cwd: home,
      // No service manager is found, so that nothing of this machine is touched.
      env: { PATH: '/nowhere', HOME: home },
    })
    return { out: stdout.toString(), error: stderr.toString(), code: exitCode }
  }
  const file = join(home, '.config/systemd/user/cligate.service')

  test.skipIf(process.platform !== 'linux')(
    'install writes a unit, and says what to run where systemd is not there',
    () => {
      expect(run('status').code).toBe(1)
      expect(run('install', '--port', '8123', '--print').out).toContain('serve --port=8123')
      expect(existsSync(file)).toBe(false)
      const { code, out, error } = run('install', '--port', '8123')
      expect(code).toBe(1)
      expect(out).toContain(file)
      expect(error).toContain('systemctl --user daemon-reload')
      expect(readFileSync(file, 'utf8')).toContain('serve --port=8123')
      expect(JSON.parse(run('status', '--json').out)).toEqual({ installed: true, file })
      run('uninstall')
      expect(existsSync(file)).toBe(false)
      expect(run('uninstall')).toMatchObject({ code: 0, out: 'There is no service.\n' })
    },
  )
})
