import { expect, test } from 'bun:test'
import { seedSession } from '../../../src/providers/claude/seed.ts'

test('a session is a chain of rows, in each of which nothing is said', () => {
  let count = 0
  const text = seedSession({
    folder: '/run/x/work',
    platform: 'linux',
    system: 'Linux 6.1.0',
    now: new Date(2026, 0, 5, 23, 30),
    newUuid: () => `uuid-${(count += 1)}`,
  })
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rows.map((row) => row.parentUuid)).toEqual([null, ...rows.slice(0, -1).map((row) => row.uuid)])
  expect(new Set(rows.map((row) => row.sessionId)).size).toBe(1)
  expect(rows.map((row) => row.attachment?.type)).toEqual(['environment', 'session_context', 'date', undefined])
  expect(rows[0].attachment.snapshot).toMatchObject({ workingDirectory: '/run/x/work', osVersion: 'Linux 6.1.0' })
  // Where the machine is, and not in London.
  expect(rows[2].attachment.date).toBe('2026-01-05')
  for (const row of rows.slice(0, 3)) expect(row.rendered).toEqual([{ content: ' ' }])
  expect(rows[3]).toMatchObject({ type: 'assistant', isApiErrorMessage: true })
})
