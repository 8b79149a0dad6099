import { createInterface } from 'node:readline/promises'
import type { Terminal } from './ask-for-key.ts'

/** How long a question waits, in milliseconds: a server that nobody watches has to start all the same. */
const PATIENCE = 30_000

/** The terminal that the program was started on. */
export function ownTerminal(): Terminal {
  return {
    interactive: process.stdin.isTTY && process.stdout.isTTY,
    async ask(question) {
      const lines = createInterface({ input: process.stdin, output: process.stdout })
      try {
        return await lines.question(question, { signal: AbortSignal.timeout(PATIENCE) })
      } catch {
        process.stdout.write('\n')
        return undefined
      } finally {
        lines.close()
        // Else the open terminal would keep the process from ending.
        process.stdin.pause()
        process.stdin.unref()
      }
    },
    print: (text) => void process.stdout.write(text),
  }
}
