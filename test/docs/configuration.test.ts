import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configurationPage } from '../../scripts/configuration-docs.ts'
import { configFlags } from '../../src/commands/config-flags.ts'
import { loadConfig } from '../../src/config/load.ts'
import { SECTIONS, SETTINGS } from '../../src/config/settings.ts'

const page = await Bun.file(join(import.meta.dir, '../../docs/configuration.md')).text()

test('the page is what the script writes: run bun scripts/configuration-docs.ts', () => {
  expect(page).toBe(configurationPage())
})

describe('the page has', () => {
  test.each(SETTINGS)('$path with its names and its meaning', ({ path, variable, description, notes }) => {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${path}\` |`))
    expect(row).toContain(`\`${variable}\``)
    expect(row).toContain(description)
    for (const { name } of notes.environment ?? []) expect(row).toContain(`\`${name}\``)
    if (notes.secret) expect(row).toContain('Secret')
  })

  test.each([...SECTIONS])('the section %s', (path) => {
    expect(page).toContain(`\n## ${path}\n`)
  })

  test.each(Object.keys(configFlags))('the flag --%s', (name) => {
    expect(page).toMatch(new RegExp(`^\\| \`--${name}[ \`]`, 'm'))
  })

  test('no row that is empty where it must not be, and a unit for each time and size', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| `') && line.split(' | ').length === 6)
    expect(rows).toHaveLength(SETTINGS.length)
    expect(page.match(/^\| `providers\.NAME\./gm)?.length).toBeGreaterThan(10)
    for (const row of rows) {
      const [key, type, fallback, unit, environment] = row.slice(2).split(' | ')
      for (const cell of [key, type, fallback, environment]) expect(cell?.trim()).not.toBe('')
      if (/timeout|_ms`|_mb`|_minutes`|interval/.test(key!)) expect(unit, key).not.toBe('')
    }
  })
})

test('the example at its top can be used as it is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cligate-docs-'))
  try {
    writeFileSync(join(folder, 'cligate.yaml'), /```yaml\n([\s\S]*?)```/.exec(page)![1]!, { mode: 0o600 })
    const { config, warnings } = loadConfig({ folder, environment: { HOME: folder } })
    expect(warnings).toEqual([])
    expect(config.server).toMatchObject({ port: 8100, api_keys: ['change-me-please'] })
    expect(config.providers.claude.warm.size).toBe(4)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
