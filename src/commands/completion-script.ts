// Completion scripts for shells, written from the command tree. Pure.

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** A command by its path (`['config', 'show']`; empty for the program), and the words that may follow it. */
export type CommandWords = { path: readonly string[]; commands: readonly string[]; options: readonly string[] }

export function completionScript(shell: Shell, commands: readonly CommandWords[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands)
    case 'zsh':
      // zsh runs the functions of bash, for programs that bring no other.
      return `#compdef cligate\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`
    case 'fish':
      return fish(commands)
    default:
      return shell satisfies never
  }
}

function bash(commands: readonly CommandWords[]): string {
  const cases = commands.map(
    ({ path, commands: names, options }) => `    '${path.join(' ')}') words='${[...names, ...options].join(' ')}' ;;`,
  )
  return [
    '_cligate() {',
    "  local word path='' words=''",
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    '    case "$word" in -*) ;; *) path="${path:+$path }$word" ;; esac',
    '  done',
    '  case "$path" in',
    ...cases,
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))',
    '}',
    'complete -o default -F _cligate cligate',
  ].join('\n')
}

function fish(commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ path, commands: names, options }) => {
    const condition =
      path.length === 0
        ? '__fish_use_subcommand'
        : path.map((name) => `__fish_seen_subcommand_from ${name}`).join('; and ')
    const open =
      names.length > 0 && path.length > 0
        ? `${condition}; and not __fish_seen_subcommand_from ${names.join(' ')}`
        : condition
    return [
      ...names.map((name) => `complete -c cligate -f -n '${open}' -a ${name}`),
      ...options.map((option) => `complete -c cligate -n '${condition}' -l ${option.slice(2)}`),
    ]
  })
  return lines.join('\n')
}
