import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { changedSettings } from './change-settings.ts'
import type { SettingsChange } from './client.ts'

/** Where the change went; `backup` is the file as it was, where there was one. */
export type Written = { path: string; backup?: string; changed: boolean }

/**
 * Changes a settings file below `home`, in one step, behind a link too. What was there before is kept beside it.
 * @throws CommandError for a file that cannot be understood
 */
export function writeSettings(home: string, change: SettingsChange, now: Date): Written {
  const named = join(home, change.path)
  const there = statSync(named, { throwIfNoEntry: false })
  const path = there ? realpathSync(named) : named
  const before = there ? readFileSync(path, 'utf8') : ''
  const after = changedSettings(before, change)
  if (there && after === before) return { path, changed: false }
  mkdirSync(dirname(path), { recursive: true })
  const backup = there ? `${path}.before-cligate-${now.toISOString().replaceAll(/[:.]/g, '-')}` : undefined
  if (backup) copyFileSync(path, backup)
  const draft = `${path}.${process.pid}.new`
  // A key is in it.
  writeFileSync(draft, after, { mode: 0o600 })
  if (there) chmodSync(draft, there.mode & 0o777)
  renameSync(draft, path)
  return { path, changed: true, ...(backup ? { backup } : {}) }
}
