import { afterAll, beforeAll, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findExecutable } from '../../src/process/find-executable.ts'

let root = ''
const at = (...parts: string[]) => join(root, ...parts)

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'find-'))
  for (const folder of ['a', 'b', 'c', 'a/folder']) mkdirSync(at(folder))
  const program = (...parts: string[]) => {
    writeFileSync(at(...parts), '#!/bin/sh\n')
    chmodSync(at(...parts), 0o755)
  }
  program('b', 'tool')
  program('c', 'tool')
  program('c', 'folder')
  writeFileSync(at('a', 'tool'), 'not executable')
  symlinkSync(at('c', 'tool'), at('a', 'link'))
  symlinkSync(at('nowhere'), at('a', 'dangling'))
})

afterAll(() => rmSync(root, { recursive: true }))

test('finds the first executable file, and passes over others of that name', () => {
  const path = [at('missing'), at('a'), at('b'), at('c')].join(':')
  expect(findExecutable('tool', { path })).toBe(at('b', 'tool'))
  expect(findExecutable('folder', { path })).toBe(at('c', 'folder'))
  expect(findExecutable('dangling', { path })).toBeUndefined()
  expect(findExecutable('none', { path })).toBeUndefined()
})

test('keeps a link as it is: shims look at the name that they are called by', () => {
  expect(findExecutable('link', { path: at('a') })).toBe(at('a', 'link'))
})

test('a configured program is taken or nothing is', () => {
  const path = at('b')
  expect(findExecutable('tool', { path, configured: at('c', 'tool') })).toBe(at('c', 'tool'))
  expect(findExecutable('tool', { path, configured: at('a', 'tool') })).toBeUndefined()
  expect(findExecutable('tool', { path, configured: at('a') })).toBeUndefined()
  expect(findExecutable('tool', { path, configured: 'b/tool' })).toBeUndefined()
})

test('a relative entry of the path is passed over, an empty one too', () => {
  const before = process.cwd()
  process.chdir(root)
  try {
    expect(findExecutable('tool', { path: 'b:./c::.' })).toBeUndefined()
    process.chdir(at('b'))
    expect(findExecutable('tool', { path: ':' })).toBeUndefined()
    expect(findExecutable('../b/tool', { path: at('b') })).toBeUndefined()
  } finally {
    process.chdir(before)
  }
})

test('an absolute name needs no path', () => {
  expect(findExecutable(at('b', 'tool'), { path: '' })).toBe(at('b', 'tool'))
  expect(findExecutable(at('a', 'tool'), { path: '' })).toBeUndefined()
  expect(findExecutable('', { path: at('b') })).toBeUndefined()
})

test('looks in the own PATH by default', () => {
  expect(findExecutable('sh', {})).toMatch(/^\/.*\/sh$/)
})
