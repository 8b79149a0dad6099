/** Ports that are tried, the asked one included. */
const ATTEMPTS = 10

/**
 * Listens on the asked port or, where it is taken, on the next free one of ten. Only listening itself shows whether a port is
 * free: to look first and listen later is a race.
 * @throws Error when all are taken, or for any other reason not to listen
 */
export function choosePort<Listening>(asked: number, listen: (port: number) => Listening): Listening {
  const last = asked === 0 ? 0 : Math.min(asked + ATTEMPTS - 1, 65535)
  for (let port = asked; ; port += 1) {
    try {
      return listen(port)
    } catch (error) {
      if (!isTaken(error)) throw error
      if (port < last) continue
      throw new Error(`No free port: ${asked === last ? asked : `${asked} to ${last}`} are all taken.`, {
        cause: error,
      })
    }
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}
