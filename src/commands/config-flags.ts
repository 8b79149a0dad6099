// The options that every command which reads the configuration has in common.
import type { ArgsDef } from 'citty'
import type { Flag, LoadOptions } from '../config/load.ts'
import { isCompiled } from './own-program.ts'

export const configFlags = {
  config: { type: 'string', description: 'Configuration file, in place of ./cligate.yaml', valueHint: 'file' },
  'env-file': { type: 'string', description: 'File of variables, such as .env', valueHint: 'file' },
  host: { type: 'string', description: 'Address to listen on (127.0.0.1)', valueHint: 'address' },
  port: {
    type: 'string',
    alias: 'p',
    description: 'Port to listen on (8000, or the next free one)',
    valueHint: 'number',
  },
  'log-level': { type: 'string', description: 'debug, info, warn, error or silent', valueHint: 'level' },
  'log-format': { type: 'string', description: 'auto, json or pretty', valueHint: 'format' },
  'state-dir': { type: 'string', description: 'Folder for what must survive a restart', valueHint: 'folder' },
  strict: { type: 'boolean', description: 'Refuse requests with fields that nothing honours' },
  insecure: { type: 'boolean', description: 'Listen beyond this machine without any key' },
} as const satisfies ArgsDef

const PATHS: Record<Exclude<keyof typeof configFlags, 'config' | 'env-file'>, string> = {
  host: 'server.host',
  port: 'server.port',
  'log-level': 'log.level',
  'log-format': 'log.format',
  'state-dir': 'state_dir',
  strict: 'strict',
  insecure: 'server.insecure',
}

/** The parsed options as the configuration loader takes them. */
export function loadOptions(args: Readonly<Record<string, unknown>>): LoadOptions {
  const flags = Object.entries(PATHS).flatMap(([name, path]): Flag[] => {
    const value = args[name]
    return typeof value === 'string' || typeof value === 'boolean' ? [{ name: `--${name}`, path, value }] : []
  })
  const { config: file, 'env-file': envFile } = args
  return {
    flags,
    ...(typeof file === 'string' ? { file } : {}),
    // The compiled binary may be started in anybody's folder, whose .env could point the CLIs elsewhere: it reads none unless
    // told. Started from its source, Bun has read it before anyone is asked.
    ...(typeof envFile === 'string' ? { envFile } : isCompiled() ? { envFile: false as const } : {}),
  }
}
