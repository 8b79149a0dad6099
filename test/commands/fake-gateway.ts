import type { Config } from '../../src/config/schema.ts'
import type { CreateGateway, Parts } from '../../src/commands/parts.ts'
import type { Driver, ProviderStatus } from '../../src/providers/driver.ts'

/** A gateway that serves nothing but 'ok', tells the given states, and writes down what is done to it. */
export function fakeGateway(
  options: { states?: ProviderStatus[]; statusGate?: Promise<void>; statusError?: Error } = {},
) {
  const calls: string[] = []
  const seen: { config?: Config } = {}
  const demo: Driver = {
    name: 'demo',
    support: () => ({}),
    run: async function* () {},
    models: async () => [{ id: 'hello', displayName: 'Hello', aliases: [], efforts: [] }],
    status: async () => ({ provider: 'demo', state: 'ready', notes: [] }),
    processes: () => [],
    close: async () => {},
  }
  const parts: Parts = {
    app: { fetch: () => new Response('ok') },
    drivers: [demo],
    drain: {
      enter() {},
      leave() {},
      active: () => 0,
      close: () => void calls.push('drain'),
      closing: () => false,
      retire: () => {},
      retired: new AbortController().signal,
    },
    start: () => void calls.push('start'),
    async status() {
      calls.push('status')
      await options.statusGate
      if (options.statusError) throw options.statusError
      return options.states ?? [{ provider: 'demo', state: 'ready', notes: [] }]
    },
    close: async () => void calls.push('close'),
  }
  const createGateway: CreateGateway = async (config) => {
    seen.config = config
    calls.push('create')
    return parts
  }
  return { createGateway, calls, seen }
}
