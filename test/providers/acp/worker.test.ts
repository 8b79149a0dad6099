// What all workers have in common that are one process of an agent.
import { expect, test } from 'bun:test'
import { AcpClient } from '../../../src/providers/acp-client.ts'
import { AcpProcess } from '../../../src/providers/acp-process.ts'
import { ProcessWorker } from '../../../src/providers/acp-worker.ts'
import type { Child } from '../../../src/process/spawn.ts'
import { fakeChild } from './fake-child.ts'

class Plain extends ProcessWorker {
  /** What is still to be removed. */
  holdCleaning(cleaning: Promise<void>): void {
    this.cleaning = cleaning
  }
}

async function plainWorker(changes: Partial<Child> = {}) {
  const child = fakeChild()
  const client = await AcpClient.connect(child, { name: 'Agent' })
  const removed: string[] = []
  const folder = { path: '/nowhere', remove: async () => void removed.push('folder') }
  const process = new AcpProcess({ ...child, ...changes }, client, { protocolVersion: 1 }, folder as never)
  return { worker: new Plain(process), child, removed }
}

const MEGABYTE = 1024 * 1024

test('it is worn out after so many sessions', async () => {
  const { worker } = await plainWorker()
  const limits = { turns: 3, memory: Infinity }
  worker.opened = 2
  expect(worker.isWornOut(limits)).toBe(false)
  worker.opened = 3
  expect(worker.isWornOut(limits)).toBe(true)
})

test('it is worn out with so much memory, which is looked at now and then', async () => {
  const { worker } = await plainWorker({ pid: process.pid })
  const small = { turns: 1000, memory: 10 * MEGABYTE }
  worker.opened = 9
  expect(worker.isWornOut(small)).toBe(false)
  worker.opened = 10
  expect(worker.isWornOut(small)).toBe(true)
  expect(worker.isWornOut({ ...small, memory: 100_000 * MEGABYTE })).toBe(false)
})

test('one whose memory nobody tells is not worn out by it', async () => {
  const { worker } = await plainWorker({ pid: 2 ** 22 + 1 })
  worker.opened = 10
  expect(worker.isWornOut({ turns: 1000, memory: 1 })).toBe(false)
})

test('its folder goes when it has ended and nothing is written to it any more', async () => {
  const { worker, removed } = await plainWorker()
  const cleaning = Promise.withResolvers<void>()
  worker.holdCleaning(cleaning.promise)
  const disposed = worker.dispose()
  await Bun.sleep(5)
  expect(removed).toEqual([])
  cleaning.reject(new Error('full'))
  await disposed
  expect(removed).toEqual(['folder'])
  expect(worker.alive).toBe(false)
})
