// Where another process waits: a pipe with a name in the file system. Who reads it waits for its end, and its end is when
// nobody holds it open for writing any more, also because the gateway is gone.
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { commandSucceeds } from './spawn.ts'

export class NamedPipe {
  private descriptor: number | undefined

  private constructor(readonly path: string) {}

  /** @returns undefined where there are no such pipes: on Windows, on some file systems, and without the program that makes them */
  static async create(path: string): Promise<NamedPipe | undefined> {
    if (process.platform === 'win32') return undefined
    // POSIX has the program; neither Bun nor Node.js has the call.
    return (await commandSucceeds('mkfifo', ['-m', '600', path])) ? new NamedPipe(path) : undefined
  }

  /**
   * Who reads it from now on gets `text` (4 KiB at most), and then waits. For one reader. Idempotent.
   * @throws Error where it has been removed
   */
  hold(text: string): void {
    if (this.descriptor !== undefined) return
    // For reading as well: for writing alone, it would wait for a reader itself.
    this.descriptor = openSync(this.path, constants.O_RDWR | constants.O_NONBLOCK)
    writeSync(this.descriptor, text)
  }

  /**
   * Who waits is told that this is all. Idempotent. Take away beforehand what leads here: whoever opened it later would wait for the
   * next time.
   */
  letGo(): void {
    if (this.descriptor === undefined) return
    closeSync(this.descriptor)
    this.descriptor = undefined
  }
}
