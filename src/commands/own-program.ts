// This program as it was started.

/** Whether it is the compiled binary: what is embedded there has paths that begin so (on Windows with a drive letter). */
export function isCompiled(): boolean {
  return /^(?:\/\$bunfs\/|[A-Z]:[\\/]~BUN)/.test(Bun.main)
}

/** The command that starts it again: the binary, or Bun with its script. */
export function ownCommand(): string[] {
  return isCompiled() ? [process.execPath] : [process.execPath, Bun.main]
}
