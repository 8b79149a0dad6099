import type { ProviderStatus } from '../providers/driver.ts'
import type { Parts } from './parts.ts'
import type { Step } from './progress.ts'

/** Asks all providers for their state, and names those that have not answered yet. */
export function askProviders(gateway: Parts, signal: AbortSignal, step: Step): Promise<ProviderStatus[]> {
  // The demo model has nothing to look for.
  const waited = new Set(gateway.drivers.map(({ name }) => name).filter((name) => name !== 'demo'))
  const tell = () => {
    if (waited.size > 0) step(`Looking at ${[...waited].join(', ')}`)
  }
  tell()
  return gateway.status(signal, ({ provider }) => {
    waited.delete(provider)
    tell()
  })
}
