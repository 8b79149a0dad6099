import type { Driver, Model } from '../../src/providers/driver.ts'
import { batchesOf, textAnswer } from '../core/samples.ts'

export function model(id: string, changes: Partial<Model> = {}): Model {
  return { id, displayName: id.toUpperCase(), aliases: [], efforts: [], ...changes }
}

/** A driver that does nothing much; `changes` replace its methods. */
export function fakeDriver(name: string, changes: Partial<Driver> = {}): Driver {
  return {
    name,
    support: () => ({}),
    run: () => batchesOf(textAnswer('ok')),
    models: async () => [],
    status: async () => ({ provider: name, state: 'ready', notes: [] }),
    processes: () => [],
    close: async () => {},
    ...changes,
  }
}
