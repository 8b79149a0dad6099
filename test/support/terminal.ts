// A program on a terminal of its own, as a person sees it.

export type TerminalRun = {
  /** All that came, control sequences included. */
  output: string
  /** What is left to read in the end: a line that was wiped counts from there on. */
  screen: string
  code: number
}

/** Runs a command in a pseudo-terminal; `type` sends it keys. */
export async function runOnTerminal(
  command: readonly string[],
  options: {
    cwd: string
    env: Record<string, string>
    columns?: number
    seen?: (output: string, child: Bun.Subprocess) => void
  },
): Promise<TerminalRun> {
  const { cwd, env, columns = 80, seen } = options
  let output = ''
  const decoder = new TextDecoder()
  const closed = Promise.withResolvers<void>()
  const terminal = new Bun.Terminal({
    cols: columns,
    rows: 24,
    data(_, bytes) {
      output += decoder.decode(bytes, { stream: true })
      seen?.(output, child)
    },
    exit: () => closed.resolve(),
  })
  const child = Bun.spawn([...command], { terminal, cwd, env: { TERM: 'xterm', ...env } })
  const code = await child.exited
  // What it wrote last may still be on its way; a program that it left behind may hold the terminal.
  await Promise.race([closed.promise, Bun.sleep(500)])
  terminal.close()
  const lines = output.split('\r\n').map((line) => line.split('\u001B[2K').at(-1)!.replaceAll('\r', ''))
  return { output, screen: lines.join('\n'), code }
}
