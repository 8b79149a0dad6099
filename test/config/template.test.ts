import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../src/config/load.ts'
import { SETTINGS } from '../../src/config/settings.ts'
import { configTemplate } from '../../src/config/template.ts'

const folder = mkdtempSync(join(tmpdir(), 'cligate-template-'))
afterAll(() => rmSync(folder, { recursive: true }))

const load = (text: string) => {
  const file = join(folder, 'cligate.yaml')
  writeFileSync(file, text, { mode: 0o600 })
  return loadConfig({ file, environment: { HOME: folder }, folder }).config
}

test('it changes nothing as it is, and nothing when its comments are opened', () => {
  const defaults = load('')
  expect(load(configTemplate())).toEqual(defaults)
  const opened = configTemplate().replaceAll(/^# ?/gm, '').replace(/^.*\n/, '')
  expect(opened).toContain('\nserver:\n')
  expect(load(opened)).toEqual(defaults)
})

test('it has every key with its description', () => {
  const text = configTemplate().replaceAll(/\n# +# /g, ' ')
  for (const { path, description } of SETTINGS) {
    expect(text).toContain(`${path.split('.').at(-1)}:`)
    expect(text).toContain(description)
  }
})
