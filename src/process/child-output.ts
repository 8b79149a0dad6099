/** Milliseconds of silence after which the output of a dead child is over, though somebody else still holds the pipe. */
const QUIET_AFTER_EXIT = 250

/**
 * The chunks of a child's stdout. Ends at EOF, or when the child has exited and nothing more comes: EOF alone would wait for a
 * grandchild that holds the pipe. What the child wrote before it died is read in full, however slow the reader is. The stream is
 * opened by the first read.
 */
export async function* childOutput(
  open: () => ReadableStream<Uint8Array>,
  exited: Promise<unknown>,
): AsyncGenerator<Uint8Array> {
  const reader = open().getReader()
  const giveUp = () => void reader.cancel().catch(() => {})
  let gone = false
  let reading = false
  let quiet: Timer | undefined
  void exited.then(() => {
    gone = true
    if (reading) quiet = setTimeout(giveUp, QUIET_AFTER_EXIT)
  })
  try {
    for (;;) {
      reading = true
      if (gone) quiet = setTimeout(giveUp, QUIET_AFTER_EXIT)
      const { done, value } = await reader.read()
      reading = false
      clearTimeout(quiet)
      if (done) return
      yield value
    }
  } finally {
    clearTimeout(quiet)
    giveUp()
  }
}
