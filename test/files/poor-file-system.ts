// What vfat, exFAT, SMB and some FUSE file systems refuse.
import { spyOn } from 'bun:test'
import * as fs from 'node:fs'

const refuse = (): never => {
  throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' })
}

/** No file has a second name. */
export const withoutLinks = (): Disposable => spyOn(fs, 'linkSync').mockImplementation(refuse)

/** Nobody changes who may read a file. */
export function withoutModes(): Disposable {
  const spies = [spyOn(fs, 'fchmodSync').mockImplementation(refuse), spyOn(fs, 'chmodSync').mockImplementation(refuse)]
  return { [Symbol.dispose]: () => spies.forEach((spy) => spy.mockRestore()) }
}
