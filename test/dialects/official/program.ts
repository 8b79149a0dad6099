// JSON as the values of variables of the SDKs' types, for the compiler to judge. That is stricter than reading it as data: a
// literal may have no field that its type does not know.
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Recorded } from './recorded.ts'
import { type Extra, IMPORTS, TYPES } from './types.ts'

const PACKAGES = join(import.meta.dir, '../../../node_modules')

const OPTIONS = {
  target: 'esnext',
  module: 'esnext',
  moduleResolution: 'bundler',
  lib: ['esnext', 'dom'],
  types: [],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
}

/** What the compiler says of each of `values`; undefined where it finds nothing wrong. One run for all of them. */
export async function judge(values: readonly Recorded[]): Promise<(string | undefined)[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cligate-types-'))
  try {
    symlinkSync(PACKAGES, join(folder, 'node_modules'))
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: OPTIONS, include: ['*.ts'] }))
    // One line each, so that the line of a complaint tells whose it is.
    const lines = values.map(({ kind, json }, index) => `export const v${index}: ${TYPES[kind]} = ${literal(json)}`)
    writeFileSync(join(folder, 'values.ts'), [...IMPORTS.split('\n'), ...lines].join('\n'))
    const said = await compile(folder)
    const first = IMPORTS.split('\n').length + 1
    const found: (string | undefined)[] = values.map(() => undefined)
    for (const complaint of complaintsIn(said)) {
      const index = complaint.line - first
      if (index < 0 || index >= values.length) throw new Error(`The program itself is wrong: ${complaint.text}`)
      found[index] ??= complaint.text
    }
    return found
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** `__proto__` as a key of a literal would be no key. */
const literal = (json: unknown) => JSON.stringify(json).replaceAll('"__proto__":', '["__proto__"]:')

async function compile(folder: string): Promise<string> {
  const compiler = Bun.spawn(
    [process.execPath, join(PACKAGES, 'typescript/bin/tsc'), '-p', folder, '--pretty', 'false'],
    {
      cwd: folder,
      env: { ...process.env, BUN_BE_BUN: '1' },
      stdout: 'pipe',
      stderr: 'pipe',
    },
  )
  const [said, failed] = await Promise.all([compiler.stdout.text(), compiler.stderr.text(), compiler.exited])
  if (failed !== '' || (compiler.exitCode !== 0 && !said.includes('error TS'))) throw new Error(failed + said)
  return said
}

function complaintsIn(said: string): { line: number; text: string }[] {
  const complaints: { line: number; text: string }[] = []
  for (const text of said.split('\n')) {
    const [, line, what] = /^values\.ts\((\d+),\d+\): (.*)$/.exec(text) ?? []
    if (line !== undefined && what !== undefined) complaints.push({ line: Number(line), text: what })
    else if (text.startsWith(' ')) complaints.at(-1)!.text += `\n${text}`
    else if (text.trim() !== '') throw new Error(`The compiler says: ${text}`)
  }
  return complaints
}

/** A copy without the extras, or with what a type would have instead of them. */
export function withoutExtras({ kind, json, from }: Recorded, extras: readonly Extra[]): Recorded {
  const copy: unknown = structuredClone(json)
  for (const extra of extras) {
    if (extra.kinds.includes(kind)) for (const path of extra.paths) take(copy, path.split('.'), extra)
  }
  return { kind, json: copy, from }
}

/** Whether there is something at one of its paths that it speaks of. */
export function has(extra: Extra, { kind, json }: Recorded): boolean {
  return extra.kinds.includes(kind) && extra.paths.some((path) => take(structuredClone(json), path.split('.'), extra))
}

function take(value: unknown, [key, ...rest]: readonly string[], extra: Extra): boolean {
  if (typeof value !== 'object' || value === null || key === undefined) return false
  if (key === '*')
    return Object.values(value)
      .map((entry) => take(entry, rest, extra))
      .includes(true)
  if (!Object.hasOwn(value, key)) return false
  if (rest.length > 0) return take(Reflect.get(value, key), rest, extra)
  if ('only' in extra && !Bun.deepEquals(extra.only, Reflect.get(value, key))) return false
  if ('instead' in extra) Reflect.set(value, key, extra.instead)
  else Reflect.deleteProperty(value, key)
  return true
}
