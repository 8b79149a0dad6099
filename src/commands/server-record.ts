// What a running server leaves for `status` and `stop` to find: one file in the state folder.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile } from '../files/whole-file.ts'
import { processStart } from '../process/process-start.ts'

/** `process` tells the server from a later process of the same number. `startedAt` is in milliseconds since 1970. */
export type ServerRecord = { pid: number; process: string; url: string; version: string; startedAt: number }

const recordFile = (folder: string) => join(folder, 'server.json')

/** Notes that this process serves. A server that was there before keeps its note, and this one goes without. */
export function recordServer(folder: string, facts: Pick<ServerRecord, 'url' | 'version'>): void {
  if (runningServer(folder)) return
  const { pid } = process
  const record: ServerRecord = { ...facts, pid, process: processStart(pid) ?? '', startedAt: Date.now() }
  const file = recordFile(folder)
  replaceFile(file, JSON.stringify(record))
  process.on('exit', () => {
    if (readRecord(folder)?.pid === pid) rmSync(file, { force: true })
  })
}

/** The server that uses this state folder; undefined when none runs. */
export function runningServer(folder: string): ServerRecord | undefined {
  const record = readRecord(folder)
  return record && processStart(record.pid) === record.process ? record : undefined
}

function readRecord(folder: string): ServerRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(recordFile(folder), 'utf8'))
    return isRecord(value) ? value : undefined
  } catch {
    // None is there, or a disk that was full cut it: no server is known.
    return undefined
  }
}

function isRecord(value: unknown): value is ServerRecord {
  if (typeof value !== 'object' || value === null) return false
  const { pid, process: start, url, version, startedAt } = value as Partial<Record<keyof ServerRecord, unknown>>
  const texts = [start, url, version].every((text) => typeof text === 'string')
  return texts && Number.isSafeInteger(pid) && typeof startedAt === 'number'
}
