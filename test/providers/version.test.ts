import { expect, test } from 'bun:test'
import { isAtLeast, parseVersion } from '../../src/providers/version.ts'

test.each([
  ['2.1.329 (Claude Code)\n', '2.1.329'],
  ['codex-cli 0.169.0', '0.169.0'],
  ['command not found', undefined],
])('%j has the version %p', (said, version) => {
  expect(parseVersion(said)).toBe(version)
})

test.each([
  ['0.61.0', '0.61.0', true],
  ['0.60.9', '0.61.0', false],
  ['0.98.0', '0.169.0', false],
  ['10.0.0', '9.9.9', true],
  ['2.1.329', '2.1.40', true],
  ['1.0', '0.61.0', true],
  ['0.61.0-preview.1', '0.61.0', true],
  [undefined, '0.61.0', true],
])('version %p is at least %p: %p', (version, minimum, expected) => {
  expect(isAtLeast(version, minimum)).toBe(expected)
})
