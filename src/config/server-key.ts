import ipaddr from 'ipaddr.js'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { newId } from '../core/ids.ts'
import { closeToOthers } from '../files/close-to-others.ts'
import { createFile } from '../files/whole-file.ts'
import { ConfigError } from './error.ts'
import type { Config } from './schema.ts'

/** The key that a server beyond the loopback protects itself with when none is configured. */
export type ServerKey = {
  /** The configuration with the key in it. */
  config: Config
  /** Where the key is kept; undefined when none was needed. */
  file?: string
  /** The key itself, on the start that made it: the one time it is shown. */
  created?: string
}

const FORMAT = /^cligate_[A-Za-z0-9]{32,}$/

/**
 * Sees to it that a server that others can reach has a key: a configured one, or one generated on the first start and kept
 * with mode 0600 in the state folder.
 * @throws ConfigError when the kept key cannot be read or is no key
 */
export function ensureServerKey(config: Config): ServerKey {
  const { host, api_keys: keys, users, insecure } = config.server
  const guarded = keys.length > 0 || Object.keys(users).length > 0
  if (guarded || insecure || isLoopback(host)) return { config }
  const file = join(config.state_dir, 'api-key')
  const fresh = newId('cligate_', 40)
  const created = createFile(file, `${fresh}\n`, { durable: true })
  const key = created ? fresh : readKey(file)
  const server = Object.freeze({ ...config.server, api_keys: Object.freeze([key]) })
  return { config: Object.freeze({ ...config, server }), file, ...(created ? { created: key } : {}) }
}

/** Whether only this machine can reach an address: `localhost`, 127.0.0.0/8, `::1`, and their mapped forms. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  if (bare === 'localhost') return true
  return ipaddr.isValid(bare) && ipaddr.process(bare).range() === 'loopback'
}

function readKey(file: string): string {
  const key = readFileSync(file, 'utf8').trim()
  if (!FORMAT.test(key)) {
    throw new ConfigError([{ message: 'holds no key; remove the file and a new one is made', source: `file ${file}` }])
  }
  closeToOthers(file)
  return key
}
