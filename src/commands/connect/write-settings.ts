import { copyFileSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile } from '../../files/whole-file.ts'
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
  const backup = there ? `${path}.before-cligate-${now.toISOString().replaceAll(/[:.]/g, '-')}` : undefined
  if (backup) copyFileSync(path, backup)
  // A key is in it: a new one is the owner's alone.
  replaceFile(path, after, { durable: true, ...(there ? { mode: there.mode & 0o777 } : {}) })
  return { path, changed: true, ...(backup ? { backup } : {}) }
}
