/** Settles as `promise` does, or rejects when `signal` aborts; `promise` itself goes on. */
export async function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => {})
    throw signal.reason
  }
  const { promise: result, resolve, reject } = Promise.withResolvers<T>()
  const leave = () => reject(signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  promise.then(resolve, reject)
  try {
    return await result
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
