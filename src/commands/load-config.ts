import { ConfigError } from '../config/error.ts'
import { loadConfig, type LoadedConfig, type LoadOptions } from '../config/load.ts'
import { resolveAliases } from '../providers/model-aliases.ts'

/**
 * The configuration as the commands take it: also what only the parts that use it can tell is right.
 * @throws ConfigError with what is wrong
 */
export function loadCheckedConfig(options: LoadOptions): LoadedConfig {
  const loaded = loadConfig(options)
  try {
    resolveAliases(loaded.config.aliases)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new ConfigError([{ message, source: loaded.sources['aliases'] ?? 'default' }])
  }
  return loaded
}
