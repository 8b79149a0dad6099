import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { completionScript } from '../../src/commands/completion-script.ts'

const CLI = join(import.meta.dir, '../../src/cli.ts')
const run = (...words: string[]) => Bun.spawnSync([process.execPath, CLI, 'completion', ...words])

describe('completion', () => {
  const script = run('bash').stdout.toString()
  const complete = (...words: string[]) => {
    const code = `${script}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _cligate; echo "\${COMPREPLY[@]}"`
    return Bun.spawnSync(['bash', '-c', code]).stdout.toString().trim().split(' ')
  }

  test('bash knows commands, those below them, and options', () => {
    expect(complete('cligate', 'do')).toEqual(['doctor'])
    expect(complete('cligate', '')).toContain('keys')
    expect(complete('cligate', 'config', 's')).toEqual(['show', 'schema'])
    expect(complete('cligate', 'config', 'show', '--res')).toEqual(['--resolved'])
    expect(complete('cligate', '--port', 'x', 'keys', 'cr')).toEqual([''])
  })

  test('zsh takes the same; fish has a line for each', () => {
    expect(run('zsh').stdout.toString()).toStartWith('#compdef cligate\n')
    const fish = completionScript('fish', [
      { path: [], commands: ['a'], options: ['--x'] },
      { path: ['a'], commands: ['b'], options: [] },
    ])
    expect(fish.split('\n')).toEqual([
      "complete -c cligate -f -n '__fish_use_subcommand' -a a",
      "complete -c cligate -n '__fish_use_subcommand' -l x",
      "complete -c cligate -f -n '__fish_seen_subcommand_from a; and not __fish_seen_subcommand_from b' -a b",
    ])
  })

  test('another shell is a mistake', () => {
    const { exitCode, stderr } = run('csh')
    expect(exitCode).toBe(2)
    expect(stderr.toString()).toContain('bash, zsh, fish')
  })
})
