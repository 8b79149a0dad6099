// `bun run check`: everything that must hold before a change lands, in one command. Stops at the first step that fails.
const INSTALL = ['bun', 'install', '--frozen-lockfile', '--silent']

const STEPS: [name: string, command: string[]][] = [
  ['install', INSTALL],
  ['install the real CLIs', [...INSTALL, '--cwd', 'test/real']],
  ['format', ['bunx', 'oxfmt', '--check']],
  ['lint', ['bunx', 'oxlint', '--type-aware', '--deny-warnings']],
  ['types', ['bunx', 'tsc']],
  ['dead code', ['bunx', 'knip']],
  ['tests', ['bun', 'test', ...process.argv.slice(2)]],
]

for (const [name, command] of STEPS) {
  const started = performance.now()
  console.log(`\n# ${name}: ${command.join(' ')}`)
  const { exitCode } = Bun.spawnSync(command, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (exitCode !== 0) {
    console.error(`# ${name} failed (exit ${exitCode})`)
    process.exit(1)
  }
  console.log(`# ${name}: ok, ${((performance.now() - started) / 1000).toFixed(1)} s`)
}
