import type { Config } from '../config/schema.ts'
import { configFlags, loadOptions } from './config-flags.ts'

/** Options of commands that find a server by its state folder. */
export const folderFlags = {
  config: configFlags.config,
  'env-file': configFlags['env-file'],
  'state-dir': configFlags['state-dir'],
} as const

/** The configuration that says where that is. @throws ConfigError */
export async function configOf(args: Readonly<Record<string, unknown>>): Promise<Config> {
  const { loadCheckedConfig } = await import('./load-config.ts')
  return loadCheckedConfig(loadOptions(args)).config
}

/** The options of this command line as words for another one. */
export function wordsOf(args: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(configFlags).flatMap((name) => {
    const value = args[name]
    if (typeof value === 'string') return [`--${name}=${value}`]
    if (typeof value === 'boolean') return [value ? `--${name}` : `--no-${name}`]
    return []
  })
}
