// What the binary for a machine is called, and what Bun has to be told for it.

/** Bun's names of what it compiles for. `baseline` is for processors without AVX2. */
export const TARGETS = [
  'linux-x64',
  'linux-x64-baseline',
  'linux-x64-musl',
  'linux-arm64',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'windows-x64',
] as const

type Target = (typeof TARGETS)[number]

/**
 * @param target undefined for the machine that builds
 * @param platform of that machine, as `process.platform` has it
 */
export function binaryFor(target: Target | undefined, platform: string): { file: string; flags: string[] } {
  const forWindows = target ? target.startsWith('windows') : platform === 'win32'
  const name = target ? `cligate-${target}` : 'cligate'
  return {
    file: forWindows ? `${name}.exe` : name,
    flags: [
      ...(target ? [`--target=bun-${target}`] : []),
      // Bun for Windows has 115 MB by itself (1.4.5), Bun for Linux 107: there only the code that runs in any case is compiled
      // ahead, which is 1 MB and not 7. It starts some 40 ms later for it.
      ...(forWindows ? ['--bytecode-depth=0'] : []),
    ],
  }
}
