import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configJsonSchema, shownSettings } from '../../src/config/display.ts'
import { loadConfig } from '../../src/config/load.ts'
import { secretsOf } from '../../src/config/secrets.ts'
import { SETTINGS } from '../../src/config/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'cligate-display-'))
afterAll(() => rmSync(folder, { recursive: true }))

writeFileSync(
  join(folder, 'cligate.yaml'),
  'server: {port: 9, api_keys: [SEEDED-one, SEEDED-two]}\nproviders: {claude: {env: {ANTHROPIC_API_KEY: SEEDED-three}}}\n',
  { mode: 0o600 },
)
const loaded = loadConfig({ environment: {}, folder })

test('secrets are counted, never shown', () => {
  for (const all of [true, false]) {
    const shown = shownSettings(loaded, all)
    expect(JSON.stringify(shown)).not.toContain('SEEDED')
    expect(shown.find(({ path }) => path === 'server.api_keys')?.value).toEqual(['[redacted]', '[redacted]'])
    expect(shown.find(({ path }) => path === 'providers.claude.env')?.value).toEqual({
      ANTHROPIC_API_KEY: '[redacted]',
    })
  }
  expect(secretsOf(loaded.config)).toEqual(['SEEDED-one', 'SEEDED-two', 'SEEDED-three'])
})

test('what is set, or everything', () => {
  expect(shownSettings(loaded, false).map(({ path }) => path)).toEqual([
    'server.port',
    'server.api_keys',
    'providers.claude.env',
  ])
  expect(shownSettings(loaded, true).map(({ path }) => path)).toEqual(SETTINGS.map(({ path }) => path))
})

test('the JSON Schema has every key with description and default, refuses others, and holds no notes of ours', () => {
  const schema = configJsonSchema()
  type Node = {
    properties?: Record<string, Node>
    description?: string
    default?: unknown
    additionalProperties?: unknown
  }
  for (const { path, description, fallback } of SETTINGS) {
    let place = schema as Node
    for (const [index, name] of path.split('.').entries()) {
      // Below `providers`, any other name is an agent of the owner's own.
      const open = index === 1 && path.startsWith('providers.')
      expect(place.additionalProperties).toEqual(
        open ? expect.objectContaining({ required: ['kind', 'command'] }) : false,
      )
      place = place.properties![name]!
    }
    expect(place.description).toBe(description)
    expect(place.default).toEqual(fallback)
  }
  expect(JSON.stringify(schema)).not.toMatch(/"secret"|"environment"/)
  expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema')
})
